import {
  type Answer,
  type Call,
  isTaken,
  listed,
  mayAtLeast,
  Refusal,
  type Route,
  sameName,
  startDescribed,
  text,
  visible,
} from './described-server.ts';
import { giteaApi } from './gitea-api.ts';
import type { ForgeServer } from './serve.ts';
import type {
  Permission,
  World,
  WorldComment,
  WorldLabel,
  WorldPullRequest,
  WorldRepository,
  WorldUser,
} from './world.ts';

const refuse = (status: number, message: string): Refusal =>
  new Refusal(status, { message, url: 'https://docs.gitea.com/api/' });
const missing = (): Refusal => refuse(404, "The target couldn't be found.");
const DRAFT = /^(wip:|\[wip\])\s*/i;

/** A Gitea on this machine: its REST API, and git, both in front of a world. */
export function startGitea(world: World): Promise<ForgeServer> {
  return startDescribed(world, {
    root: '',
    api: '/api/v1',
    document: giteaApi,
    routes,
    schemes: /^(token|bearer)$/i,
    unauthorised: refuse(401, 'user does not exist [uid: 0, name: ]'),
  });
}

function repositoryOf({ world, values, identity }: Call, needed: Permission): WorldRepository {
  const repository = world.find(`${values['owner']}/${values['repo']}`);
  const permission = repository ? world.permission(repository, identity) : 'none';
  if (!repository || permission === 'none') throw missing();
  if (needed !== 'read' && !identity) throw refuse(401, 'token is required');
  if (!mayAtLeast(permission, needed)) throw refuse(403, 'user should have a permission to write to a repo');
  if (needed !== 'read' && repository.archived) throw refuse(423, `Repo is archived`);
  return repository;
}

async function pullOf(call: Call, repository: WorldRepository): Promise<WorldPullRequest> {
  const pull = await call.world.pullRequest(repository, Number(call.values['index']));
  if (!pull) throw missing();
  return pull;
}

function caller({ identity }: Call): WorldUser {
  if (!identity) throw refuse(401, 'token is required');
  return identity.user;
}

const userFacts = ({ id, login }: WorldUser, url: string): Readonly<Record<string, unknown>> => ({
  ...{ id, login, full_name: '', email: `${login}@noreply.localhost`, avatar_url: `${url}/avatars/${id}` },
});

async function repositoryFacts({ world, url }: Call, repository: WorldRepository): Promise<unknown> {
  const { id, name, owner, archived, forkOf, size } = repository;
  return {
    ...{
      id,
      owner: userFacts(owner, url),
      name: name.slice(name.lastIndexOf('/') + 1),
      full_name: name,
      description: '',
    },
    ...{ empty: (await world.branches(repository)).length === 0, private: repository.private, fork: Boolean(forkOf) },
    ...{ archived, default_branch: repository.defaultBranch, size },
    ...{ html_url: `${url}/${name}`, clone_url: `${url}/${name}.git` },
  };
}

const labelFacts = (url: string, { id, name }: WorldLabel): unknown => ({
  ...{ id, name, color: '0969da', url: `${url}/api/v1/labels/${id}` },
});

async function pullFacts(call: Call, pull: WorldPullRequest): Promise<unknown> {
  const { world, url } = call;
  const { id, number, repository, headRepository, title, draft, state, createdAt, closedAt = null } = pull;
  const page = `${url}/${repository.name}/pulls/${number}`;
  // A branch that is gone leaves its name in the label, and the reference of the pull request.
  const isThere = headRepository && (await world.tip(headRepository, pull.head));
  const head = { label: pull.head, ref: isThere ? pull.head : `refs/pull/${number}/head`, sha: pull.headCommit };
  const base = { label: pull.base, ref: pull.base, sha: (await world.tip(repository, pull.base)) ?? '' };
  const facts = headRepository ? await repositoryFacts(call, headRepository) : null;
  return {
    ...{ id, number, url: page, html_url: page, user: userFacts(pull.author, url), body: pull.body, draft },
    title: draft ? `WIP: ${title}` : title,
    state: state === 'open' ? 'open' : 'closed',
    merged: state === 'merged',
    head: { ...head, repo_id: headRepository?.id ?? -1, repo: facts },
    base: { ...base, repo_id: repository.id, repo: await repositoryFacts(call, repository) },
    labels: pull.labels.map((label) => labelFacts(url, label)),
    requested_reviewers: pull.reviewers.map((login) => userFacts(world.user(login), url)),
    ...{ created_at: createdAt, updated_at: createdAt, closed_at: closedAt },
  };
}

