import { covers, type Installation, identityOf } from './github-app.ts';
import { type Answer, type Call, list, Refusal, type Route, text, texts, userOf } from './github-call.ts';
import { repositoryFacts, userFacts } from './github-shapes.ts';
import { pageOf } from './serve.ts';
import type { WorldRepository } from './world.ts';

const visible = ({ world, identity }: Call): readonly WorldRepository[] =>
  world.repositories.filter((repository) => world.permission(repository, identity) !== 'none');

const ofOwner = (all: readonly WorldRepository[], owner: string): readonly WorldRepository[] =>
  all.filter((repository) => repository.owner.login.toLowerCase() === owner.toLowerCase());

function installationFacts({ world, url }: Call, installation: Installation): unknown {
  const account = world.user(installation.owner);
  return {
    id: installation.id,
    app_id: installation.app.id,
    app_slug: installation.app.slug,
    account: userFacts(account, url),
    target_id: account.id,
    target_type: account.kind === 'organisation' ? 'Organization' : 'User',
    repository_selection: installation.repositories ? 'selected' : 'all',
    permissions: { contents: 'write', pull_requests: 'write', checks: 'write' },
  };
}

function installationFor(call: Call, wanted: (installation: Installation) => boolean): Answer {
  const installation = call.installations.find((each) => each.app === call.app && wanted(each));
  if (!installation) throw new Refusal(404, 'Not Found');
  return { status: 200, body: installationFacts(call, installation) };
}

/** What is about accounts, Apps and lists of repositories. */
export const accountRoutes: Readonly<Record<string, Route>> = {
  'GET /user': (call) => {
    if (call.identity?.app) throw new Refusal(403, 'Resource not accessible by integration');
    return { status: 200, body: userFacts(userOf(call), call.url) };
  },

  'GET /users/{username}': ({ world, values, url }) => {
    const username = values['username'] ?? '';
    if (!world.hasUser(username)) throw new Refusal(404, 'Not Found');
    return { status: 200, body: userFacts(world.user(username), url) };
  },

  'GET /orgs/{org}/repos': (call) => {
    const { world, values, url } = call;
    const org = values['org'] ?? '';
    if (!world.hasUser(org) || world.user(org).kind !== 'organisation') throw new Refusal(404, 'Not Found');
    return list(call, ofOwner(visible(call), org), (repository) => repositoryFacts(repository, url));
  },

  'GET /users/{username}/repos': (call) => {
    const { world, values, url } = call;
    const username = values['username'] ?? '';
    if (!world.hasUser(username)) throw new Refusal(404, 'Not Found');
    const open = ofOwner(visible(call), username).filter((repository) => !repository.private);
    return list(call, open, (repository) => repositoryFacts(repository, url));
  },

  'GET /user/repos': (call) => {
    const user = userOf(call);
    if (call.identity?.app) throw new Refusal(403, 'Resource not accessible by integration');
    const own = call.query.get('affiliation') === 'owner' ? ofOwner(visible(call), user.login) : visible(call);
    return list(call, own, (repository) => repositoryFacts(repository, call.url));
  },

  /** Words are looked for in names; `user:` and `org:` are understood, other qualifiers match everything. */
  'GET /search/repositories': (call) => {
    const terms = text(call.query.get('q'))
      .split(/[\s+]+/)
      .filter((term) => term !== '');
    const matches = visible(call).filter((repository) =>
      terms.every((term) => {
        const [, qualifier, value = ''] = /^(\w+):(.*)$/.exec(term) ?? [];
        if (!qualifier) return repository.name.toLowerCase().includes(term.toLowerCase());
        if (qualifier !== 'user' && qualifier !== 'org') return true;
        return ofOwner([repository], value).length > 0;
      }),
    );
    const { page, size } = pageOf(matches, call.query, 30, call.world.mostOfPage);
    if ((page - 1) * size >= 1000) throw new Refusal(422, 'Only the first 1000 search results are available');
    const { body, pages } = list(call, matches.slice(0, 1000), (repository) => repositoryFacts(repository, call.url));
    return {
      status: 200,
      body: { total_count: matches.length, incomplete_results: false, items: body },
      page,
      ...(pages === undefined ? {} : { pages }),
    };
  },

  'GET /app': ({ app, world, url }) => ({
    status: 200,
    body: app && {
      id: app.id,
      slug: app.slug,
      name: app.slug,
      owner: userFacts(world.user('acme', 'organisation'), url),
      permissions: { contents: 'write' },
    },
  }),

  'GET /repos/{owner}/{repo}/installation': (call) => {
    const repository = call.world.find(`${call.values['owner']}/${call.values['repo']}`);
    return installationFor(call, (installation) => repository !== undefined && covers(installation, repository));
  },

  'GET /orgs/{org}/installation': (call) => {
    const org = text(call.values['org']).toLowerCase();
    const isOrganisation = call.world.hasUser(org) && call.world.user(org).kind === 'organisation';
    return installationFor(call, ({ owner }) => isOrganisation && owner.toLowerCase() === org);
  },

  'GET /users/{username}/installation': (call) => {
    const username = text(call.values['username']).toLowerCase();
    const isUser = call.world.hasUser(username) && call.world.user(username).kind === 'user';
    return installationFor(call, ({ owner }) => isUser && owner.toLowerCase() === username);
  },

  'POST /app/installations/{installation_id}/access_tokens': (call) => {
    const { world, body } = call;
    const id = Number(call.values['installation_id']);
    const installation = call.installations.find((each) => each.app === call.app && each.id === id);
    if (!installation) throw new Refusal(404, 'Not Found');
    const names = body['repositories'] === undefined ? undefined : texts(body['repositories']);
    const only = names?.map((name) => {
      const repository = world.find(`${installation.owner}/${name}`);
      if (repository && covers(installation, repository)) return repository;
      throw new Refusal(
        422,
        'There is at least one repository that does not exist or is not accessible to the parent installation.',
      );
    });
    return {
      status: 201,
      body: {
        token: world.issue(identityOf(world, installation, only), 'ghs'),
        // The one time that is real: clients compare it with their own clock.
        expires_at: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, ''),
        permissions: { contents: 'write', metadata: 'read' },
        repository_selection: only || installation.repositories ? 'selected' : 'all',
      },
    };
  },

  'GET /installation/repositories': (call) => {
    const { world, identity, url } = call;
    if (!identity?.app)
      throw new Refusal(
        403,
        'You must authenticate with an installation access token in order to list repositories for an installation.',
      );
    const all = world.repositories.filter((repository) => identity.covers?.(repository));
    const { body, ...paged } = list(call, all, (repository) => repositoryFacts(repository, url));
    return { ...paged, body: { total_count: all.length, repositories: body } };
  },
};
