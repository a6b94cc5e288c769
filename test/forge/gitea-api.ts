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
  yesNo,
} from './written-api.ts';

const pages = { page: { ...number, minimum: 1 }, limit: { ...number, minimum: 0 } };
const repo = '/repos/{owner}/{repo}';

/**
 * The part of the REST API of Gitea and Forgejo that dockfix uses, as an OpenAPI document. Requests have no other fields than
 * these; of the responses, what tests need is here. `test/forge-real` holds it against what a Gitea says of itself.
 * https://docs.gitea.com/api/
 */
export const giteaApi = documentOf(
  {
    'GET /user': { gives: [200, a('User')], orElse: [401, 403] },
    'GET /users/{username}/repos': { query: pages, gives: [200, listOf(a('Repository'))], orElse: [401, 404] },
    'GET /orgs/{org}/labels': { query: pages, gives: [200, listOf(a('Label'))], orElse: [401, 403, 404] },
    'GET /repos/search': {
      query: {
        q: text,
        sort: oneOf('alpha', 'created', 'updated', 'size', 'id'),
        order: oneOf('asc', 'desc'),
        ...pages,
      },
      gives: [200, answer({ ok: yesNo, data: listOf(a('Repository')) })],
      orElse: [401, 422],
    },
    [`GET ${repo}`]: { gives: [200, a('Repository')], orElse: [401, 403, 404] },
    [`GET ${repo}/pulls`]: {
      query: { state: oneOf('open', 'closed', 'all'), ...pages },
      gives: [200, listOf(a('PullRequest'))],
      orElse: [401, 403, 404],
    },
    [`POST ${repo}/pulls`]: {
      body: request({ title: filled, base: filled, head: filled }, { body: text }),
      gives: [201, a('PullRequest')],
      orElse: [401, 403, 404, 409, 422, 423],
    },
    [`GET ${repo}/pulls/{index}`]: { gives: [200, a('PullRequest')], orElse: [401, 403, 404] },
    [`PATCH ${repo}/pulls/{index}`]: {
      body: request({}, { title: filled, body: text, base: filled, state: oneOf('open', 'closed') }),
      gives: [201, a('PullRequest')],
      orElse: [401, 403, 404, 409, 412, 422],
    },
    [`GET ${repo}/pulls/{index}/files`]: {
      query: pages,
      gives: [200, listOf(a('ChangedFile'))],
      orElse: [401, 403, 404],
    },
    [`POST ${repo}/pulls/{index}/requested_reviewers`]: {
      body: request({ reviewers: listOf(text) }),
      gives: [201, listOf(a('PullReview'))],
      orElse: [401, 403, 404, 422],
    },
    [`GET ${repo}/issues/{index}/comments`]: { gives: [200, listOf(a('Comment'))], orElse: [401, 403, 404] },
    [`POST ${repo}/issues/{index}/comments`]: {
      body: request({ body: filled }),
      gives: [201, a('Comment')],
      orElse: [401, 403, 404, 423],
    },
    [`POST ${repo}/issues/{index}/labels`]: {
      body: request({ labels: listOf(number) }),
      gives: [200, listOf(a('Label'))],
      orElse: [401, 403, 404],
    },
    [`GET ${repo}/labels`]: { query: pages, gives: [200, listOf(a('Label'))], orElse: [401, 403, 404] },
    [`POST ${repo}/labels`]: {
      body: request({ name: filled, color: { ...text, pattern: '^#?[0-9a-fA-F]{6}$' } }),
      gives: [201, a('Label')],
      orElse: [401, 403, 404, 422],
    },
    [`GET ${repo}/collaborators/{collaborator}/permission`]: {
      gives: [
        200,
        answer({ permission: oneOf('none', 'read', 'write', 'admin', 'owner'), role_name: text, user: a('User') }),
      ],
      orElse: [401, 403, 404],
    },
    [`POST ${repo}/statuses/{sha}`]: {
      body: request(
        { state: oneOf('pending', 'success', 'error', 'failure', 'warning') },
        { context: text, description: text, target_url: text },
      ),
      gives: [201, a('CommitStatus')],
      orElse: [400, 401, 403, 404],
    },
  },
  {
    Error: answer({ message: text, url: text }, { errors: orNull(listOf(text)) }),
    User: answer({ id: number, login: text, full_name: text, email: text, avatar_url: text }),
    Repository: answer({
      ...{ id: number, owner: a('User'), name: text, full_name: text, description: text, default_branch: text },
      ...{ empty: yesNo, private: yesNo, fork: yesNo, archived: yesNo, html_url: text, clone_url: text, size: number },
    }),
    PRBranchInfo: answer({ label: text, ref: text, sha: text, repo_id: number, repo: orNull(a('Repository')) }),
    PullRequest: answer({
      ...{ id: number, number, url: text, html_url: text, user: a('User'), title: text, body: text },
      ...{ labels: listOf(a('Label')), requested_reviewers: orNull(listOf(a('User'))) },
      ...{ state: oneOf('open', 'closed'), draft: yesNo, merged: yesNo },
      ...{ base: a('PRBranchInfo'), head: a('PRBranchInfo') },
      ...{ created_at: time, updated_at: time, closed_at: orNull(time) },
    }),
    Label: answer({ id: number, name: text, color: text, url: text }),
    ChangedFile: answer({ filename: text, status: text }, { previous_filename: text }),
    PullReview: answer({ id: number, user: a('User'), state: text }),
    Comment: answer({ id: number, body: text, user: a('User'), html_url: text, created_at: time, updated_at: time }),
    CommitStatus: answer({
      id: number,
      context: text,
      description: text,
      status: text,
      target_url: text,
      creator: a('User'),
    }),
  },
  { index: number, sha: commit },
);
