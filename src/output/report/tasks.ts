import type { Change } from '../../finding.ts';
import { openVariables } from '../../model/env/dotenv-need.ts';
import { isEnvPath, isExamplePath } from '../../model/secret/written.ts';
import { isSecretName } from '../../model/secret.ts';
import type { Stack } from '../../model/stack.ts';
import type { Notice, Run } from '../../pipeline/run.ts';
import { folderOf } from '../../repo/path.ts';
import { changedFiles } from '../changed-files.ts';
import { lineName } from '../place.ts';
import type { ReportPlace, ReportProblem, ReportTask } from '../report.ts';
import { headlineOf } from './headline.ts';
import type { NumberedOutcome } from './problems.ts';

/** What tasks are derived from: both ends of a run, its problems, and the outcomes that they come from. */
export interface TaskSources {
  readonly run: Run;
  readonly before: Stack;
  readonly after: Stack;
  readonly outcomes: readonly NumberedOutcome[];
  readonly problems: readonly ReportProblem[];
}

/** What a person still has to do, in the order in which it is to be done. */
export function tasksOf(sources: TaskSources): readonly ReportTask[] {
  const { problems, run } = sources;
  const variables = variableTasks(sources);
  const settled = new Set(variables.flatMap((task) => task.problems));
  return [
    ...run.notices.map(unreadTask),
    ...problems.flatMap((problem) => byHandTask(problem) ?? []),
    ...variables,
    ...secretTask(sources),
    ...problems.flatMap((problem) => adviceTask(problem, settled) ?? []),
    ...reviewTask(problems),
  ];
}

const unreadTask = ({ path, line, message, hint }: Notice): ReportTask => ({
  kind: 'unread',
  text: `Look at ${lineName({ path, line })}, which could not be taken into account`,
  details: [message, hint],
  problems: [],
});

/** What is not repaired, and is more than a note. */
function byHandTask({ number, message, repair, left, advice }: ReportProblem): ReportTask | undefined {
  if (!left || left.reason === 'no fix') return undefined;
  const details = (advice ?? '').split('\n').filter((line) => line.trim() !== '');
  if (left.reason === 'manual')
    return { kind: 'manual', text: repair?.title ?? headlineOf(message), details, problems: [number] };
  const text = left.reason === 'overlaps another fix' ? 'Run dockfix again after this repair' : 'Decide about a repair';
  return {
    kind: 'manual',
    text: `${text}: ${repair?.title ?? headlineOf(message)}`,
    details: [left.says, ...details],
    problems: [number],
  };
}

/** What a repair that is applied leaves open; where it is about variables, the task for them says so. */
function adviceTask(
  { number, repair, left, advice }: ReportProblem,
  settled: ReadonlySet<number>,
): ReportTask | undefined {
  if (left || advice === undefined || settled.has(number)) return undefined;
  return {
    kind: 'manual',
    text: `Mind what comes with "${repair?.title ?? ''}"`,
    details: advice.split('\n').filter((line) => line.trim() !== ''),
    problems: [number],
  };
}

function reviewTask(problems: readonly ReportProblem[]): readonly ReportTask[] {
  const read = problems.filter(({ repair, left }) => repair?.safety === 'review' && !left);
  if (read.length === 0) return [];
  return [
    {
      kind: 'review',
      text: 'Read these changes before you merge them: the stack starts or runs differently with them',
      details: read.map(({ number, repair }) => `Problem ${number}: ${repair?.title ?? ''}`),
      problems: read.map(({ number }) => number),
    },
  ];
}

/** The variables that the stack needs since the repair, by the folder whose `.env` they belong into. */
function variableTasks({ run, before, after, outcomes }: TaskSources): readonly ReportTask[] {
  const needed = new Map<string, Set<string>>();
  const add = (folder: string, names: readonly string[]): void => {
    needed.set(folder, new Set([...(needed.get(folder) ?? []), ...names]));
  };
  const known = new Set(before.projects.flatMap(({ files, overlays }) => openVariables([...files, ...overlays])));
  for (const { folder, files, overlays, variables } of after.projects) {
    const names = openVariables([...files, ...overlays]).filter((name) => !known.has(name) && !variables.get(name));
    if (names.length > 0) add(folder, names);
  }
  const examples = changedFiles(run).filter(({ path, kind }) => kind !== 'removed' && isExampleOfEnv(path));
  for (const { path } of examples) {
    const named = (stack: Stack): readonly string[] =>
      stack.sources.dotenv(path)?.entries.map(({ name }) => name) ?? [];
    const old = new Set(named(before));
    const names = named(after).filter((name) => !old.has(name));
    if (names.length > 0) add(folderOf(path), names);
  }
  return [...needed].map(([folder, set]) => variableTask(after, folder, [...set].sort(), outcomes));
}