function commentFacts(url: string, pull: WorldPullRequest, { id, author, body, createdAt }: WorldComment): unknown {
  const page = `${url}/${pull.repository.name}/pulls/${pull.number}#issuecomment-${id}`;
  return {
    ...{ id, body, user: userFacts(author, url), html_url: page },
    ...{ created_at: createdAt, updated_at: createdAt },
  };
}

function titleOf(written: string): { readonly title: string; readonly draft: boolean } {
  const title = written.replace(DRAFT, '');
  return { title, draft: title !== written };
}

async function create(call: Call): Promise<Answer> {
  const { world, body } = call;
  const repository = repositoryOf(call, 'write');
  const [head, base] = [text(body['head']), text(body['base'])];
  if (head === base) throw refuse(422, 'Invalid PullRequest: There are no changes between the head and the base');
  for (const branch of [head, base]) if (!(await world.tip(repository, branch))) throw missing();
  const taken = await isTaken(world, repository, { head, base, headRepository: repository }, undefined);
  if (taken) throw refuse(409, `pull request already exists for these targets [id: ${taken.id}]`);
  const pull = await world.openPullRequest(repository, {
    ...{ author: caller(call), body: text(body['body']), base, head },
    ...titleOf(text(body['title'])),
  });
  return { status: 201, body: await pullFacts(call, pull) };
}

/** Title, body, state and base, in that order: one after the other, as Gitea does it. */
async function edit(call: Call): Promise<Answer> {
  const { world, body } = call;
  const repository = repositoryOf(call, 'write');
  const pull = await pullOf(call, repository);
  if (typeof body['title'] === 'string') Object.assign(pull, titleOf(body['title']));
  if (typeof body['body'] === 'string') pull.body = body['body'];
  const [state, base] = [text(body['state']), text(body['base'])];
  if (state && pull.state === 'merged')
    throw refuse(412, 'cannot change state of this pull request, it was already merged');
  if (state === 'closed' && pull.state === 'open') world.end(pull, 'closed');
  // Gitea lets it be opened again even when there is another one meanwhile.
  if (state === 'open' && pull.state === 'closed') world.reopen(pull);
  if (base && base !== pull.base) {
    if (!(await world.tip(repository, base))) throw refuse(404, `new base '${base}' not exist`);
    if (pull.state !== 'open') throw refuse(422, `issue is closed [id: ${pull.id}]`);
    const taken = await isTaken(world, repository, { ...pull, base }, pull);
    if (taken) throw refuse(409, `pull request already exists for these targets [id: ${taken.id}]`);
    pull.base = base;
  }
  return { status: 201, body: await pullFacts(call, pull) };
}

const repo = '/repos/{owner}/{repo}';

