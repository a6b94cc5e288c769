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
import { gitlabApi } from './gitlab-api.ts';
import type { ForgeServer } from './serve.ts';
import type { Permission, World, WorldComment, WorldPullRequest, WorldRepository, WorldUser } from './world.ts';

const refuse = (status: number, message: unknown): Refusal => new Refusal(status, { message });
const DRAFT = /^(draft:|\[draft\]|\(draft\))\s*/i;
/** The roles, as numbers: reporter, developer, maintainer. */
const LEVELS: Readonly<Record<Permission, number>> = { none: 0, read: 20, write: 30, admin: 40 };

/** A GitLab in a sub-folder of this machine's web server: its REST API, and git, both in front of a world. */
export function startGitlab(world: World): Promise<ForgeServer> {
  return startDescribed(world, {
    root: '/gitlab',
    api: '/api/v4',
    document: gitlabApi,
    routes,
    schemes: /^bearer$/i,
    unauthorised: refuse(401, '401 Unauthorized'),
  });
}

/** A project by the id of a path, which is a number or the whole name. */
function projectOf({ world, values, identity }: Call, needed: Permission): WorldRepository {
  const id = values['id'] ?? '';
  const project = /^\d+$/.test(id) ? world.repositories.find((each) => each.id === Number(id)) : world.find(id);
  const permission = project ? world.permission(project, identity) : 'none';
  if (!project || permission === 'none') throw refuse(404, '404 Project Not Found');
  if (needed !== 'read' && !identity) throw refuse(401, '401 Unauthorized');
  if (!mayAtLeast(permission, needed) || (needed !== 'read' && project.archived)) throw refuse(403, '403 Forbidden');
  return project;
}

async function mergeRequestOf(call: Call, project: WorldRepository): Promise<WorldPullRequest> {
  const found = await call.world.pullRequest(project, Number(call.values['merge_request_iid']));
  if (!found) throw refuse(404, '404 Not found');
  return found;
}

function caller({ identity }: Call): WorldUser {
  if (!identity) throw refuse(401, '401 Unauthorized');
  return identity.user;
}

const userFacts = ({ id, login }: WorldUser, url: string): Readonly<Record<string, unknown>> => ({
  ...{ id, username: login, name: login, state: 'active', avatar_url: null, web_url: `${url}/${login}` },
});

async function projectFacts({ world, url }: Call, project: WorldRepository): Promise<unknown> {
  const { id, name, createdAt, archived, forkOf } = project;
  const path = name.slice(name.lastIndexOf('/') + 1);
  const empty = (await world.branches(project)).length === 0;
  return {
    ...{ id, path, name: path, path_with_namespace: name, created_at: createdAt, archived, empty_repo: empty },
    ...{ http_url_to_repo: `${url}/${name}.git`, web_url: `${url}/${name}` },
    default_branch: empty ? null : project.defaultBranch,
    visibility: project.private ? 'private' : 'public',
    ...(forkOf && { forked_from_project: { id: forkOf.id, path_with_namespace: forkOf.name } }),
  };
}

function mergeRequestFacts({ world, url }: Call, pull: WorldPullRequest): unknown {
  const { id, number, repository, title, draft, state, createdAt, closedAt = null } = pull;
  return {
    ...{ id, iid: number, project_id: repository.id, description: pull.body, draft, sha: pull.headCommit },
    title: draft ? `Draft: ${title}` : title,
    state: state === 'open' ? 'opened' : state,
    web_url: `${url}/${repository.name}/-/merge_requests/${number}`,
    ...{ created_at: createdAt, updated_at: createdAt },
    merged_at: state === 'merged' ? closedAt : null,
    closed_at: state === 'closed' ? closedAt : null,
    ...{ source_branch: pull.head, target_branch: pull.base },
    ...{ source_project_id: pull.headRepository?.id ?? null, target_project_id: repository.id },
    ...{ author: userFacts(pull.author, url), assignees: [], labels: pull.labels.map(({ name }) => name) },
    reviewers: pull.reviewers.map((login) => userFacts(world.user(login), url)),
  };
}

