import type { Evidence, Span } from '../../src/finding.ts';
import { isComposePath } from '../../src/model/compose/project.ts';
import { lookupsIn } from '../../src/model/env/calls.ts';
import { isDocumentation, mentionsIn, wordPattern } from '../../src/model/mention.ts';
import { publishedPorts } from '../../src/model/network/published-port.ts';
import type { Variable } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { namesOf } from '../../src/model/store.ts';
import { nameOf } from '../../src/repo/path.ts';
import { isTestAddress, isTestVariable, type TestDatabase } from './test-database.ts';

/** What the files outside Compose have to do with a test database. */
export interface Surroundings {
  /** Env files beside the Compose file, with the names of those variables that point at it. */
  readonly settings: ReadonlyMap<string, readonly string[]>;
  /** Lines of a Makefile that bring it up or down. */
  readonly calls: readonly Span[];
  /** Reads of its address that have an SQLite database to fall back on. */
  readonly fallbacks: readonly Evidence[];
  /** What would no longer work without it. */
  readonly needs: readonly Evidence[];
  /** Documentation that tells of it. */
  readonly documents: readonly string[];
}

/** A value that is one variable and nothing else, alone or as an item of a list. */
const FILLED = /^(?:["']?\w+=)?["']?\$\{?(\w+)(?::?\?[^}]*)?\}?["']?$/;
const MAKEFILE = /(?:^|\/)(?:GNU)?[Mm]akefile$/;
const EXAMPLE = /(?:^|\/)(?:\.?env[.-](?:example|sample|template|dist)|example\.env)$/;
const NOT_A_USE = /(?:^|\/)\.(?:gitignore|gitattributes|dockerignore|editorconfig)$/;

/** True for an env file that people copy to `.env`. */
export const isExample = (path: string): boolean => EXAMPLE.test(path);

/** Looks through every file for the test database: its host names, its published ports, the variables that hold its address. */
export function surroundingsOf(stack: Stack, database: TestDatabase): Surroundings {
  const { service } = database.store;
  const address = addressPattern(database);
  const settings = settingsOf(stack, database, address);
  const variables = new Set([
    ...database.variables.map(({ variable }) => variable.name),
    ...[...settings.values()].flat(),
  ]);
  const found = {
    calls: [] as Span[],
    fallbacks: [] as Evidence[],
    needs: [] as Evidence[],
    documents: [] as string[],
  };
  for (const path of stack.repo.paths) {
    const text = stack.repo.read(path);
    if (text === undefined || isComposePath(stack.repo, path) || NOT_A_USE.test(path)) continue;
    if (isDocumentation(path)) {
      if (new RegExp(wordPattern(namesOf(service)), 'i').test(text)) found.documents.push(path);
      continue;
    }
    if (settings.has(path)) continue;
    const python = path.endsWith('.py') ? stack.sources.python(path) : undefined;
    const calls = MAKEFILE.test(path) ? callsIn(path, text, service.name) : [];
    found.calls.push(...calls);
    for (const at of mentionsIn(path, text, address, python))
      if (!calls.some((call) => call.start <= at.start && at.end <= call.end))
        found.needs.push({ at, says: `${nameOf(path)} names ${text.slice(at.start, at.end)}` });
    for (const name of new Set([...variables, ...testAddressesIn(text)])) {
      const reads = python ? lookupsIn(python).filter((lookup) => lookup.name === name) : [];
      for (const at of mentionsIn(path, text, `\\b${name}\\b`, python)) {
        const read = reads.find((each) => each.at.start <= at.start && at.end <= each.at.end);
        if (read && fallsBack(text, read))
          found.fallbacks.push({ at: read.at, says: `without ${name}, SQLite is used` });
        else found.needs.push({ at, says: `${nameOf(path)} needs ${name}` });
      }
    }
  }
  const hidden = database.variables.filter(
    ({ variable }) => variable.from === 'env_file' && !settings.has(variable.at.path),
  );
  found.needs.push(...hidden.map(({ variable }) => ({ at: variable.at, says: `${variable.name} points at it` })));
  const names = new Set([...settings.values()].flat());
  const open = database.open.filter((variable) => !names.has(filledBy(stack, variable)));
  found.needs.push(...open.map(({ name, at }) => ({ at, says: `${name} may hold its address` })));
  return { settings, ...found };
}

/** The variable that a value like `${X}` is filled in from; a variable without a value is passed on by its own name. */
function filledBy(stack: Stack, { name, value }: Variable): string {
  const text = value ? (stack.repo.read(value.at.path)?.slice(value.at.start, value.at.end) ?? '') : '';
  return FILLED.exec(text)?.[1] ?? name;
}

/** Names in a source that can only be the address of a database for tests, wherever its value comes from. */
const testAddressesIn = (text: string): readonly string[] => [
  ...[...text.matchAll(/\b[A-Z][A-Z0-9_]*\b/g)].map(([name]) => name).filter((name) => isTestAddress(name)),
  ...[...text.matchAll(/\b(?:test_(?:database|db|postgres)|(?:database|db)_test)_(?:url|uri|dsn|host)\b/g)].map(
    ([name]) => name,
  ),
];

/** `os.environ.get("X", "sqlite://")`, `os.environ.get("X") or "sqlite://"`. */
function fallsBack(text: string, { at, fallback }: ReturnType<typeof lookupsIn>[number]): boolean {
  const either = /^\s*or\b[\s\\(]*/.exec(text.slice(at.end));
  const rest = fallback ? fallback.text : either ? text.slice(at.end + either[0].length) : '';
  return /^[rf]?["']sqlite/.test(rest);
}

/** Its names as a host, or a published port where a port can stand. */
function addressPattern({ store, main }: TestDatabase): string {
  const ports = [...new Set(publishedPorts(store.service).map(({ host }) => host))];
  const names = wordPattern(namesOf(store.service));
  return ports.length === 0
    ? names
    : `${names}|(?:(?<=[\\w\\])}]:)(?<!${wordPattern(namesOf(main))}:)|(?<=port\\w{0,9}\\W{1,5})|(?<=-[pP] ?))(?:${ports.join('|')})(?!\\d)`;
}

/** The env files beside the Compose file; one variable that is not named as for tests makes the whole file no such. */
function settingsOf(stack: Stack, { store }: TestDatabase, address: string): ReadonlyMap<string, readonly string[]> {
  const { folder } = store.service.project;
  const paths = stack.repo.paths.filter(
    (path) => path === [folder, nameOf(path)].filter(Boolean).join('/') && (isExample(path) || nameOf(path) === '.env'),
  );
  return new Map(
    paths.flatMap((path): (readonly [string, readonly string[]])[] => {
      const pointing = (stack.sources.dotenv(path)?.entries ?? []).filter(({ value }) =>
        new RegExp(address, 'i').test(value ?? ''),
      );
      return pointing.every(({ name }) => isTestVariable(name)) ? [[path, pointing.map(({ name }) => name)]] : [];
    }),
  );
}

/** Recipe lines that do nothing but start, stop or show this service; the target must have something else to do. */
function callsIn(path: string, text: string, name: string): readonly Span[] {
  const line = new RegExp(
    `^\\t[@-]*(?:docker[ -]compose|\\$[({]\\w+[)}])(?: +-\\S+)* +(?:up|start|stop|rm|pull|wait)(?: +-\\S+)* +${name}[ \\t]*\\r?$\\n?`,
    'gm',
  );
  return [...text.matchAll(line)]
    .map(({ index, 0: { length } }) => ({ path, start: index, end: index + length }))
    .filter(({ start, end }) => /^\t/.test(text.slice(end)) || /\n\t[^\n]*\n$/.test(text.slice(0, start)));
}
