import {
  a,
  answer,
  commit,
  documentOf,
  filled,
  listOf,
  number,
  oneOf,
  orNull,
  request,
  text,
  time,
  upTo,
  yesNo,
} from './written-api.ts';

const user = { id: number, username: text, name: text, state: text, avatar_url: orNull(text), web_url: text };

const pages = { page: { ...number, minimum: 1 }, per_page: { ...number, minimum: 1, maximum: 100 } };
const ordered = {
  order_by: oneOf('id', 'name', 'path', 'created_at', 'updated_at'),
  sort: oneOf('asc', 'desc'),
  ...pages,
};

const mergeRequests = '/projects/{id}/merge_requests';
const one = `${mergeRequests}/{merge_request_iid}`;
const title = upTo(255, filled);
const description = upTo(1_000_000, text);

/**
 * The part of the REST API of GitLab that dockfix uses, as an OpenAPI document. It is written from the documentation below, since
 * GitLab publishes no package with its own. Requests have no other fields than these; of the responses, what tests need is here.
 *
 * - https://docs.gitlab.com/api/projects/ and https://docs.gitlab.com/api/groups/#list-projects
 * - https://docs.gitlab.com/api/users/ and https://docs.gitlab.com/api/members/
 * - https://docs.gitlab.com/api/merge_requests/ and https://docs.gitlab.com/api/notes/#merge-requests
 * - https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
 * - limits: https://docs.gitlab.com/administration/instance_limits/
 */
export const gitlabApi = documentOf(
  {
    'GET /projects': {
      query: { search: text, search_namespaces: yesNo, id_after: number, ...ordered },
      gives: [200, listOf(a('Project'))],
      orElse: [400, 401],
    },
    'GET /projects/{id}': { gives: [200, a('Project')], orElse: [401, 403, 404] },
    'GET /groups/{id}/projects': {
      query: { include_subgroups: yesNo, with_shared: yesNo, ...ordered },
      gives: [200, listOf(a('Project'))],
      orElse: [401, 404],
    },
    'GET /users/{id}/projects': { query: ordered, gives: [200, listOf(a('Project'))], orElse: [401, 404] },
    'GET /users': { query: { username: text, ...pages }, gives: [200, listOf(a('User'))], orElse: [401, 403] },
    'GET /user': { gives: [200, a('User')], orElse: [401, 403] },
    [`GET ${mergeRequests}`]: {
      query: {
        source_branch: text,
        scope: oneOf('created_by_me', 'assigned_to_me', 'all'),
        state: oneOf('opened', 'closed', 'locked', 'merged', 'all'),
        ...pages,
      },
      gives: [200, listOf(a('MergeRequest'))],
      orElse: [401, 403, 404],
    },
    [`POST ${mergeRequests}`]: {
      body: request(
        { source_branch: filled, target_branch: filled, title },
        { description, labels: text, reviewer_ids: listOf(number) },
      ),
      gives: [201, a('MergeRequest')],
      orElse: [400, 401, 403, 404, 409, 422],
    },
    [`GET ${one}`]: { gives: [200, a('MergeRequest')], orElse: [401, 403, 404] },
    [`PUT ${one}`]: {
      body: request({}, { title, description, target_branch: filled, state_event: oneOf('close', 'reopen') }),
      gives: [200, a('MergeRequest')],
      orElse: [400, 401, 403, 404, 409, 422],
    },
    [`GET ${one}/diffs`]: { query: pages, gives: [200, listOf(a('Diff'))], orElse: [401, 403, 404] },
    [`GET ${one}/notes`]: {
      query: { order_by: oneOf('created_at', 'updated_at'), sort: oneOf('asc', 'desc'), ...pages },
      gives: [200, listOf(a('Note'))],
      orElse: [401, 403, 404],
    },
    [`POST ${one}/notes`]: {
      body: request({ body: upTo(1_000_000, filled) }),
      gives: [201, a('Note')],
      orElse: [400, 401, 403, 404],
    },
    'GET /projects/{id}/members/all/{user_id}': { gives: [200, a('Member')], orElse: [401, 403, 404] },
    'POST /projects/{id}/statuses/{sha}': {
      body: request(
        { state: oneOf('pending', 'running', 'success', 'failed', 'canceled', 'skipped') },
        { name: upTo(255, text), description: upTo(255, text), target_url: upTo(255, text) },
      ),
      gives: [201, a('Status')],
      orElse: [400, 401, 403, 404],
    },
  },
  {
    Error: {
      ...answer({}, { message: { anyOf: [text, listOf(text), { type: 'object' }] }, error: text }),
      minProperties: 1,
    },
    User: answer(user),
    Member: answer({
      ...user,
      access_level: { ...number, enum: [0, 5, 10, 15, 20, 30, 40, 50] },
      membership_state: oneOf('active', 'awaiting'),
      expires_at: orNull(text),
    }),
    Project: answer(
      {
        ...{ id: number, path: text, name: text, path_with_namespace: text, http_url_to_repo: text, web_url: text },
        ...{ default_branch: orNull(text), archived: yesNo, empty_repo: yesNo, created_at: time },
        visibility: oneOf('private', 'internal', 'public'),
      },
      { forked_from_project: answer({ id: number, path_with_namespace: text }) },
    ),
    MergeRequest: answer({
      ...{ id: number, iid: number, project_id: number, title: text, description: orNull(text), web_url: text },
      state: oneOf('opened', 'closed', 'merged', 'locked'),
      ...{ created_at: time, updated_at: time, merged_at: orNull(time), closed_at: orNull(time) },
      ...{ source_branch: text, target_branch: text, source_project_id: orNull(number), target_project_id: number },
      ...{ author: a('User'), assignees: listOf(a('User')), reviewers: listOf(a('User')), labels: listOf(text) },
      ...{ draft: yesNo, sha: orNull(text) },
    }),
    Diff: answer({
      ...{ old_path: text, new_path: text, a_mode: text, b_mode: text, diff: text },
      ...{ new_file: yesNo, renamed_file: yesNo, deleted_file: yesNo },
    }),
    Note: answer({
      ...{ id: number, body: text, author: a('User'), created_at: time, updated_at: time, system: yesNo },
      ...{ noteable_id: number, noteable_iid: number, noteable_type: text },
    }),
    Status: answer({
      ...{ id: number, sha: text, ref: orNull(text), status: text, name: text, author: a('User') },
      ...{ description: orNull(text), target_url: orNull(text) },
    }),
  },
  { merge_request_iid: number, user_id: number, sha: commit },
);