const noteFacts = (url: string, pull: WorldPullRequest, note: WorldComment, system: boolean): unknown => ({
  ...{ id: note.id, body: note.body, author: userFacts(note.author, url), system },
  ...{ created_at: note.createdAt, updated_at: note.createdAt },
  ...{ noteable_id: pull.id, noteable_iid: pull.number, noteable_type: 'MergeRequest' },
});

/** What GitLab writes about a merge request itself, between what people say. */
const systemNote = (pull: WorldPullRequest): WorldComment => ({
  ...{ id: pull.id + 500_000, author: pull.author, body: 'added 1 commit', createdAt: pull.createdAt },
});

function titleOf(written: string): { readonly title: string; readonly draft: boolean } {
  const title = written.replace(DRAFT, '');
  return { title, draft: title !== written };
}

async function create(call: Call): Promise<Answer> {
  const { world, body } = call;
  const project = projectOf(call, 'write');
  const [head, base] = [text(body['source_branch']), text(body['target_branch'])];
  if (head === base) throw refuse(422, ["You can't use same project/branch for source and target"]);
  for (const [field, branch] of Object.entries({ source_branch: head, target_branch: base }))
    if (!(await world.tip(project, branch))) throw refuse(400, { [field]: [`"${branch}" does not exist`] });
  const taken = await isTaken(world, project, { head, base, headRepository: project }, undefined);
  if (taken) throw refuse(409, [`Another open merge request already exists for this source branch: !${taken.number}`]);
  const pull = await world.openPullRequest(project, {
    ...{ author: caller(call), body: text(body['description']), base, head },
    ...titleOf(text(body['title'])),
  });
  for (const name of text(body['labels']).split(',').filter(Boolean)) pull.labels.push(world.label(project, name));
  // The free plan takes one reviewer and forgets the others.
  const asked = world.users.filter(
    ({ id }) => Array.isArray(body['reviewer_ids']) && body['reviewer_ids'].includes(id),
  );
  const members = asked.filter((user) => mayAtLeast(world.permission(project, { user }), 'write'));
  pull.reviewers.push(...members.slice(0, 1).map(({ login }) => login));
  return { status: 201, body: mergeRequestFacts(call, pull) };
}

async function edit(call: Call): Promise<Answer> {
  const { world, body } = call;
  const project = projectOf(call, 'write');
  const pull = await mergeRequestOf(call, project);
  const base = text(body['target_branch']) || pull.base;
  if (!(await world.tip(project, base))) throw refuse(400, { target_branch: [`"${base}" does not exist`] });
  const isOpen = body['state_event'] === undefined ? pull.state === 'open' : body['state_event'] === 'reopen';
  const taken = isOpen && (await isTaken(world, project, { ...pull, base }, pull));
  if (taken) throw refuse(409, [`Another open merge request already exists for this source branch: !${taken.number}`]);
  if (typeof body['title'] === 'string') Object.assign(pull, titleOf(body['title']));
  if (typeof body['description'] === 'string') pull.body = body['description'];
  pull.base = base;
  if (pull.state === 'open' && !isOpen) world.end(pull, 'closed');
  if (pull.state === 'closed' && isOpen) world.reopen(pull);
  return { status: 200, body: mergeRequestFacts(call, pull) };
}

const projectsOf = (call: Call, wanted: (project: WorldRepository) => boolean): Promise<Answer> =>
  listed(
    call,
    [...visible(call)].filter(wanted).sort((a, b) => a.id - b.id),
    (project) => projectFacts(call, project),
  );

const below = (name: string, group: string): boolean => name.toLowerCase().startsWith(`${group.toLowerCase()}/`);

