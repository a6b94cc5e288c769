import { type App, covers, type Installation, identityOf } from './github-app.ts';
import {
  checkFacts,
  commentFacts,
  fileFacts,
  permissionFacts,
  pullRequestFacts,
  repositoryFacts,
  statusFacts,
  userFacts,
  wholePullRequestFacts,
} from './github-shapes.ts';
import { pageOf } from './serve.ts';
import type { Identity, Permission, World, WorldCheck, WorldPullRequest, WorldRepository } from './world.ts';

/** A request that fits the description, and who sent it. */
export interface Call {
  readonly world: World;
  readonly url: string;
  readonly values: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly identity: Identity | undefined;
  readonly app: App | undefined;
  readonly installations: readonly Installation[];
}

/** The facts of a response; with pages when it is a part of a list. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly page?: number;
  readonly pages?: number;
}

/** A request that GitHub refuses. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, errors?: readonly Readonly<Record<string, string>>[]) {
    super(message);
    this.status = status;
    this.body = { message, documentation_url: 'https://docs.github.com/rest', ...(errors ? { errors } : {}) };
  }
}

const invalid = (error: Readonly<Record<string, string>>): Refusal => new Refusal(422, 'Validation Failed', [error]);
const RANK: readonly Permission[] = ['none', 'read', 'write', 'admin'];

/** The repository of a call, which somebody without the permission does not see, or may not do this with. */
function repositoryOf({ world, values, identity }: Call, needed: Permission): WorldRepository {
  const repository = world.find(`${values['owner']}/${values['repo']}`);
  const permission = repository ? world.permission(repository, identity) : 'none';
  if (!repository || permission === 'none') throw new Refusal(404, 'Not Found');
  if (needed !== 'read' && !identity) throw new Refusal(401, 'Requires authentication');
  if (RANK.indexOf(permission) < RANK.indexOf(needed)) {
    const whose = identity?.app ? 'Resource not accessible by integration' : 'Must have write access to Repository.';
    throw new Refusal(403, whose);
  }
  if (needed !== 'read' && repository.archived) throw new Refusal(403, 'Repository was archived so is read-only.');
  return repository;
}

async function pullOf(call: Call, repository: WorldRepository): Promise<WorldPullRequest> {
  const number = Number(call.values['pull_number'] ?? call.values['issue_number']);
  const pull = await call.world.pullRequest(repository, number);
  if (!pull) throw new Refusal(404, 'Not Found');
  return pull;
}

function userOf({ identity }: Call): Identity['user'] {
  if (!identity) throw new Refusal(401, 'Requires authentication');
  return identity.user;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];

function list<T>(call: Call, all: readonly T[], facts: (item: T) => unknown): Answer {
  const { items, page, pages } = pageOf(all, call.query, 30);
  return { status: 200, body: items.map(facts), page, pages };
}

async function wholePull(call: Call, pull: WorldPullRequest): Promise<unknown> {
  const base = await call.world.tip(pull.repository, pull.base);
  return wholePullRequestFacts(pull, base ?? '', call.url);
}

function checkLength(body: unknown): void {
  if (text(body).length > 65536)
    throw invalid({
      resource: 'Issue',
      code: 'custom',
      field: 'body',
      message: 'body is too long (maximum is 65536 characters)',
    });
}

const visible = ({ world, identity }: Call): readonly WorldRepository[] =>
  world.repositories.filter((repository) => world.permission(repository, identity) !== 'none');

const ofOwner = (all: readonly WorldRepository[], owner: string): readonly WorldRepository[] =>
  all.filter((repository) => repository.owner.login.toLowerCase() === owner.toLowerCase());

function setOutput(check: WorldCheck, body: Call['body']): void {
  if (typeof body['status'] === 'string') check.status = body['status'];
  if (typeof body['conclusion'] === 'string') {
    check.conclusion = body['conclusion'];
    check.status = 'completed';
  }
  const output = (body['output'] ?? {}) as Readonly<Record<string, unknown>>;
  check.title = text(output['title'] ?? check.title);
  check.summary = text(output['summary'] ?? check.summary);
  check.annotations.push(...((output['annotations'] ?? []) as readonly WorldCheck['annotations'][number][]));
}

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

type Route = (call: Call) => Promise<Answer> | Answer;

