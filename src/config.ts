import { UserError } from './errors.ts';
import { lineNumber } from './lines.ts';
import { type ComposeEntry, type ComposeNode, readCompose, valueAt } from './parse/compose.ts';
import type { Repo } from './repo/repo.ts';
import { nearest } from './selection.ts';
import type { Level, Transform } from './transform.ts';
import { eitherOf } from './words.ts';

/** What a repository says about how dockfix treats it. */
export interface Config {
  /** Transforms that are switched on or off. */
  readonly transforms: ReadonlyMap<string, boolean>;
  /** Groups that run besides `repair`. */
  readonly groups: readonly Transform['group'][];
  readonly severity: ReadonlyMap<string, Level>;
  /** Patterns as in `.gitignore`, of files that are read, but neither reported nor changed. */
  readonly exclude: readonly string[];
}

const NONE: Config = { transforms: new Map(), groups: [], severity: new Map(), exclude: [] };
const FILES = ['dockfix.yml', 'dockfix.json'];
const KEYS = ['$schema', 'transforms', 'groups', 'severity', 'exclude'];
const GROUPS = ['repair', 'hygiene'] as const;
const LEVELS = ['error', 'warning', 'note'] as const;

/** Reads `dockfix.yml`, `dockfix.json` or `dockfix` in package.json at the root; a `UserError` names the place of what is wrong. */
export function readConfig(repo: Repo, transforms: readonly Transform[]): Config {
  const found = [...FILES, 'package.json'].flatMap((path) => {
    const reading = repo.has(path) ? readingOf(repo, path) : undefined;
    return reading ? [reading] : [];
  });
  const [first, second] = found;
  if (second)
    throw new UserError(`There are two configurations: ${first?.path} and ${second.path}`, 'Keep one of them.');
  return first ? configOf(first, transforms) : NONE;
}

/** The JSON Schema of a configuration. */
export function configSchema(transforms: readonly Transform[]): object {
  const each = (value: object): object => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(transforms.map(({ id, summary }) => [id, { description: summary, ...value }])),
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of dockfix',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      transforms: {
        description: 'Transforms that are switched on or off.',
        ...each({ enum: [true, false, 'on', 'off'] }),
      },
      groups: {
        description: 'Groups that run; repair always does.',
        type: 'array',
        items: { enum: GROUPS },
      },
      severity: { description: 'How much the findings of a transform matter to a check.', ...each({ enum: LEVELS }) },
      exclude: {
        description: 'Files that are read, but neither reported nor changed; patterns as in .gitignore.',
        type: 'array',
        items: { type: 'string', minLength: 1 },
      },
    },
  };
}

interface Reading {
  readonly path: string;
  readonly text: string;
  readonly node: ComposeNode | undefined;
}

/** JSON is YAML, so one reader does. */
function readingOf(repo: Repo, path: string): Reading | undefined {
  const text = repo.read(path);
  if (text === undefined) return undefined;
  const isPackage = path === 'package.json';
  if (isPackage && !text.includes('"dockfix"')) return undefined;
  const file = readCompose(path, text);
  const [problem] = file.problems;
  if (problem) {
    // A broken package.json is the business of others.
    if (isPackage) return undefined;
    throw new UserError(`${path}:${lineNumber(text, problem.at.start)}: ${problem.message}`, problem.hint);
  }
  const node = isPackage ? valueAt(file.root, 'dockfix') : file.root;
  return isPackage && !node ? undefined : { path, text, node };
}

function configOf(reading: Reading, transforms: readonly Transform[]): Config {
  const { node } = reading;
  if (!node && /^\s*(?:#.*\s*)*$/.test(reading.text)) return NONE;
  if (node?.kind !== 'map')
    throw wrong(reading, node, 'A configuration is a mapping', `Its keys are ${eitherOf(KEYS)}.`);
  for (const { key } of node.own) oneOf(reading, key, KEYS, 'key');
  const ids = transforms.map(({ id }) => id);
  return {
    transforms: new Map(
      entriesIn(reading, node, 'transforms', ids).map(({ key, value }) => [
        String(key.value),
        switchOf(oneOf(reading, value, ['on', 'off', 'true', 'false'], 'switch')),
      ]),
    ),
    groups: itemsIn(reading, node, 'groups').map((item) => oneOf(reading, item, GROUPS, 'group')),
    severity: new Map(
      entriesIn(reading, node, 'severity', ids).map(({ key, value }) => [
        String(key.value),
        oneOf(reading, value, LEVELS, 'severity'),
      ]),
    ),
    exclude: itemsIn(reading, node, 'exclude').map((item) => {
      if (item.kind !== 'scalar' || typeof item.value !== 'string' || item.value === '')
        throw wrong(reading, item, 'This is no pattern', 'Write it as in .gitignore: legacy/**');
      return item.value;
    }),
  };
}

const switchOf = (word: string): boolean => word === 'on' || word === 'true';

function entriesIn(reading: Reading, node: ComposeNode, key: string, ids: readonly string[]): readonly ComposeEntry[] {
  const value = valueAt(node, key);
  if (!value) return [];
  if (value.kind !== 'map') throw wrong(reading, value, `${key} is a mapping`, `Write it as ${key}: { ${ids[0]}: … }`);
  for (const entry of value.entries) oneOf(reading, entry.key, ids, 'transform');
  return value.entries;
}

function itemsIn(reading: Reading, node: ComposeNode, key: string): readonly ComposeNode[] {
  const value = valueAt(node, key);
  if (!value) return [];
  if (value.kind !== 'seq') throw wrong(reading, value, `${key} is a list`, `Write it as ${key}: [ … ]`);
  return value.items.map((item) => item.value);
}

/** The one of some words that stands there; else an error that names the nearest. */
function oneOf<const T extends string>(reading: Reading, node: ComposeNode, words: readonly T[], what: string): T {
  const text = node.kind === 'scalar' ? String(node.value) : '';
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const near = nearest(text, words);
  const hint =
    near !== undefined ? `Did you mean ${near}?` : words.length > 8 ? 'See: dockfix list' : `It is ${eitherOf(words)}.`;
  throw wrong(reading, node, `There is no ${what} "${text}"`, hint);
}

function wrong({ path, text }: Reading, node: ComposeNode | undefined, message: string, hint: string): UserError {
  return new UserError(`${path}:${lineNumber(text, node?.at.start ?? 0)}: ${message}`, hint);
}