const routes: Readonly<Record<string, Route>> = {
  'GET /user': (call) => ({ status: 200, body: userFacts(caller(call), call.url) }),

  'GET /users': (call) => {
    const name = call.query.get('username') ?? '';
    const people = call.world.users.filter(({ login, kind }) => kind !== 'organisation' && sameName(login, name));
    return listed(call, people, (user) => userFacts(user, call.url));
  },

  'GET /projects': (call) => {
    const sought = (call.query.get('search') ?? '').toLowerCase();
    const whole = call.query.get('search_namespaces') === 'true';
    const after = Number(call.query.get('id_after') ?? 0);
    return projectsOf(call, ({ id, name }) =>
      id > after ? (whole ? name : name.slice(name.lastIndexOf('/') + 1)).toLowerCase().includes(sought) : false,
    );
  },

  'GET /projects/{id}': async (call) => ({ status: 200, body: await projectFacts(call, projectOf(call, 'read')) }),

  'GET /groups/{id}/projects': (call) => {
    const group = call.values['id'] ?? '';
    const isGroup = call.world.users.some(({ login, kind }) => kind === 'organisation' && sameName(login, group));
    const deep = call.query.get('include_subgroups') === 'true';
    const found = isGroup || call.world.repositories.some(({ owner }) => below(owner.login, group));
    if (!found) throw refuse(404, '404 Group Not Found');
    return projectsOf(call, ({ name, owner }) => (deep ? below(name, group) : sameName(owner.login, group)));
  },

  'GET /users/{id}/projects': (call) => {
    const name = call.values['id'] ?? '';
    if (!call.world.users.some(({ login, kind }) => kind !== 'organisation' && sameName(login, name)))
      throw refuse(404, '404 User Not Found');
    return projectsOf(call, ({ owner }) => sameName(owner.login, name));
  },

  'GET /projects/{id}/merge_requests': async (call) => {
    const branch = call.query.get('source_branch');
    const all = await call.world.pullRequests(projectOf(call, 'read'));
    const found = all.filter(({ head }) => !branch || head === branch).reverse();
    return await listed(call, found, (pull) => mergeRequestFacts(call, pull));
  },

  'POST /projects/{id}/merge_requests': create,
  'PUT /projects/{id}/merge_requests/{merge_request_iid}': edit,

  'GET /projects/{id}/merge_requests/{merge_request_iid}': async (call) => ({
    status: 200,
    body: mergeRequestFacts(call, await mergeRequestOf(call, projectOf(call, 'read'))),
  }),

  'GET /projects/{id}/merge_requests/{merge_request_iid}/diffs': async (call) => {
    const changes = await call.world.changes(await mergeRequestOf(call, projectOf(call, 'read')));
    return await listed(call, changes, ({ status, path, from }) => ({
      ...{ old_path: from ?? path, new_path: path, a_mode: '100644', b_mode: '100644', diff: '' },
      ...{ new_file: status === 'A', renamed_file: status === 'R', deleted_file: status === 'D' },
    }));
  },

  'GET /projects/{id}/merge_requests/{merge_request_iid}/notes': async (call) => {
    const pull = await mergeRequestOf(call, projectOf(call, 'read'));
    const [system, all] = [systemNote(pull), pull.comments];
    return await listed(call, [system, ...all], (note) => noteFacts(call.url, pull, note, note === system));
  },

  'POST /projects/{id}/merge_requests/{merge_request_iid}/notes': async (call) => {
    const pull = await mergeRequestOf(call, projectOf(call, 'read'));
    const note = call.world.comment(pull, caller(call), text(call.body['body']));
    return { status: 201, body: noteFacts(call.url, pull, note, false) };
  },

  'GET /projects/{id}/members/all/{user_id}': (call) => {
    const project = projectOf(call, 'read');
    const user = call.world.users.find(({ id }) => id === Number(call.values['user_id']));
    const permission = user && (user === project.owner ? 'admin' : project.permissions.get(user.login.toLowerCase()));
    if (!user || !permission || permission === 'none') throw refuse(404, '404 Not found');
    const level = { access_level: LEVELS[permission], membership_state: 'active', expires_at: null };
    return { status: 200, body: { ...userFacts(user, call.url), ...level } };
  },

  'POST /projects/{id}/statuses/{sha}': async (call) => {
    const { world, body, values, url } = call;
    const project = projectOf(call, 'write');
    const commit = values['sha'] ?? '';
    if (!(await world.hasCommit(project, commit))) throw refuse(404, '404 Commit Not Found');
    const made = {
      ...{ id: world.nextId(), commit, name: text(body['name']) || 'default', state: text(body['state']) },
      ...{ description: text(body['description']), url: undefined, author: caller(call) },
    };
    project.statuses.push(made);
    const { id, name, state: status, description } = made;
    const facts = { id, sha: commit, ref: project.defaultBranch, status, name, description, target_url: null };
    return { status: 201, body: { ...facts, author: userFacts(made.author, url) } };
  },
};
