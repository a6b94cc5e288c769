import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { readStack } from '../../src/model/stack.ts';
import { changedFiles } from '../../src/output/changed-files.ts';
import { diffBytes } from '../../src/output/diff.ts';
import { newBreakages } from '../../src/pipeline/guard.ts';
import { type Run, run } from '../../src/pipeline/run.ts';
import { scan, write } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import { selectTransforms } from '../../src/selection.ts';
import { transforms } from '../../transforms/index.ts';
import { endsAsRepaired, keepsLines } from '../harness.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { lay } from '../repo/tree.ts';

beforeAll(loadPythonForTests);

/** `PIPELINE_RUNS=2000 npx vitest run test/properties/pipeline.test.ts` looks further. */
const RUNS = Number(process.env['PIPELINE_RUNS'] ?? 120);
const ALLOW = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };

type Files = Readonly<Record<string, string>>;

/** Every `before/` of the fixtures, as text by path. */
const fixtures: ReadonlyMap<string, Files> = new Map(
  ['fixtures/repos', 'fixtures/transforms']
    .flatMap((root) => (root.endsWith('repos') ? [root] : readdirSync(root).map((id) => join(root, id))))
    .flatMap((root) => readdirSync(root).map((name) => join(root, name, 'before')))
    .filter(existsSync)
    .map((folder) => [folder, textsOf(folder)] as const),
);

function textsOf(folder: string): Files {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** One way in which a repository may differ from the one that the author of a fixture had in mind. */
type Mutation = (text: string, at: number) => string;

const lines = (text: string): string[] => text.split(/(?<=\n)/);
const atLine =
  (change: (line: string) => string[]): Mutation =>
  (text, at) => {
    const all = lines(text);
    const index = Math.floor(at * all.length);
    return [...all.slice(0, index), ...change(all[index] ?? ''), ...all.slice(index + 1)].join('');
  };
const MUTATIONS: Readonly<Record<string, Mutation>> = {
  crlf: (text) => text.replace(/\r?\n/g, '\r\n'),
  bom: (text) => `\ufeff${text}`,
  truncate: (text, at) => text.slice(0, Math.floor(at * text.length)),
  'no last newline': (text) => text.replace(/\r?\n$/, ''),
  'delete a line': atLine(() => []),
  'repeat a line': atLine((line) => [line, line]),
  'comment above': atLine((line) => [`${/^[ \t]*/.exec(line)?.[0] ?? ''}# é😀 commentaire\n`, line]),
  'comment behind': atLine((line) => [line.replace(/(\r?\n)?$/, '  # déjà vu 😀$1')]),
  'blank line': atLine((line) => ['\n', line]),
  'blanks behind': atLine((line) => [line.replace(/(\r?\n)?$/, ' \t$1')]),
  tabs: (text) => text.replace(/^ {4}/gm, '\t'),
  'swap two lines': (text, at) => {
    const all = lines(text);
    const index = Math.floor(at * (all.length - 1));
    return [...all.slice(0, index), ...all.slice(index, index + 2).reverse(), ...all.slice(index + 2)].join('');
  },
  'drop a character': (text, at) =>
    text.slice(0, Math.floor(at * text.length)) + text.slice(Math.floor(at * text.length) + 1),
};

const unit = fc.double({ min: 0, max: 0.999999, noNaN: true });
/** A fixture and what is done to it; the files follow from these, so that a counterexample stays short. */
interface Mutated {
  readonly folder: string;
  readonly steps: readonly (readonly [name: string, file: number, at: number])[];
  /** With `--group hygiene`, or as it runs by default. */
  readonly hygiene: boolean;
}

const mutated: fc.Arbitrary<Mutated> = fc.record({
  folder: fc.constantFrom(...fixtures.keys()),
  steps: fc.array(fc.tuple(fc.constantFrom(...Object.keys(MUTATIONS)), unit, unit), { maxLength: 4 }),
  hygiene: fc.boolean(),
});

function filesOf({ folder, steps }: Mutated): Files {
  const result: Record<string, string> = { ...fixtures.get(folder) };
  for (const [name, file, at] of steps) {
    const paths = Object.keys(result).filter((path) => /\.(?:ya?ml|py|sh|env)$|ockerfile|entrypoint/.test(path));
    const path = paths[Math.floor(file * paths.length)];
    if (path !== undefined) result[path] = MUTATIONS[name]?.(result[path] ?? '', at) ?? '';
  }
  return result;
}

const repair = (repo: Repo, { hygiene }: Mutated): Run =>
  run(repo, selectTransforms(transforms, { only: [], skip: [], groups: hygiene ? ['hygiene'] : [] }), ALLOW);

test('mutated repositories: nothing throws, untouched lines stay, the guard holds, a second run changes nothing', () => {
  fc.assert(
    fc.property(mutated, (repository) => {
      const files = filesOf(repository);
      const result = repair(Repo.of(files), repository);
      expect(
        result.steps.flatMap(({ transform, error }) =>
          error === undefined ? [] : [`${transform.id}: ${String(error)}`],
        ),
      ).toEqual([]);
      const changed = changedFiles(result).map(({ path }) => path);
      for (const path of changed.filter((each) => result.after.has(each)))
        keepsLines(
          path,
          endsAsRepaired(result, path, files[path] === undefined ? undefined : `:${files[path]}`),
          result.after.has(path) ? `:${result.after.read(path) ?? ''}` : undefined,
        );
      expect(newBreakages(readStack(result.before, undefined), readStack(result.after, undefined), changed)).toEqual(
        [],
      );
      expect(changedFiles(repair(result.after, repository)).map(({ path }) => path)).toEqual([]);
    }),
    { numRuns: RUNS },
  );
}, 600_000);

test('the diff of a dry run, taken by git apply, is what --write writes: bytes and modes', () => {
  fc.assert(
    fc.property(mutated, (repository) => {
      const files = filesOf(repository);
      const [dry, wet] = [
        lay(mkdtempSync(join(tmpdir(), 'dockfix-')), files),
        lay(mkdtempSync(join(tmpdir(), 'dockfix-')), files),
      ];
      try {
        const result = repair(scan(dry), repository);
        const patch = diffBytes(result.before, result.after);
        const done = repair(scan(wet), repository);
        write(wet, done.before, done.after);
        if (patch.length > 0) {
          writeFileSync(join(dry, '.patch'), patch);
          const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir(), GIT_CONFIG_GLOBAL: '/dev/null' };
          const applied = spawnSync('git', ['apply', '--whitespace=nowarn', '.patch'], {
            cwd: dry,
            env,
            encoding: 'utf8',
          });
          expect(applied.stderr).toBe('');
          rmSync(join(dry, '.patch'));
        }
        expect(modesAndBytes(dry)).toEqual(modesAndBytes(wet));
      } finally {
        for (const folder of [dry, wet]) rmSync(folder, { recursive: true, force: true });
      }
    }),
    { numRuns: Math.ceil(RUNS / 6) },
  );
}, 600_000);

function modesAndBytes(folder: string): Readonly<Record<string, string>> {
  const { stdout } = spawnSync('sh', ['-c', 'find . -type f ! -path "./.git/*" -printf "%P\\t%m\\n" | sort'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return Object.fromEntries(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((row) => row.split('\t'))
      .map(([path = '', mode = '']) => [path, `${mode}:${readFileSync(join(folder, path), 'latin1')}`]),
  );
}
