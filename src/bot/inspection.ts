import { join } from 'node:path';
import { transforms } from '../../transforms/index.ts';
import { type Config, readConfig } from '../config.ts';
import { digest } from '../digest.ts';
import { UserError } from '../errors.ts';
import type { CommitCheck } from '../forge/forge.ts';
import { markdownCheck } from '../output/check/markdown.ts';
import { touchedBy } from '../output/check/touched.ts';
import { type Check, checkOf } from '../output/check.ts';
import type { Question } from '../pull-request/own-process.ts';
import { snapshotIn } from '../pull-request/snapshot.ts';
import { repairAs } from '../repair.ts';
import { pathMatcher } from '../repo/ignore-rules.ts';
import { Repo } from '../repo/repo.ts';
import type { Transform } from '../transform.ts';
import { checkRunOf, wrongConfigRun } from './check-run.ts';

/** What is to be found out about a tree. Plain data: the process of its own that does it gets nothing else. */
export type Inspection = CheckInspection | ExplainInspection;

interface OfTree extends Question {
  /** The files that hold the configuration that counts. */
  readonly config: Readonly<Record<string, string>>;
}

/** What a check of a pull request shows; the folder holds the trees `head` and `before`. */
export interface CheckInspection extends OfTree {
  readonly kind: 'check';
  readonly commit: string;
  readonly ignored: readonly string[];
  /** Whether it is shown when nothing was found. */
  readonly always: boolean;
  /** Whether the change touches the configuration, which is then looked at, too. */
  readonly changesConfig: boolean;
}

/** What a transform finds in the tree `head`. */
export interface ExplainInspection extends OfTree {
  readonly kind: 'explain';
  readonly transform: string;
}

/** What an inspection answers: a check, or Markdown; null when there is nothing to show. */
export interface Inspected {
  readonly check: CommitCheck | null;
  readonly markdown: string | null;
}

const NOTHING: Inspected = { check: null, markdown: null };

/** Does an inspection in this process. */
export async function inspect(inspection: Inspection): Promise<Inspected> {
  return inspection.kind === 'check' ? checked(inspection) : explained(inspection);
}

async function checked(inspection: CheckInspection): Promise<Inspected> {
  const { folder, name, commit, ignored, always, changesConfig } = inspection;
  const head = snapshotIn(join(folder, 'head'), name).repo;
  const own = changesConfig ? configIn(head) : undefined;
  const config = configIn(Repo.of(inspection.config));
  const check = (run: CommitCheck): Inspected => ({ ...NOTHING, check: run });
  // A change that mends the configuration is not to be held up by it.
  if (config instanceof UserError)
    return check(wrongConfigRun(commit, config, own === undefined || own instanceof UserError ? 'failure' : 'neutral'));
  if (!config.bot.enabled || config.bot.check === 'off') return NOTHING;
  const wrong = own instanceof UserError ? [own] : [];
  const all = await checkIn(head, config, ignored, []);
  const before = snapshotIn(join(folder, 'before'), name).repo;
  const touched =
    all && touchedBy(all, head, { paths: new Set(before.paths), read: (path) => before.read(path) ?? '' });
  const isShown = wrong.length > 0 || (touched !== undefined && (always || touched.problems.length > 0));
  if (!isShown) return NOTHING;
  const nothing = { problems: [], suppressed: [], notices: [], errors: [], transforms: [] };
  return check(checkRunOf(commit, touched ?? nothing, config.bot.check, { ignored, wrong }));
}

async function explained({ folder, name, config: files, transform: id }: ExplainInspection): Promise<Inspected> {
  const head = snapshotIn(join(folder, 'head'), name).repo;
  const config = readConfig(Repo.of(files), transforms);
  const transform = transforms.find((each) => each.id === id);
  const all = transform && (await checkIn(head, config, [], [transform.group]));
  const own = all && { ...all, problems: all.problems.filter((problem) => problem.transform.id === id) };
  return {
    ...NOTHING,
    markdown: own && own.problems.length > 0 ? markdownCheck({ ...own, notices: [], errors: [] }) : null,
  };
}

/** The check of a tree; undefined when there is no Docker file in it. */
async function checkIn(
  repo: Repo,
  config: Config,
  skip: readonly string[],
  group: readonly Transform['group'][],
): Promise<Check | undefined> {
  const repair = await repairAs(config, repo, { only: [], skip, group }, undefined);
  if ('unread' in repair) return undefined;
  return checkOf(repair.result, {
    digest,
    levels: config.severity,
    isExcluded: pathMatcher(config.exclude),
    known: new Set(transforms.map((each) => each.id)),
    edits: false,
  });
}

/** The configuration of a snapshot, or what is wrong with it. */
function configIn(repo: Repo): Config | UserError {
  try {
    return readConfig(repo, transforms);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