/** What each documented operation does in the world. */
export const routes: Readonly<Record<string, Route>> = {
  'GET /user': (call) => {
    if (call.identity?.app) throw new Refusal(403, 'Resource not accessible by integration');
    return { status: 200, body: userFacts(userOf(call), call.url) };
  },

  'GET /users/{username}': ({ world, values, url }) => {
    const username = values['username'] ?? '';
    if (!world.hasUser(username)) throw new Refusal(404, 'Not Found');
    return { status: 200, body: userFacts(world.user(username), url) };
  },

  'GET /repos/{owner}/{repo}': (call) => ({ status: 200, body: repositoryFacts(repositoryOf(call, 'read'), call.url) }),

  'GET /repos/{owner}/{repo}/branches': async (call) => {
    const repository = repositoryOf(call, 'read');
    const branches = await call.world.branches(repository);
    return list(call, branches, (name) => ({ name }));
  },

  'GET /repos/{owner}/{repo}/pulls': async (call) => {
    const repository = repositoryOf(call, 'read');
    const [state, head, base] = ['state', 'head', 'base'].map((name) => call.query.get(name));
    const wanted = (await call.world.pullRequests(repository)).filter((pull) => {
      if ((state ?? 'open') !== 'all' && (pull.state === 'open') !== ((state ?? 'open') === 'open')) return false;
      if (base && pull.base !== base) return false;
      // Without an owner, GitHub ignores the filter.
      return !head?.includes(':') || head === `${pull.headRepository?.owner.login}:${pull.head}`;
    });
    if ((call.query.get('direction') ?? 'desc') === 'desc') wanted.reverse();
    const commits = new Map<string, string>();
    for (const pull of wanted) commits.set(pull.base, (await call.world.tip(repository, pull.base)) ?? '');
    return list(call, wanted, (pull) => pullRequestFacts(pull, commits.get(pull.base) ?? '', call.url));
  },

  'POST /repos/{owner}/{repo}/pulls': async (call) => {
    const { world, body } = call;
    const repository = repositoryOf(call, 'write');
    const [owner, branch] = text(body['head']).includes(':') ? text(body['head']).split(':') : ['', text(body['head'])];
    const headRepository = owner
      ? world.repositories.find(
          (each) => each.owner.login === owner && (each === repository || each.forkOf === repository),
        )
      : repository;
    const [head, base] = [branch ?? '', text(body['base'])];
    if (!headRepository || !(await world.tip(headRepository, head)))
      throw invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
    const baseCommit = await world.tip(repository, base);
    if (!baseCommit) throw invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
    const isThere = (await world.pullRequests(repository)).some(
      (pull) =>
        pull.state === 'open' && pull.head === head && pull.base === base && pull.headRepository === headRepository,
    );
    const custom = (message: string): Refusal => invalid({ resource: 'PullRequest', code: 'custom', message });
    if (isThere) throw custom(`A pull request already exists for ${headRepository.owner.login}:${head}.`);
    if ((await world.tip(headRepository, head)) === baseCommit) throw custom(`No commits between ${base} and ${head}`);
    if (body['draft'] === true && !repository.drafts)
      throw new Refusal(422, 'Draft pull requests are not supported in this repository.');
    checkLength(body['body']);
    const pull = await world.openPullRequest(repository, {
      author: userOf(call),
      title: text(body['title']),
      body: text(body['body']),
      base,
      head,
      headRepository,
      draft: body['draft'] === true,
    });
    return { status: 201, body: await wholePull(call, pull) };
  },

  'GET /repos/{owner}/{repo}/pulls/{pull_number}': async (call) => {
    const pull = await pullOf(call, repositoryOf(call, 'read'));
    return { status: 200, body: await wholePull(call, pull) };
  },

  'PATCH /repos/{owner}/{repo}/pulls/{pull_number}': async (call) => {
    const { world, body } = call;
    const repository = repositoryOf(call, 'write');
    const pull = await pullOf(call, repository);
    checkLength(body['body']);
    const { title, body: description, base, state } = body;
    if (typeof base === 'string' && !(await world.tip(repository, base)))
      throw invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
    if (state === 'open' && pull.state !== 'open') {
      const tip = pull.headRepository && (await world.tip(pull.headRepository, pull.head));
      if (pull.state === 'merged' || !tip) throw invalid({ resource: 'PullRequest', field: 'state', code: 'invalid' });
      world.reopen(pull);
    }
    if (state === 'closed' && pull.state === 'open') world.end(pull, 'closed');
    if (typeof title === 'string') pull.title = title;
    if (typeof description === 'string') pull.body = description;
    if (typeof base === 'string') pull.base = base;
    return { status: 200, body: await wholePull(call, pull) };
  },

  'GET /repos/{owner}/{repo}/pulls/{pull_number}/files': async (call) => {
    const pull = await pullOf(call, repositoryOf(call, 'read'));
    return list(call, await call.world.changes(pull), fileFacts);
  },

  'POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers': async (call) => {
    const { world, body, url } = call;
    const repository = repositoryOf(call, 'write');
    const pull = await pullOf(call, repository);
    const users = texts(body['reviewers']);
    const teams = texts(body['team_reviewers']).map((slug) => `${repository.owner.login}/${slug}`);
    const knowsAll =
      users.every((login) => world.hasUser(login) && repository.permissions.has(login.toLowerCase())) &&
      teams.every((name) => repository.permissions.has(name.toLowerCase()));
    if (!knowsAll)
      throw new Refusal(
        422,
        'Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository.',
      );
    pull.reviewers.push(...[...users, ...teams].filter((name) => !pull.reviewers.includes(name)));
    return { status: 201, body: pullRequestFacts(pull, (await world.tip(repository, pull.base)) ?? '', url) };
  },

  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': async (call) => {
    const pull = await pullOf(call, repositoryOf(call, 'read'));
    return list(call, pull.comments, (comment) => commentFacts(comment, pull, call.url));
  },

  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': async (call) => {
    const pull = await pullOf(call, repositoryOf(call, 'read'));
    checkLength(call.body['body']);
    const comment = call.world.comment(pull, userOf(call), text(call.body['body']));
    return { status: 201, body: commentFacts(comment, pull, call.url) };
  },

  'POST /repos/{owner}/{repo}/issues/{issue_number}/labels': async (call) => {
    const repository = repositoryOf(call, 'write');
    const pull = await pullOf(call, repository);
    const names = texts(call.body['labels']);
    if (names.some((name) => name.length > 50))
      throw invalid({ resource: 'Label', code: 'custom', field: 'name', message: 'name is too long' });
    for (const name of names) {
      const label = call.world.label(repository, name);
      if (!pull.labels.includes(label)) pull.labels.push(label);
    }
    return { status: 200, body: pull.labels.map(({ id, name }) => ({ id, name })) };
  },

  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': (call) => {
    const { world, values, url } = call;
    const repository = repositoryOf(call, 'read');
    userOf(call);
    const username = values['username'] ?? '';
    if (!world.hasUser(username)) throw new Refusal(404, `${username} is not a user`);
    const user = world.user(username);
    return { status: 200, body: permissionFacts(world.permission(repository, { user }), user, url) };
  },

  'POST /repos/{owner}/{repo}/check-runs': async (call) => {
    const { world, body, identity } = call;
    const repository = repositoryOf(call, 'write');
    if (!identity?.app) throw new Refusal(403, 'You must authenticate via a GitHub App.');
    const commit = text(body['head_sha']);
    if (!(await world.hasCommit(repository, commit))) throw new Refusal(422, `No commit found for SHA: ${commit}`);
    const check: WorldCheck = {
      id: world.nextId(),
      commit,
      name: text(body['name']),
      app: identity.app.id,
      status: 'queued',
      conclusion: undefined,
      title: '',
      summary: '',
      annotations: [],
    };
    setOutput(check, body);
    repository.checks.push(check);
    return { status: 201, body: checkFacts(check) };
  },

  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': (call) => {
    const repository = repositoryOf(call, 'write');
    const check = repository.checks.find(({ id }) => id === Number(call.values['check_run_id']));
    if (!check) throw new Refusal(404, 'Not Found');
    if (call.identity?.app?.id !== check.app)
      throw new Refusal(403, 'Invalid app_id - check run can only be modified by its app');
    setOutput(check, call.body);
    return { status: 200, body: checkFacts(check) };
  },

  'POST /repos/{owner}/{repo}/statuses/{sha}': async (call) => {
    const { world, body, values, url } = call;
    const repository = repositoryOf(call, 'write');
    const commit = values['sha'] ?? '';
    if (!(await world.hasCommit(repository, commit))) throw new Refusal(422, `No commit found for SHA: ${commit}`);
    const description = text(body['description']);
    if (description.length > 140)
      throw invalid({
        resource: 'Status',
        code: 'custom',
        field: 'description',
        message: 'description is too long (maximum is 140 characters)',
      });
    const status = {
      id: world.nextId(),
      commit,
      name: text(body['context'] ?? 'default'),
      state: text(body['state']),
      description,
      url: typeof body['target_url'] === 'string' ? body['target_url'] : undefined,
      author: userOf(call),
    };
    repository.statuses.push(status);
    return { status: 201, body: statusFacts(status, url) };
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
    const { page, size } = pageOf(matches, call.query, 30);
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
