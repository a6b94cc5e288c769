import { UserError } from '../errors.ts';
import { lineNumber } from '../lines.ts';
import { type ComposeEntry, type ComposeNode, readCompose, valueAt } from '../parse/compose.ts';
import { nearest } from '../selection.ts';
import { eitherOf } from '../words.ts';

/** A configuration file that cannot be used, with the line (counted from one) where that shows. */
export class ConfigError extends UserError {
  readonly place: { readonly path: string; readonly line: number };
  /** What is wrong, without the place. */
  readonly what: string;

  constructor(path: string, line: number, what: string, hint: string | undefined) {
    super(`${path}:${line}: ${what}`, hint);
    this.place = { path, line };
    this.what = what;
  }

  /** Another bundle's, too; but no other `UserError`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof UserError && 'place' in value && 'what' in value;
  }
}

/** A configuration file and the value in it that is the configuration. */
export interface Reading {
  readonly path: string;
  readonly text: string;
  readonly node: ComposeNode | undefined;
}

/** Reads a configuration file; JSON is YAML, so one reader does. `undefined` for a package.json that says nothing of dockfix. */
export function readingOf(path: string, text: string): Reading | undefined {
  const isPackage = path === 'package.json';
  if (isPackage && !text.includes('"dockfix"')) return undefined;
  const file = readCompose(path, text);
  const [problem] = file.problems;
  if (problem) {
    // A broken package.json is the business of others.
    if (isPackage) return undefined;
    throw new ConfigError(path, lineNumber(text, problem.at.start), problem.message, problem.hint);
  }
  const node = isPackage ? valueAt(file.root, 'dockfix') : file.root;
  return isPackage && !node ? undefined : { path, text, node };
}

/** The entries of a mapping whose keys are given; none when it is absent. */
export function entriesIn(
  reading: Reading,
  node: ComposeNode,
  key: string,
  keys: readonly string[],
  what: string,
): readonly ComposeEntry[] {
  const value = valueAt(node, key);
  if (!value) return [];
  if (value.kind !== 'map') throw wrong(reading, value, `${key} is a mapping`, `Write it as ${key}: { ${keys[0]}: … }`);
  for (const entry of value.own) oneOf(reading, entry.key, keys, what);
  return value.entries;
}

/** The items of a list; none when it is absent. */
export function itemsIn(reading: Reading, node: ComposeNode, key: string): readonly ComposeNode[] {
  const value = valueAt(node, key);
  if (!value) return [];
  if (value.kind !== 'seq') throw wrong(reading, value, `${key} is a list`, `Write it as ${key}: [ … ]`);
  return value.items.map((item) => item.value);
}

/** The one of some words that stands there; else an error that names the nearest. */
export function oneOf<const T extends string>(
  reading: Reading,
  node: ComposeNode,
  words: readonly T[],
  what: string,
): T {
  const text = node.kind === 'scalar' ? String(node.value) : '';
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  const near = nearest(text, words);
  const hint =
    near !== undefined ? `Did you mean ${near}?` : words.length > 8 ? 'See: dockfix list' : `It is ${eitherOf(words)}.`;
  throw wrong(reading, node, `There is no ${what} "${text}"`, hint);
}

/** Whether something is switched on. */
export function switchAt(reading: Reading, node: ComposeNode): boolean {
  const word = oneOf(reading, node, ['on', 'off', 'true', 'false'], 'switch');
  return word === 'on' || word === 'true';
}

/** An error at a node. */
export function wrong(
  { path, text }: Reading,
  node: ComposeNode | undefined,
  message: string,
  hint: string,
): ConfigError {
  return new ConfigError(path, lineNumber(text, node?.at.start ?? 0), message, hint);
}
