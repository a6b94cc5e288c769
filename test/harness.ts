import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diffArrays } from 'diff';
import { expect } from 'vitest';
import { isEdit } from '../src/finding.ts';
import { readStack } from '../src/model/stack.ts';
import { appliedOutcomes, changedFiles } from '../src/output/changed-files.ts';
import { diffBytes } from '../src/output/diff.ts';
import { newBreakages } from '../src/pipeline/guard.ts';
import { type Run, run } from '../src/pipeline/run.ts';
import { scan } from '../src/repo/disk.ts';
import type { Repo } from '../src/repo/repo.ts';
import type { Transform } from '../src/transform.ts';

/** Files of a folder by path: mode and bytes, as `100644:<latin1 text>` so that a failure shows readable text. */
export type Tree = ReadonlyMap<string, string>;

const ALLOW = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };
const GIT_ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CEILING_DIRECTORIES: tmpdir(),
};

/** Copies `before/` out of the project, so that nothing of it is ever written and no outer git repository is seen. */
export function copyOf(before: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-'));
  cpSync(before, folder, { recursive: true, verbatimSymlinks: true });
  // As a clone has it: a container's own user reads a mounted folder.
  chmodSync(folder, 0o755);
  return folder;
}

export function treeOf(folder: string): Tree {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith('.git/'))
    .sort();
  return new Map(
    paths.map((path) => [path, entryOf(statSync(join(folder, path)).mode, readFileSync(join(folder, path)))]),
  );
}

const entryOf = (mode: number, bytes: Buffer): string =>
  `${mode & 0o100 ? '100755' : '100644'}:${bytes.toString('latin1')}`;

