import { spawnSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPatch, parsePatch, reversePatch } from 'diff';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diff, diffBytes } from '../../src/output/diff.ts';
import { scan } from '../../src/repo/disk.ts';
import { encode } from '../../src/repo/encoding.ts';
import { Repo, type RepoFile } from '../../src/repo/repo.ts';
import { undoWith } from '../../src/repo/undo.ts';
import { writeWith } from '../../src/repo/write.ts';
import { hasty } from '../repo/failing.ts';
import { lay } from '../repo/tree.ts';

const NAMES = [
  'a',
  'B.py',
  'my file',
  ' lead',
  'trail ',
  'é',
  '日本',
  'q"uote',
  'back\\slash',
  'tab\tname',
  '😀.sh',
  'a b\tc',
  '-dash',
  '#x',
  '$HOME',
  'new\nline',
];
const FOLDERS = ['', 'dir/', 'dir/sub dir/', 'ünï/'];
const paths = FOLDERS.flatMap((folder) => NAMES.map((name) => folder + name));

const line = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'b',
    'c',
    '+x',
    '-x',
    '@@ -1 +1 @@',
    '--- a/f',
    ' ',
    '\t',
    'a\rb',
    '\\ No newline at end of file',
    'diff --git a/x b/x',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => !/[\n\0]/.test(text)),
);
const eol = fc.constantFrom('\n', '\r\n');
const text = fc
  .tuple(fc.array(fc.tuple(line, eol), { maxLength: 14 }), fc.option(line), fc.constantFrom('', '\ufeff'))
  .map(([lines, last, bom]) => bom + lines.map((pair) => pair.join('')).join('') + (last ?? ''));
const mode = fc.constantFrom<0o644 | 0o755>(0o644, 0o755);

// Text of a latin1 file: what makes it one is a byte that no UTF-8 has.
const latin1 = fc
  .tuple(text, fc.constantFrom('\xff', '\xe9\n', '\r\n\xfc'))
  .map(([ascii, extra]) => ascii.replaceAll(/[^\0-\x7f]/g, '?') + extra);
const content: fc.Arbitrary<RepoFile> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ text, encoding: fc.constant('utf8' as const), mode }) },
  { weight: 1, arbitrary: fc.record({ text: latin1, encoding: fc.constant('latin1' as const), mode }) },
);

type Step = 'keep' | 'replace' | 'edit' | 'mode' | 'remove' | 'rename';
const entry = fc.record({
  path: fc.constantFrom(...paths),
  before: fc.option(content),
  step: fc.constantFrom<Step>('keep', 'replace', 'edit', 'edit', 'edit', 'mode', 'remove', 'rename'),
  next: content,
  at: fc.nat(),
});
const entries = fc.uniqueArray(entry, { selector: ({ path }) => path, minLength: 1, maxLength: 6 });

type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

function changesOf({ path, before, step, next, at }: Entry): readonly [string, RepoFile | null][] {
  if (!before) return [[path, next]];
  if (step === 'keep') return [];
  if (step === 'remove') return [[path, null]];
  if (step === 'mode') return [[path, { ...before, mode: before.mode === 0o644 ? 0o755 : 0o644 }]];
  if (step === 'rename')
    return [
      [path, null],
      [`${path}.moved`, before],
    ];
  if (step === 'replace') return [[path, next]];
  const where = at % (before.text.length + 1);
  const inserted = before.encoding === 'latin1' ? '\xe8\r\nx' : 'ü\r\nx';
  return /[\ud800-\udbff]$/.test(before.text.slice(0, where))
    ? []
    : [[path, { ...before, text: before.text.slice(0, where) + inserted + before.text.slice(where + 3) }]];
}

/** Bytes and executable bit of every file; git knows no more. */
function gitPicture(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => !/^\.git(\/|$)/.test(path));
  const described = files.sort().flatMap((path) => {
    const stats = lstatSync(join(folder, path));
    return stats.isFile()
      ? [[path, `${stats.mode & 0o100} ${readFileSync(join(folder, path), 'latin1')}`] as const]
      : [];
  });
  return Object.fromEntries(described);
}

test('git apply makes of a patch what write makes of the snapshot, and undo takes it back', () => {
  const work = mkdtempSync(join(tmpdir(), 'dockfix-property-'));
  const template = join(work, 'template');
  mkdirSync(template);
  spawnSync('git', ['init', '-q', '--template='], { cwd: template });
  let run = 0;
  const git = (cwd: string, args: readonly string[], input: Uint8Array): void => {
    const { status, stderr } = spawnSync('git', ['-c', 'core.autocrlf=false', 'apply', ...args, '-'], {
      cwd,
      input,
      encoding: 'utf8',
    });
    if (status !== 0)
      throw new Error(`git apply ${args.join(' ')}: ${stderr}\n${Buffer.from(input).toString('latin1')}`);
  };
  try {
    fc.assert(
      fc.property(entries, (files) => {
        const [ours, gits] = [join(work, `ours${run}`), join(work, `git${run}`)];
        run += 1;
        cpSync(template, ours, { recursive: true });
        const old = files.flatMap(({ path, before }) =>
          before ? [[path, { bytes: encode(before.text, before.encoding), mode: before.mode }] as const] : [],
        );
        lay(ours, Object.fromEntries(old));
        cpSync(ours, gits, { recursive: true });
        const start = gitPicture(ours);
        const repo = scan(ours);
        for (const { path, before } of files) if (before) expect(repo.file(path)).toEqual(before);
        const next = repo.with(new Map(files.flatMap(changesOf)));
        const patch = diffBytes(repo, next);
        writeWith(hasty, ours, repo, next);
        if (patch.length > 0) {
          git(gits, ['--check'], patch);
          git(gits, [], patch);
        }
        expect(gitPicture(gits)).toEqual(gitPicture(ours));
        if (patch.length > 0) undoWith(hasty, ours);
        expect(gitPicture(ours)).toEqual(start);
        rmSync(ours, { recursive: true });
        rmSync(gits, { recursive: true });
      }),
      { numRuns: 80 },
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});

test('a patch of one file leads from the one text to the other, and back', () => {
  const repoOf = (content: string): Repo =>
    Repo.of({}).with(new Map([['f', { text: content, encoding: 'utf8', mode: 0o644 }]]));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const [patch] = parsePatch(diff(repoOf(before), repoOf(after)));
      fc.pre(patch !== undefined);
      const options = { autoConvertLineEndings: false, fuzzFactor: 0 };
      expect(applyPatch(before, patch, options)).toBe(after);
      expect(applyPatch(after, reversePatch(patch), options)).toBe(before);
    }),
    { numRuns: 1500 },
  );
});
