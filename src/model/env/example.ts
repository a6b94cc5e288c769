import type { Change } from '../../finding.ts';
import { eolOf } from '../../lines.ts';
import { readDotenv } from '../../parse/dotenv.ts';
import type { Stack } from '../stack.ts';

/** A variable for `.env.example`: what it is for, and something that is plainly not its value. */
export interface ExampleEntry {
  readonly name: string;
  readonly comment: string;
  readonly placeholder: string;
}

const NAMES = [
  '.env.example',
  '.env.sample',
  '.env.template',
  '.env.dist',
  'env.example',
  'example.env',
  '.env-example',
];

/** The example that people copy to `.env` in a folder; `.env.example` when there is none yet. */
export function examplePath(stack: Stack, folder: string): string {
  const inFolder = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  return NAMES.map(inFolder).find((path) => stack.repo.has(path)) ?? inFolder('.env.example');
}

/** Adds what the example beside a Compose file does not name yet, at its end; order and comments of the rest stay. */
export function addToExample(stack: Stack, folder: string, entries: readonly ExampleEntry[]): readonly Change[] {
  const path = examplePath(stack, folder);
  const text = stack.repo.read(path);
  if (text === undefined) return stack.repo.has(path) ? [] : [{ path, create: created(entries) }];
  const known = new Set(readDotenv(path, text).entries.map(({ name }) => name));
  // A name that is commented out is named all the same: people find it there.
  const missing = entries.filter(
    ({ name }) => !known.has(name) && !new RegExp(`^#\\s*(?:export\\s+)?${name}=`, 'm').test(text),
  );
  if (missing.length === 0) return [];
  const eol = eolOf(text);
  const gap = text === '' || /\n\s*\n$/.test(text) ? '' : text.endsWith('\n') ? eol : `${eol}${eol}`;
  const block = blockOf(missing).join(eol);
  return [{ path, start: text.length, end: text.length, text: `${gap}${block}${eol}` }];
}

const created = (entries: readonly ExampleEntry[]): string =>
  ['# Copy this file to .env and fill in the values.', '', ...blockOf(entries), ''].join('\n');

function blockOf(entries: readonly ExampleEntry[]): readonly string[] {
  const comments = [...new Set(entries.map(({ comment }) => comment))];
  return comments.flatMap((comment, index) => [
    ...(index > 0 ? [''] : []),
    `# ${comment}`,
    ...entries.filter((entry) => entry.comment === comment).map(({ name, placeholder }) => `${name}=${placeholder}`),
  ]);
}