const routes: Readonly<Record<string, Route>> = {
  'GET /user': (call) => ({ status: 200, body: userFacts(caller(call), call.url) }),

  'GET /users/{username}/repos': async (call) => {
    const name = call.values['username'] ?? '';
    if (!call.world.hasUser(name)) throw missing();
    // What somebody may not see is taken out of a page, and not from what pages are made of.
    const seen = new Set(visible(call));
    const own = call.world.repositories.filter(({ owner }) => sameName(owner.login, name));
    const answered = await listed(call, own, (repository) =>
      seen.has(repository) ? repositoryFacts(call, repository) : null,
    );
    return { ...answered, body: (answered.body as readonly unknown[]).filter((facts) => facts !== null) };
  },

  // Labels of organisations are not of this world: there are none, and people have no such list at all.
  'GET /orgs/{org}/labels': (call) => {
    const name = call.values['org'] ?? '';
    const isThere = call.world.users.some(({ login, kind }) => kind === 'organisation' && sameName(login, name));
    if (!isThere) throw missing();
    return listed(call, [], () => null);
  },

  'GET /repos/search': async (call) => {
    const sought = (call.query.get('q') ?? '').toLowerCase();
    const found = visible(call).filter(({ name }) =>
      name
        .slice(name.lastIndexOf('/') + 1)
        .toLowerCase()
        .includes(sought),
    );
    const answered = await listed(
      call,
      [...found].sort((a, b) => a.id - b.id),
      (each) => repositoryFacts(call, each),
    );
    return { ...answered, body: { ok: true, data: answered.body } };
  },

  [`GET ${repo}`]: async (call) => ({ status: 200, body: await repositoryFacts(call, repositoryOf(call, 'read')) }),

  [`GET ${repo}/pulls`]: async (call) => {
    const state = call.query.get('state') ?? 'open';
    const all = await call.world.pullRequests(repositoryOf(call, 'read'));
    const found = all.filter((pull) => state === 'all' || (pull.state === 'open') === (state === 'open')).reverse();
    return await listed(call, found, (pull) => pullFacts(call, pull));
  },

  [`POST ${repo}/pulls`]: create,
  [`PATCH ${repo}/pulls/{index}`]: edit,

  [`GET ${repo}/pulls/{index}`]: async (call) => ({
    status: 200,
    body: await pullFacts(call, await pullOf(call, repositoryOf(call, 'read'))),
  }),

  [`GET ${repo}/pulls/{index}/files`]: async (call) => {
    const names: Readonly<Record<string, string>> = { A: 'added', D: 'deleted', R: 'renamed' };
    const changes = await call.world.changes(await pullOf(call, repositoryOf(call, 'read')));
    return await listed(call, changes, ({ status, path, from }) => ({
      ...{ filename: path, status: names[status] ?? 'changed' },
      ...(from && { previous_filename: from }),
    }));
  },

  [`POST ${repo}/pulls/{index}/requested_reviewers`]: async (call) => {
    const { world, body, url } = call;
    const repository = repositoryOf(call, 'write');
    const pull = await pullOf(call, repository);
    const reviews = (body['reviewers'] as readonly string[]).map((login) => {
      if (!world.hasUser(login)) throw refuse(404, `User '${login}' not exist`);
      const user = world.user(login);
      if (user === pull.author) throw refuse(422, 'poster of pr can not be reviewer');
      if (world.permission(repository, { user }) === 'none') throw refuse(422, 'Reviewer can not read');
      if (!pull.reviewers.includes(user.login)) pull.reviewers.push(user.login);
      return { id: world.nextId(), user: userFacts(user, url), state: 'REQUEST_REVIEW' };
    });
    return { status: 201, body: reviews };
  },

  [`GET ${repo}/issues/{index}/comments`]: async (call) => {
    const pull = await pullOf(call, repositoryOf(call, 'read'));
    return { status: 200, body: pull.comments.map((comment) => commentFacts(call.url, pull, comment)) };
  },

  [`POST ${repo}/issues/{index}/comments`]: async (call) => {
    const pull = await pullOf(call, repositoryOf(call, 'read'));
    const comment = call.world.comment(pull, caller(call), text(call.body['body']));
    return { status: 201, body: commentFacts(call.url, pull, comment) };
  },

  [`GET ${repo}/labels`]: (call) =>
    listed(call, repositoryOf(call, 'read').labels, (label) => labelFacts(call.url, label)),

  [`POST ${repo}/labels`]: (call) => {
    const label = call.world.label(repositoryOf(call, 'write'), text(call.body['name']));
    return { status: 201, body: labelFacts(call.url, label) };
  },

  [`POST ${repo}/issues/{index}/labels`]: async (call) => {
    const repository = repositoryOf(call, 'write');
    const pull = await pullOf(call, repository);
    const ids = call.body['labels'] as readonly number[];
    const added = repository.labels.filter((label) => ids.includes(label.id) && !pull.labels.includes(label));
    pull.labels.push(...added);
    return { status: 200, body: pull.labels.map((label) => labelFacts(call.url, label)) };
  },

  [`GET ${repo}/collaborators/{collaborator}/permission`]: (call) => {
    const { world, values, url } = call;
    const repository = repositoryOf(call, 'read');
    const name = values['collaborator'] ?? '';
    if (world.permission(repository, call.identity) !== 'admin' && !sameName(caller(call).login, name))
      throw refuse(403, 'Only admins can query all permissions');
    if (!world.hasUser(name)) throw refuse(404, `user does not exist [uid: 0, name: ${name}]`);
    const user = world.user(name);
    const permission = user === repository.owner ? 'owner' : world.permission(repository, { user });
    return { status: 200, body: { permission, role_name: permission, user: userFacts(user, url) } };
  },

  [`POST ${repo}/statuses/{sha}`]: async (call) => {
    const { world, body, values, url } = call;
    const repository = repositoryOf(call, 'write');
    const commit = values['sha'] ?? '';
    if (!(await world.hasCommit(repository, commit))) throw missing();
    const made = {
      ...{ id: world.nextId(), commit, name: text(body['context']) || 'default', state: text(body['state']) },
      ...{ description: text(body['description']), url: undefined, author: caller(call) },
    };
    repository.statuses.push(made);
    const { id, name: context, state: status, description } = made;
    const facts = { id, context, status, description, target_url: '', creator: userFacts(made.author, url) };
    return { status: 201, body: facts };
  },
};