const isExampleOfEnv = (path: string): boolean => /env/i.test(path) && isExamplePath(path);

function variableTask(
  after: Stack,
  folder: string,
  names: readonly string[],
  outcomes: readonly NumberedOutcome[],
): ReportTask {
  const env = folder === '' ? '.env' : `${folder}/.env`;
  const example = after.repo.paths.find((path) => folderOf(path) === folder && isExampleOfEnv(path));
  const copy = example !== undefined && !after.repo.has(env);
  const verb = copy ? `Copy ${example} to ${env}, and fill in` : after.repo.has(env) ? 'Add to' : 'Create';
  const text = copy ? `${verb} ${names.join(', ')}` : `${verb} ${env}: ${names.join(', ')}`;
  const keys = names.filter((name) => isSecretName(name));
  return {
    kind: 'variables',
    text,
    details: [
      ...names.map((name) => variableText(after, name)),
      ...(keys.length > 0 ? ['A new key or password: openssl rand -hex 32'] : []),
    ],
    problems: outcomes.filter((each) => concerns(each, names)).map(({ number }) => number),
  };
}

/** A variable, and the services whose part of a Compose file names it. */
function variableText(after: Stack, name: string): string {
  const pattern = new RegExp(`\\$\\{?${name}\\b`);
  const users = after.services.filter(({ definitions }) =>
    definitions.some(({ file, entry }) => pattern.test(file.text.slice(entry.at.start, entry.at.end))),
  );
  const services = [...new Set(users.map((service) => service.name))];
  return services.length === 0 ? name : `${name}, for ${services.join(', ')}`;
}

/** A repair brings a variable in: it writes its name where it did not stand before. */
const concerns = ({ outcome: { finding, seen, skipped } }: NumberedOutcome, names: readonly string[]): boolean =>
  !skipped &&
  (finding.fix?.changes ?? []).some((change) => {
    const old = 'text' in change ? (seen.read(change.path) ?? '').slice(change.start, change.end) : '';
    return names.some((name) => {
      const written = new RegExp(`\\$\\{${name}\\b|^${name}=`, 'm');
      return written.test(textOf(change)) && !written.test(old);
    });
  });

const textOf = (change: Change): string => ('text' in change ? change.text : 'create' in change ? change.create : '');

/** The lines of files that are not left out of git and on which a secret stands, among those that prove a problem. */
function secretTask({ run, problems }: TaskSources): readonly ReportTask[] {
  const lines = new Map<string, ReportPlace>();
  const numbers = new Set<number>();
  for (const { number, at, evidence } of problems)
    for (const place of [at, ...evidence.map((each) => each.at)]) {
      if (!holdsSecret(run, place)) continue;
      numbers.add(number);
      lines.set(lineName(place), place);
    }
  if (lines.size === 0) return [];
  const removing = problems.filter(takesSecretAway).map(({ number }) => number);
  return [
    {
      kind: 'secrets',
      text: 'Replace the secrets that stand in the repository by new ones: whoever has a clone, a fork or the history knows them',
      details: [...lines.values()]
        .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : (a.line ?? 0) - (b.line ?? 0)))
        .map((place) => `\`${lineName(place)}\` \`${place.text ?? ''}\``),
      problems: removing.length > 0 ? removing : [...numbers].sort((a, b) => a - b),
    },
  ];
}

/** More secrets stand on the lines that a repair removes than on those that it adds. */
function takesSecretAway({ repair }: ReportProblem): boolean {
  const masks = (mark: '-' | '+'): number =>
    (repair?.diff ?? '')
      .split('\n')
      .filter((line) => line.startsWith(mark))
      .reduce((sum, line) => sum + line.split('***').length - 1, 0);
  return masks('-') > masks('+');
}

/** The text of a place has lost something to the mask. */
function holdsSecret({ before }: Run, { path, line, text }: ReportPlace): boolean {
  if (line === undefined || !text?.includes('***') || before.isIgnored(path)) return false;
  if (isEnvPath(path) && isExamplePath(path)) return false;
  const own = (before.read(path) ?? '').split('\n')[line - 1] ?? '';
  return !own.includes('***');
}
