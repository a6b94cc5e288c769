import type { Finding, Fix, Safety } from '../finding.ts';
import { type Notice, readStack, type Stack } from '../model/stack.ts';

export type { Notice } from '../model/stack.ts';

import type { Repo } from '../repo/repo.ts';
import type { Transform } from '../transform.ts';
import { carryOut, conflictBetween } from './edits.ts';
import { type Breakage, newBreakages } from './guard.ts';

const MAX_PASSES = 10;
const MAX_ROUNDS = 4;

/** Why a finding changed nothing. */
export type Skip =
  | 'no fix'
  | 'manual'
  | 'left out by --safe-only'
  | 'overlaps another fix'
  | 'ignored by comment'
  | 'excluded by configuration'
  | 'would break the file';

/** What became of a finding: applied when `skipped` is absent. */
export interface Outcome {
  readonly finding: Finding;
  /** The snapshot that the finding's spans refer to. */
  readonly seen: Repo;
  readonly skipped?: Skip;
  /** The guard's words for `would break the file`. */
  readonly detail?: string;
}

/** One transform's share of a run. */
export interface Step {
  readonly transform: Transform;
  readonly outcomes: readonly Outcome[];
  /** The transform threw or did not settle: its changes are lost, the run went on. */
  readonly error?: unknown;
}

/** Everything that a run has to tell; the outputs are pure functions of it. */
export interface Run {
  readonly before: Repo;
  readonly after: Repo;
  readonly steps: readonly Step[];
  readonly notices: readonly Notice[];
}

export interface RunOptions {
  /** Safeties that are applied. `manual` never is. */
  readonly allow: ReadonlySet<Exclude<Safety, 'manual'>>;
  /** Ids of the transforms that the user asked for by name. */
  readonly named: ReadonlySet<string>;
  /** Why a finding is left alone before its fix is looked at; nothing is where this is absent. */
  readonly leave?: (transform: Transform, finding: Finding, seen: Repo) => Skip | undefined;
  /** Hears of each turn before it begins: a run takes seconds where a repository is large. */
  readonly onTurn?: (turn: Turn) => void;
}

/** A transform that has its turn. */
export interface Turn {
  readonly transform: Transform;
  /** Counted from one, of all that run. */
  readonly number: number;
  readonly total: number;
  /** Counted from one: where a late transform changed something, the early ones have another turn. */
  readonly round: number;
}

/**
 * Runs the transforms in order; each sees the repository that its predecessors left behind. What a late one repairs may be
 * what an early one waited for, so they take turns until every one has seen the last change.
 */
export function run(repo: Repo, transforms: readonly Transform[], options: RunOptions): Run {
  const first = readStack(repo, undefined);
  const steps: Step[] = [];
  let stack = first;
  let quiet = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    for (const [index, transform] of transforms.entries()) {
      if (quiet === transforms.length) break;
      options.onTurn?.({ transform, number: index + 1, total: transforms.length, round: round + 1 });
      const turn = takeTurn(stack, transform, options, steps[index]);
      // A transform has seen the change that it made itself: it settled.
      quiet = turn.stack === stack ? quiet + 1 : 1;
      steps[index] = turn.step;
      stack = turn.stack;
    }
  }
  return { before: repo, after: stack.repo, steps, notices: first.notices };
}

/** One transform on the present state. What it said earlier stays true unless it changes something now. */
function takeTurn(
  stack: Stack,
  transform: Transform,
  options: RunOptions,
  earlier: Step | undefined,
): { readonly stack: Stack; readonly step: Step } {
  if (earlier?.error !== undefined) return { stack, step: earlier };
  try {
    const settled = settle(stack, transform, options);
    if (!earlier) return { stack: settled.stack, step: { transform, outcomes: settled.outcomes } };
    if (settled.stack === stack) return { stack, step: earlier };
    const applied = earlier.outcomes.filter((outcome) => !outcome.skipped);
    return { stack: settled.stack, step: { transform, outcomes: [...applied, ...settled.outcomes] } };
  } catch (error) {
    return { stack, step: { transform, outcomes: earlier?.outcomes ?? [], error } };
  }
}

/** Repeats one transform, reading the stack anew each time, until it has nothing left to change. */
function settle(start: Stack, transform: Transform, options: RunOptions): { stack: Stack; outcomes: Outcome[] } {
  const applied: Outcome[] = [];
  const request = { named: options.named.has(transform.id) };
  let stack = start;
  for (let pass = 0; pass < MAX_PASSES; pass += 1) {
    const result = applyPass(stack, transform, [...transform.find(stack, request)], options);
    if (result.stack === stack) return { stack, outcomes: [...applied, ...result.outcomes] };
    applied.push(...result.outcomes.filter((outcome) => !outcome.skipped));
    stack = result.stack;
  }
  throw new Error(`${transform.id} did not settle in ${MAX_PASSES} passes`);
}

/** Accepts fixes in order, each whole or not at all, each guarded; returns the same stack when nothing changed. */
function applyPass(
  stack: Stack,
  transform: Transform,
  findings: readonly Finding[],
  options: RunOptions,
): { stack: Stack; outcomes: Outcome[] } {
  const accepted: Fix[] = [];
  let result = stack;
  const outcomes = findings.map((finding): Outcome => {
    const seen = stack.repo;
    const { fix } = finding;
    const left = options.leave?.(transform, finding, seen);
    if (left) return { finding, seen, skipped: left };
    if (!fix) return { finding, seen, skipped: 'no fix' };
    if (fix.safety === 'manual') return { finding, seen, skipped: 'manual' };
    if (!options.allow.has(fix.safety)) return { finding, seen, skipped: 'left out by --safe-only' };
    if (conflictBetween(fix, accepted)) return { finding, seen, skipped: 'overlaps another fix' };
    const attempt = tryFixes(stack, result, [...accepted, fix]);
    if ('why' in attempt) return { finding, seen, skipped: 'would break the file', detail: attempt.why };
    accepted.push(fix);
    result = attempt;
    return { finding, seen };
  });
  return { stack: result, outcomes };
}

function tryFixes(start: Stack, current: Stack, fixes: readonly Fix[]): Stack | { readonly why: string } {
  const changes = carryOut(
    start.repo,
    fixes.flatMap((fix) => fix.changes),
  );
  if ('why' in changes) return changes;
  const next = readStack(start.repo.with(changes), current);
  const breakages = newBreakages(start, next, [...changes.keys()]);
  return breakages.length > 0 ? { why: breakages.map(describe).join('; ') } : next;
}

const describe = (breakage: Breakage): string => `${breakage.path}: ${breakage.message}`;