/** The tree that a snapshot stands for; files that are never read as text come from the folder. */
function treeOfRepo(repo: Repo, start: Tree): Tree {
  const tree = new Map([...start].filter(([path]) => repo.has(path)));
  for (const path of repo.paths) {
    const file = repo.file(path);
    if ('text' in file)
      tree.set(path, entryOf(file.mode, Buffer.from(file.text, file.encoding === 'latin1' ? 'latin1' : 'utf8')));
  }
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const changedPaths = (a: Tree, b: Tree): readonly string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();

/** Runs transforms over a copy of `before/` and asserts everything that must hold for every repository there is. */
export function repaired(
  before: string,
  transforms: readonly Transform[],
): { readonly run: Run; readonly tree: Tree; readonly patch: Buffer; readonly changed: readonly string[] } {
  const folder = copyOf(before);
  try {
    const start = treeOf(folder);
    const result = run(scan(folder), transforms, ALLOW);
    const failures = result.steps.flatMap((step) => (step.error === undefined ? [] : [step.error]));
    expect(failures, 'a transform failed').toEqual([]);
    const broken = result.steps.flatMap((step) =>
      step.outcomes.filter((outcome) => outcome.skipped === 'would break the file'),
    );
    expect(
      broken.map(({ finding, detail }) => `${finding.message}: ${detail}`),
      'the guard refused a fix',
    ).toEqual([]);

    const tree = treeOfRepo(result.after, start);
    const changed = changedPaths(start, tree);
    expect(namedPaths(result), 'files outside the fixes').toEqual(expect.arrayContaining([...changed]));
    for (const path of changed) keepsLines(path, endsAsRepaired(result, path, start.get(path)), tree.get(path));
    expect(
      newBreakages(readStack(result.before, undefined), readStack(result.after, undefined), changed),
      'the guard',
    ).toEqual([]);
    expect(changedFiles(run(result.after, transforms, ALLOW)), 'a second run').toEqual([]);

    const patch = Buffer.from(diffBytes(result.before, result.after));
    if (changed.length === 0) expect(patch.toString('latin1')).toBe('');
    else applyPatch(folder, patch);
    expect(treeOf(folder), 'the tree after git apply').toEqual(tree);
    return { run: result, tree, patch, changed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every path that the applied fixes name. */
const namedPaths = (result: Run): readonly string[] =>
  appliedOutcomes(result)
    .flatMap((outcome) => outcome.finding.fix?.changes ?? [])
    .flatMap((change) => ('renameTo' in change ? [change.path, change.renameTo] : [change.path]));

/** `git apply --check`, then `git apply`. */
export function applyPatch(folder: string, patch: Buffer): void {
  const file = join(folder, '..', `${folder.slice(folder.lastIndexOf('/') + 1)}.patch`);
  writeFileSync(file, patch);
  try {
    for (const flags of [['--check'], []])
      execFileSync('git', ['apply', ...flags, file], { cwd: folder, env: GIT_ENV, stdio: ['ignore', 'pipe', 'pipe'] });
  } finally {
    rmSync(file);
  }
}

/**
 * A shell script with CRLF cannot run, so a fix may give it LF: then, and only where an edit of that fix takes the `\r` of a
 * script away, the text is compared as if it had been so; every other byte must stay all the same.
 */
export function endsAsRepaired(result: Run, path: string, before: string | undefined): string | undefined {
  const repaired = appliedOutcomes(result).some(({ finding, seen }) =>
    finding.fix?.changes.some((change) => {
      if (change.path !== path || !isEdit(change)) return false;
      const gone = seen.read(path)?.slice(change.start, change.end) ?? '';
      return gone.includes('\r') && gone.replaceAll('\r', '').trim() === change.text.trim();
    }),
  );
  const isScript = /\.(?:sh|bash)$/.test(path) || /^\d*:\ufeff?#!.*\b(?:ba|da|a)?sh\b/.test(before ?? '');
  return repaired && isScript ? before?.replaceAll('\r\n', '\n') : before;
}

/** A line that stays (compared without its end and trailing blanks) stays byte for byte. */
export function keepsLines(path: string, before: string | undefined, after: string | undefined): void {
  if (before === undefined || after === undefined) return;
  const [old, next] = [before, after].map((text) => text.slice(text.indexOf(':') + 1).split(/(?<=\n)/)) as [
    string[],
    string[],
  ];
  const bare = (lines: readonly string[]): string[] => lines.map((line) => line.trimEnd());
  let [i, j] = [0, 0];
  for (const part of diffArrays(bare(old), bare(next))) {
    if (!part.added && !part.removed)
      for (let k = 0; k < part.value.length; k += 1) {
        const lastLine = i + k === old.length - 1 || j + k === next.length - 1;
        const [was, is] = [old[i + k] ?? '', next[j + k] ?? ''];
        // Text after a last line that had no newline gives it one; a line that moves to such a place loses its own.
        const movedToEnd = j + k === next.length - 1 && !old.at(-1)?.endsWith('\n') && was.replace(/\r?\n$/, '') === is;
        if (!(lastLine && is.startsWith(was)) && !movedToEnd) expect(is, `${path}: line ${j + k + 1}`).toBe(was);
      }
    if (!part.added) i += part.value.length;
    if (!part.removed) j += part.value.length;
  }
}

/** Messages of Python's own compiler for the sources that it refuses, by name. One process for all of them. */
export function pythonErrors(sources: ReadonlyMap<string, Buffer>): readonly string[] {
  const program = `
import base64, json, sys, warnings
warnings.simplefilter("ignore")
for name, text in json.load(sys.stdin):
    try:
        compile(base64.b64decode(text), name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        print(f"{name}: {error}")
`;
  const input = JSON.stringify([...sources].map(([name, bytes]) => [name, bytes.toString('base64')]));
  return execFileSync('python3', ['-c', program], { input, encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\n')
    .filter(Boolean);
}

/** What `sh -n` (`bash -n` for a script that asks for bash) says about a script; empty when it is fine. */
export function shellError(script: Buffer): string {
  const shell = /^#!.*\bbash\b/.test(script.toString('latin1')) ? 'bash' : 'sh';
  try {
    execFileSync(shell, ['-n'], { input: script, stdio: ['pipe', 'pipe', 'pipe'] });
    return '';
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr);
  }
}

/** The bytes of one file of a tree. */
export const bytesIn = (tree: Tree, path: string): Buffer => {
  const entry = tree.get(path) ?? '';
  return Buffer.from(entry.slice(entry.indexOf(':') + 1), 'latin1');
};
