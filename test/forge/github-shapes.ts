import type {
  Permission,
  World,
  WorldCheck,
  WorldComment,
  WorldPullRequest,
  WorldRepository,
  WorldStatus,
  WorldUser,
} from './world.ts';

/** What the GitHub API tells of a part of the world; the description completes it. */
type Facts = Readonly<Record<string, unknown>>;

const TYPES = { user: 'User', organisation: 'Organization', bot: 'Bot' } as const;

export const userFacts = (user: WorldUser, url: string): Facts => ({
  id: user.id,
  login: user.login,
  type: TYPES[user.kind],
  // The page of an App is not that of an account.
  html_url: user.kind === 'bot' ? `${url}/apps/${user.login.replace(/\[bot\]$/, '')}` : `${url}/${user.login}`,
});

export const repositoryFacts = (repository: WorldRepository, url: string): Facts => ({
  id: repository.id,
  name: repository.name.slice(repository.name.indexOf('/') + 1),
  full_name: repository.name,
  owner: userFacts(repository.owner, url),
  private: repository.private,
  fork: repository.forkOf !== undefined,
  archived: repository.archived,
  default_branch: repository.defaultBranch,
  html_url: `${url}/${repository.name}`,
  clone_url: `${url}/${repository.name}.git`,
  size: repository.size,
});

function branchFacts(repository: WorldRepository | undefined, branch: string, commit: string, url: string): Facts {
  const owner = repository?.owner.login ?? 'unknown';
  return {
    label: `${owner}:${branch}`,
    ref: branch,
    sha: commit,
    user: repository ? userFacts(repository.owner, url) : null,
    repo: repository ? repositoryFacts(repository, url) : null,
  };
}

/** As in lists. */
export function pullRequestFacts(pull: WorldPullRequest, baseCommit: string, url: string): Facts {
  const { repository } = pull;
  const [teams, users] = [true, false].map((isTeam) => pull.reviewers.filter((name) => name.includes('/') === isTeam));
  return {
    id: pull.id,
    number: pull.number,
    state: pull.state === 'open' ? 'open' : 'closed',
    title: pull.title,
    body: pull.body || null,
    user: userFacts(pull.author, url),
    html_url: `${url}/${repository.name}/pull/${pull.number}`,
    draft: pull.draft,
    created_at: pull.createdAt,
    closed_at: pull.closedAt ?? null,
    merged_at: pull.state === 'merged' ? pull.closedAt : null,
    labels: pull.labels.map(({ id, name }) => ({ id, name })),
    requested_reviewers: users?.map((login) => ({ login })),
    requested_teams: teams?.map((name) => ({ slug: name.slice(name.indexOf('/') + 1) })),
    head: branchFacts(pull.headRepository, pull.head, pull.headCommit, url),
    base: branchFacts(repository, pull.base, baseCommit, url),
  };
}

/** As a single one. */
export const wholePullRequestFacts = (pull: WorldPullRequest, baseCommit: string, url: string): Facts => ({
  ...pullRequestFacts(pull, baseCommit, url),
  merged: pull.state === 'merged',
});

const FILE_STATUS: Readonly<Record<string, string>> = { A: 'added', D: 'removed', R: 'renamed', C: 'copied' };

export const fileFacts = ({ status, path, from }: Awaited<ReturnType<World['changes']>>[number]): Facts => ({
  filename: path,
  status: FILE_STATUS[status] ?? 'modified',
  ...(from === undefined ? {} : { previous_filename: from }),
});

export const commentFacts = (comment: WorldComment, pull: WorldPullRequest, url: string): Facts => ({
  id: comment.id,
  body: comment.body,
  user: userFacts(comment.author, url),
  created_at: comment.createdAt,
  html_url: `${url}/${pull.repository.name}/pull/${pull.number}#issuecomment-${comment.id}`,
});

export const checkFacts = (check: WorldCheck): Facts => ({
  id: check.id,
  head_sha: check.commit,
  name: check.name,
  status: check.status,
  conclusion: check.conclusion ?? null,
  output: {
    title: check.title,
    summary: check.summary,
    annotations_count: check.annotations.length,
  },
});

export const statusFacts = (status: WorldStatus, url: string): Facts => ({
  id: status.id,
  state: status.state,
  context: status.name,
  description: status.description,
  creator: userFacts(status.author, url),
});

export const permissionFacts = (permission: Permission, user: WorldUser, url: string): Facts => ({
  permission,
  role_name: permission,
  user: userFacts(user, url),
});
