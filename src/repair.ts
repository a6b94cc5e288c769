import { setFlagsFromString } from 'node:v8';
import { transforms } from '../transforms/index.ts';
import { pythonWasm } from './assets.ts';
import { type Config, readConfig } from './config.ts';
import { UserError } from './errors.ts';
import type { Finding } from './finding.ts';
import { ignoreAt } from './model/ignore-comment.ts';
import { mayRepeatInit } from './model/node/source.ts';
import { dockerFiles, unreadFiles } from './model/unread-files.ts';
import { loadPython } from './parse/python.ts';
import { loadTypescript } from './parse/typescript.ts';
import { type Notice, type Run, run, type Turn } from './pipeline/run.ts';
import { pathMatcher } from './repo/ignore-rules.ts';
import type { Repo } from './repo/repo.ts';
import { selectTransforms } from './selection.ts';
import type { Transform } from './transform.ts';

/** Which transforms run, and which of their fixes are applied. */
export interface RepairFlags {
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly group: readonly Transform['group'][];
  readonly safeOnly?: true;
}

/** The options that chose the transforms, as they are typed. */
export const selectionOf = ({ only, skip, group }: Pick<RepairFlags, 'only' | 'skip' | 'group'>): readonly string[] => [
  ...(only.length > 0 ? ['--only', only.join(',')] : []),
  ...(skip.length > 0 ? ['--skip', skip.join(',')] : []),
  ...group.flatMap((name) => ['--group', name]),
];

/** A run, and the configuration of the repository that it followed. */
export interface Repair {
  readonly result: Run;
  readonly config: Config;
}

/** There is no Docker file that could be read; `unread` are those that could not. */
export interface NothingToRepair {
  readonly unread: readonly Notice[];
}

/** What does not change which transforms run. */
export interface RepairSetting {
  /** A file that is no part of the repository. */
  readonly hidden?: string;
  /** Hears of each transform before it has its turn. */
  readonly onTurn?: (turn: Turn) => void;
}

/**
 * What the chosen transforms make of a snapshot, with the configuration that it holds. A `UserError` when the configuration or the
 * flags are wrong.
 */
export const repair = (all: Repo, flags: RepairFlags, setting?: RepairSetting): Promise<Repair | NothingToRepair> =>
  repairAs(readConfig(all, transforms), all, flags, setting);

/** The same, as a configuration says that does not come from the snapshot. */
export async function repairAs(
  config: Config,
  all: Repo,
  flags: RepairFlags,
  setting?: RepairSetting,
): Promise<Repair | NothingToRepair> {
  const chosen = chosenBy(flags, config);
  const repo = withoutOwn(all, setting?.hidden);
  const isExcluded = pathMatcher(config.exclude);
  const unread = unreadFiles(repo);
  if (dockerFiles(repo).length === 0) return { unread };
  await loadParsers(repo);
  const allow = new Set(flags.safeOnly ? (['safe'] as const) : (['safe', 'review'] as const));
  const touches = ({ at, fix }: Finding): readonly string[] => [
    at.path,
    ...(fix?.changes ?? []).map((change) => change.path),
  ];
  const ran = run(repo, chosen, {
    allow,
    named: new Set(flags.only),
    leave: ({ id }, finding, seen) => {
      if (touches(finding).some(isExcluded)) return 'excluded by configuration';
      return ignoreAt(seen, id, finding.at) ? 'ignored by comment' : undefined;
    },
    ...(setting?.onTurn && { onTurn: setting.onTurn }),
  });
  const notices = [...unread, ...ran.notices].filter((notice) => !isExcluded(notice.path));
  return { config, result: { ...ran, notices } };
}

/** What the command line says about transforms goes over what the configuration says. */
function chosenBy(flags: RepairFlags, config: Config): readonly Transform[] {
  const { only, skip } = flags;
  const selected = selectTransforms(transforms, { only, skip, groups: [...flags.group, ...config.groups] });
  if (only.length > 0) return selected;
  const chosen = transforms.filter(({ id }) => {
    const on = config.transforms.get(id);
    return on === undefined ? selected.some((each) => each.id === id) : on && !skip.includes(id);
  });
  if (chosen.length === 0) throw new UserError('No transform is left to run', 'See them with: dockfix list');
  return chosen;
}

/** The files of dockfix itself name files and say words that would count as what the repository's own files say. */
function withoutOwn(repo: Repo, hidden: string | undefined): Repo {
  const own = repo.paths.filter(
    (each) => each === hidden || /^(?:\.github\/|\.)?dockfix(?:[.-][\w.-]+)?\.(?:json|ya?ml)$/.test(each),
  );
  return own.length === 0 ? repo : repo.with(new Map(own.map((each) => [each, null])));
}

/** The parsers of Python and TypeScript are loaded only for repositories that need them. */
async function loadParsers(repo: Repo): Promise<void> {
  if (mayRepeatInit(repo)) await loadTypescript();
  if (!repo.paths.some((path) => path.endsWith('.py'))) return;
  // The optimising compiler would take longer than the parsing.
  setFlagsFromString('--liftoff-only');
  await loadPython(pythonWasm());
}
