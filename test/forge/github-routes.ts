import { git } from './bare.ts';
import { type Call, invalid, list, Refusal, type Route, repositoryOf, text, texts, userOf } from './github-call.ts';
import {
  checkFacts,
  commentFacts,
  fileFacts,
  permissionFacts,
  pullRequestFacts,
  repositoryFacts,
  statusFacts,
  wholePullRequestFacts,
} from './github-shapes.ts';
import type { WorldCheck, WorldPullRequest, WorldRepository } from './world.ts';

async function pullOf(call: Call, repository: WorldRepository): Promise<WorldPullRequest> {
  const number = Number(call.values['pull_number'] ?? call.values['issue_number']);
  const pull = await call.world.pullRequest(repository, number);
  if (!pull) throw new Refusal(404, 'Not Found');
  return pull;
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

/** What is about one repository. */
export const repositoryRoutes: Readonly<Record<string, Route>> = {
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

  'GET /repos/{owner}/{repo}/compare/{basehead}': async (call) => {
    const { path } = repositoryOf(call, 'read');
    const [base = '', head = ''] = (call.values['basehead'] ?? '').split('...');
    const sha = await git(path, 'merge-base', base, head).catch(() => undefined);
    if (sha === undefined) throw new Refusal(404, 'Not Found');
    return { status: 200, body: { merge_base_commit: { sha }, status: 'diverged', commits: [] } };
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
};
