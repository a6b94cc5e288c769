import { transforms } from '../../transforms/index.ts';
import { readmeOf } from '../assets.ts';
import { digest } from '../digest.ts';
import { appliedOutcomes } from '../output/changed-files.ts';
import { checkOf } from '../output/check.ts';
import { diff } from '../output/diff.ts';
import { maskBetween } from '../output/masked.ts';
import { reportOf } from '../output/report/report-of.ts';
import type { Run } from '../pipeline/run.ts';
import { type Repair, type RepairFlags, repair, selectionOf } from '../repair.ts';
import { deltas } from '../repo/delta.ts';
import { encode } from '../repo/encoding.ts';
import { pathMatcher } from '../repo/ignore-rules.ts';
import type { Repo } from '../repo/repo.ts';
import type { Proposal, Proposals, ProposedFile, Task } from './proposal.ts';
import { type Snapshot, snapshotIn } from './snapshot.ts';

/** Works out what a tree needs, in this process. */
export async function propose(task: Task): Promise<Proposals> {
  const snapshot = snapshotIn(task.folder, task.name);
  const { only, skip, group } = task;
  const flags: RepairFlags = { only, skip, group, ...(task.safeOnly && { safeOnly: true }) };
  const whole = await repair(snapshot.repo, flags, undefined);
  if ('unread' in whole) {
    const [first] = whole.unread;
    const why = first ? `${first.path}: ${first.message}` : 'it holds no Dockerfile and no Compose file';
    return { proposals: [], later: [], skipped: why };
  }
  if (!task.onePerTransform) return { proposals: [proposalOf(task, snapshot, whole)], later: [] };
  const acting = [...new Set(actingIn(whole.result))];
  const proposals: Proposal[] = [];
  const later: string[] = [];
  for (const id of acting) {
    // To skip the others is not to name this one: a transform that is named may change more.
    const others = transforms.map((each) => each.id).filter((each) => each !== id);
    const alone = await repair(
      snapshot.repo,
      only.length > 0 ? { ...flags, only: [id] } : { ...flags, skip: others },
      undefined,
    );
    const proposal = 'unread' in alone ? undefined : proposalOf(task, snapshot, alone);
    if (proposal && proposal.files.length > 0) proposals.push({ ...proposal, transform: id });
    else later.push(id);
  }
  return { proposals, later };
}

const actingIn = (run: Run): readonly string[] =>
  run.steps.filter(({ outcomes }) => outcomes.some(({ skipped }) => !skipped)).map(({ transform }) => transform.id);

function proposalOf(task: Task, { repo, keepsOut }: Snapshot, { result, config }: Repair): Proposal {
  const keptOut = result.after.paths.filter((path) => !repo.has(path) && keepsOut(path));
  const run = keptOut.length === 0 ? result : { ...result, after: without(result.after, keptOut) };
  const check = checkOf(result, {
    digest,
    levels: config.severity,
    known: new Set(transforms.map(({ id }) => id)),
    isExcluded: pathMatcher(config.exclude),
    edits: false,
  });
  const repaired = check.problems.filter(({ skipped }) => !skipped).map(({ fingerprint }) => fingerprint);
  const mask = maskBetween(result.before, result.after);
  const repairs: Record<string, number> = {};
  for (const { transform, outcomes } of result.steps) {
    const count = outcomes.filter(({ skipped }) => !skipped).length;
    if (count > 0) repairs[transform.id] = count;
  }
  return {
    files: appliedOutcomes(run).length === 0 ? [] : filesOf(run),
    keptOut,
    diff: mask(diff(run.before, run.after)),
    report: reportOf(run, { title: task.name, page: readmeOf, selection: selectionOf(task) }),
    findings: digest(repaired.sort().join('\n')),
    repairs,
  };
}

const without = (repo: Repo, paths: readonly string[]): Repo => repo.with(new Map(paths.map((path) => [path, null])));

/** A renamed file is one that goes and one that comes. */
const filesOf = ({ before, after }: Run): readonly ProposedFile[] =>
  deltas(before, after).flatMap(({ path, from, after: file }): readonly ProposedFile[] => {
    if (!file) return [{ path, removed: true }];
    const base64 = Buffer.from(encode(file.text, file.encoding)).toString('base64');
    const next = { path, base64, mode: file.mode };
    return from === undefined ? [next] : [{ path: from, removed: true }, next];
  });
