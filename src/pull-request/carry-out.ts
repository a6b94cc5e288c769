import type { Comment, PullRequest } from '../forge/forge.ts';
import { ForgeError } from '../forge/forge-error.ts';
import type { Plan, Wanted } from './branch.ts';
import type { Work } from './fix-repository.ts';
import { type MarkName, markOf, marksIn } from './marks.ts';

/** Somebody changed the repository while the work was under way: it has to begin anew. */
export class Moved extends Error {
  override readonly name = 'Moved';
}

/** The words of git for a branch that is not where it was seen. */
const MOVED =
  /stale info|fetch first|non-fast-forward|but expected|already exists|failed to update ref|unable to read|missing (?:blob|tree)/i;

/** Does what a plan says; throws `Moved` when the branch or its pull requests are not what the plan was made for. */
export async function carryOutPlan(
  work: Work,
  branch: string,
  plan: Plan,
  wanted: Wanted | undefined,
): Promise<{ readonly pull: PullRequest | undefined; readonly notes: readonly string[] }> {
  const { forge, repository, request } = work;
  if (plan.push) await push(work, branch, plan.push.commit, plan.push.expect);
  if (plan.open && wanted) {
    const { title, body, base } = wanted;
    const { draft, labels, reviewers } = request;
    const { pullRequest, notes } = await forge
      .open(repository.name, { title, body, base, head: branch, draft, labels, reviewers })
      .catch(movedIfConflict);
    return { pull: pullRequest, notes };
  }
  if (plan.update) await forge.update(repository.name, plan.update.number, plan.update.change);
  if (plan.comment) await commentOnce(work, plan.comment.number, plan.comment.mark, branch);
  if (plan.close) await close(work, plan.close);
  if (plan.remove !== undefined) await push(work, branch, undefined, plan.remove);
  return { pull: plan.pull, notes: [] };
}

function movedIfConflict(error: unknown): never {
  if (error instanceof ForgeError && error.kind === 'conflict') throw new Moved(error.message);
  throw error;
}

/** Sets a branch to a commit, or removes it, if it is where it was seen: a commit that somebody pushed meanwhile is never lost. */
async function push(
  { clone, remote }: Work,
  branch: string,
  commit: string | undefined,
  expect: string | undefined,
): Promise<void> {
  const ref = `refs/heads/${branch}`;
  const argv = [
    'push',
    '--porcelain',
    '--no-verify',
    '--no-thin',
    `--force-with-lease=${ref}:${expect ?? ''}`,
    '--',
    remote.url,
    `${commit ?? ''}:${ref}`,
  ];
  const { refused, output } = await clone.git.remote(remote, argv).catch((error: unknown) => {
    if (error instanceof ForgeError && MOVED.test(error.message)) throw new Moved(error.message);
    throw error;
  });
  if (!refused) return;
  const line = output.split('\n').find((each) => each.startsWith('!')) ?? output;
  const said = line.replace(/^!\s*\S*\s*/, '').trim();
  // A branch named `dockfix`: https://git-scm.com/docs/git-check-ref-format
  if (/exists; cannot create|directory file conflict/i.test(output))
    throw new ForgeError('forbidden', `${branch} cannot be made: another branch has a part of its name`, undefined);
  if (MOVED.test(output)) throw new Moved(`${branch}: ${said}`);
  throw new ForgeError('forbidden', `${branch} cannot be pushed: ${said}`, undefined);
}

const SAYS: Readonly<Record<'foreign' | 'needless', (branch: string) => string>> = {
  foreign: (branch) =>
    `Somebody has commits on \`${branch}\`, so dockfix leaves the branch and this pull request as they are. Delete the branch, and dockfix makes it anew.`,
  needless: (branch) =>
    `On the base branch nothing is left to repair. Somebody has commits on \`${branch}\`, so dockfix leaves the branch and this pull request as they are.`,
};

async function commentOnce(
  { forge, repository }: Work,
  number: number,
  mark: 'foreign' | 'needless',
  branch: string,
): Promise<void> {
  const comments = await forge.comments(repository.name, number);
  if (hasMark(comments, mark)) return;
  await forge.comment(repository.name, number, `${SAYS[mark](branch)}\n\n${markOf(mark)}`);
}

/** The mark is written before the state changes: a pull request that we close is never taken for one that a person closed. */
async function close({ forge, repository, branch }: Work, pull: PullRequest): Promise<void> {
  const comments = await forge.comments(repository.name, pull.number);
  if (!hasMark(comments, 'closed'))
    await forge.comment(
      repository.name,
      pull.number,
      `On \`${branch}\` nothing is left to repair, so this pull request is closed.\n\n${markOf('closed')}`,
    );
  const body = marksIn(pull.body).has('closed') ? pull.body : `${pull.body.trimEnd()}\n${markOf('closed')}\n`;
  await forge.update(repository.name, pull.number, { body, state: 'closed' });
}

const hasMark = (comments: readonly Comment[], mark: MarkName): boolean =>
  comments.some(({ body }) => marksIn(body).has(mark));
