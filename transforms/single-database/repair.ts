import { type Change, type Edit, type Evidence, isEdit, type Span } from '../../src/finding.ts';
import { borrowsFrom } from '../../src/model/compose/service-references.ts';
import { type FileSteps, removeServices } from '../../src/model/compose/service-removal.ts';
import { isDocumentation, mentionsIn, wordPattern } from '../../src/model/mention.ts';
import type { Stack } from '../../src/model/stack.ts';
import { namesOf } from '../../src/model/store.ts';
import { type ComposeFile, deleteShown, textOf, valueAt } from '../../src/parse/compose.ts';
import type { ComposeStep } from '../../src/parse/compose-sequence.ts';
import { splice } from '../../src/splice.ts';
import { withoutVariables } from './settings.ts';
import { isExample, type Surroundings } from './surroundings.ts';
import { isTestVariable, pointsAt, type TestDatabase } from './test-database.ts';

/** Everything that has to change so that a test database is gone, or why that is left to a person. */
export type Repair =
  | { readonly changes: readonly Change[] }
  | { readonly manual: string; readonly evidence: readonly Evidence[] };

/** Plans the removal of a test database across all files. */
export function repairOf(stack: Stack, database: TestDatabase, around: Surroundings): Repair {
  const { service } = database.store;
  const [runner] = database.runners;
  if (runner) return { manual: runner.says.replace(/it$/, service.name), evidence: database.runners };
  const [need] = around.needs;
  if (need) return { manual: need.says, evidence: around.needs };
  if (around.fallbacks.length === 0)
    return { manual: `nothing shows what the tests use when ${service.name} is not there`, evidence: [] };
  const borrowed = borrowsFrom(stack, [service], service);
  if (borrowed !== undefined) return { manual: borrowed, evidence: [] };
  const hosts = namesOf(service);
  const names = new Set([...around.settings.values()].flat());
  const steps = filesOf(database).map((file): FileSteps => ({ file, steps: variableSteps(file, hosts, names) }));
  const removal = removeServices(stack, [service], [], steps);
  if ('manual' in removal) return { manual: removal.manual, evidence: [] };
  const texts = textsAfter(stack, database, removal.changes, removal.gone);
  for (const [path, text] of texts)
    if (mentionsIn(path, text, wordPattern(hosts), undefined).length > 0)
      return { manual: `${path} names ${service.name} in another place, too`, evidence: [] };
  const named = removal.gone.find((path) => namedElsewhere(stack, path));
  if (named !== undefined)
    return { manual: `${named} would be left without services, and other files name it`, evidence: [] };
  const calls = around.calls.map((call): Edit => ({ ...call, text: '' }));
  return {
    changes: [
      ...removal.changes,
      ...removal.gone.map((path): Change => ({ path, remove: true })),
      ...calls,
      ...settingsChanges(stack, database, around, texts),
    ],
  };
}

const filesOf = ({ store }: TestDatabase): readonly ComposeFile[] => {
  const { files, overlays } = store.service.project;
  return [...files, ...overlays];
};

/** A step for each variable of the other services that points at the database, anchors included. */
function variableSteps(
  file: ComposeFile,
  hosts: ReadonlySet<string>,
  names: ReadonlySet<string>,
): readonly ComposeStep[] {
  return variablesIn(file, hosts, names).map(
    (): ComposeStep => (now) => {
      const [at] = variablesIn(now, hosts, names);
      return at ? deleteShown(now, at) : [];
    },
  );
}

/** Where services have variables for tests whose value points at a host, or is filled in from one of some names. */
function variablesIn(file: ComposeFile, hosts: ReadonlySet<string>, names: ReadonlySet<string>): readonly Span[] {
  const isOne = (name: string, value: string | undefined): boolean => {
    if (!isTestVariable(name)) return false;
    const from = value === undefined ? name : /^\$\{?(\w+)(?::?\?[^}]*)?\}?$/.exec(value)?.[1];
    return pointsAt(value ?? '', hosts) || (from !== undefined && names.has(from));
  };
  const services = valueAt(file.root, 'services');
  return (services?.kind === 'map' ? services.entries : []).flatMap(({ key, value }): Span[] => {
    const environment = valueAt(value, 'environment');
    if (hosts.has(String(key.value))) return [];
    if (environment?.kind === 'map')
      return environment.entries
        .filter((entry) => isOne(String(entry.key.value), textOf(entry.value)))
        .map(({ at }) => at);
    if (environment?.kind !== 'seq') return [];
    return environment.items
      .filter(({ value: item }) => {
        const [, name = '', text] = /^([^=]*)(?:=(.*))?$/s.exec(textOf(item) ?? '') ?? [];
        return isOne(name, text);
      })
      .map(({ at }) => at);
  });
}

/** The Compose files as the removal leaves them. */
function textsAfter(
  stack: Stack,
  database: TestDatabase,
  changes: readonly Change[],
  gone: readonly string[],
): ReadonlyMap<string, string> {
  return new Map(
    filesOf(database)
      .filter(({ path }) => !gone.includes(path))
      .map(({ path, text }) => {
        const edits = changes.filter(isEdit).filter((edit) => edit.path === path);
        const after = splice(stack.repo.read(path) ?? text, edits);
        return [path, typeof after === 'string' ? after : text];
      }),
  );
}

const namedElsewhere = (stack: Stack, path: string): boolean =>
  stack.repo.paths.some((other) => other !== path && !isDocumentation(other) && stack.repo.read(other)?.includes(path));

/** Env files lose what points at the database; examples also what only its own definition asked for. */
function settingsChanges(
  stack: Stack,
  database: TestDatabase,
  around: Surroundings,
  texts: ReadonlyMap<string, string>,
): readonly Change[] {
  const asked = askedIn(filesOf(database).map(({ text }) => text));
  const still = askedIn([...texts.values()]);
  const own = new Set([...filesOf(database).map(({ path }) => path), ...around.settings.keys()]);
  const orphans = [...asked].filter((name) => !still.has(name) && !usedElsewhere(stack, name, own));
  return [...around.settings].flatMap(([path, pointing]) => {
    const file = stack.sources.dotenv(path);
    const names = new Set([...pointing, ...(isExample(path) ? orphans : [])]);
    return file && file.problems.length === 0 ? withoutVariables(file, names) : [];
  });
}

/** The variables that Compose fills in: `${X}`, `${X:-default}`, `$X`. */
const askedIn = (texts: readonly string[]): ReadonlySet<string> =>
  new Set(texts.flatMap((text) => [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name)));

/** In a file that is neither documentation, nor one of those that change with the database. */
const usedElsewhere = (stack: Stack, name: string, own: ReadonlySet<string>): boolean =>
  stack.repo.paths.some(
    (path) => !own.has(path) && !isDocumentation(path) && new RegExp(`\\b${name}\\b`).test(stack.repo.read(path) ?? ''),
  );
