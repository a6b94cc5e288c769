import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Lexer, marked } from 'marked';
import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm, readmeOf } from '../../src/assets.ts';
import type { Change, Finding } from '../../src/finding.ts';
import { lineStart } from '../../src/lines.ts';
import { ignoreAt } from '../../src/model/ignore-comment.ts';
import { readStack } from '../../src/model/stack.ts';
import { withoutKnown } from '../../src/output/check/baseline.ts';
import { checkstyleCheck } from '../../src/output/check/checkstyle.ts';
import { githubCheck } from '../../src/output/check/github.ts';
import { gitlabCheck } from '../../src/output/check/gitlab.ts';
import { jsonCheck } from '../../src/output/check/json.ts';
import { junitCheck } from '../../src/output/check/junit.ts';
import { markdownCheck } from '../../src/output/check/markdown.ts';
import { prettyCheck } from '../../src/output/check/pretty.ts';
import { sarifCheck } from '../../src/output/check/sarif.ts';
import { belowTop, type Check, checkOf, fails, type Position } from '../../src/output/check.ts';
import type { Palette } from '../../src/output/palette.ts';
import { loadPython } from '../../src/parse/python.ts';
import { type Run, run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import { Repo } from '../../src/repo/repo.ts';
import { splice } from '../../src/splice.ts';
import { defineTransform, type Level, type Transform } from '../../src/transform.ts';
import { transforms } from '../../transforms/index.ts';
import { readCheckstyle, readGithub, readGitlab, readJunit, readSarif } from './readers.ts';

const ALLOW = { allow: new Set(['safe', 'review'] as const), named: new Set<string>() };
const same = (text: string): string => text;
const PLAIN: Palette = { bold: same, dim: same, underline: same, red: same, green: same, yellow: same, cyan: same };
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
const DRIVER = { version: '1.2.3', page: (id: string) => `# ${id}\n\nMend it\nwell.\n\n## What breaks\n` };

const checked = (result: Run, levels?: ReadonlyMap<string, Level>): Check =>
  checkOf(result, { digest, levels: levels ?? new Map(), known: new Set(), isExcluded: () => false, edits: true });

/** A transform whose findings are these as long as the file has its first text. */
const finding = (id: string, group: Transform['group'], find: (repo: Repo) => readonly Finding[]): Transform =>
  defineTransform({ id, group, summary: `Mend <${id}>`, find: (stack) => find(stack.repo) });

const span = (repo: Repo, path: string, text: string) => {
  const start = repo.read(path)?.indexOf(text) ?? -1;
  return start < 0 ? [] : [{ path, start, end: start + text.length }];
};

const replace =
  (path: string, from: string, to: string, message: string) =>
  (repo: Repo): readonly Finding[] =>
    span(repo, path, from).map((at) => ({
      message,
      at,
      evidence: [{ at, says: 'here' }],
      fix: { title: `Write ${to}`, safety: 'safe', changes: [{ ...at, text: to }] satisfies readonly Change[] },
    }));

/** Everything that could break a format, in messages, paths and texts. */
const NASTY =
  'a <b> & "c" \'d\' ]]> `e` |f| 100%, x: y::error::z\r\n::error file=x::spoofed\u0000\u001b[31m\ud800 @user [l](http://x) é 😀';
const PATHS = ['Dockerfile', 'a,b:c %41/ü d.env', '<x>&"y\'.sh'];
const files = Object.fromEntries(PATHS.map((path, index) => [path, `FROM x${index}\nRUN é😀 one\nRUN two\n`]));

const nasty = run(
  Repo.of(files),
  [
    finding('first-thing', 'repair', (repo) => PATHS.flatMap((path) => replace(path, 'one', 'eins', NASTY)(repo))),
    finding('hygienic', 'hygiene', replace('Dockerfile', 'two', 'zwei', NASTY)),
    finding('by-hand', 'repair', (repo) =>
      span(repo, 'Dockerfile', 'eins').map((at) => ({
        message: NASTY,
        at,
        evidence: [{ at, says: NASTY }],
        advice: NASTY,
        fix: { title: NASTY, safety: 'manual', changes: [] },
      })),
    ),
    finding('told', 'repair', (repo) =>
      span(repo, 'Dockerfile', 'FROM').map((at) => ({ message: NASTY, at, evidence: [] })),
    ),
    finding('quiet', 'repair', () => []),
    finding('thrown', 'repair', () => {
      throw new Error(NASTY);
    }),
  ],
  ALLOW,
);
const notices = [{ path: PATHS[1] ?? '', line: 2, message: NASTY, hint: NASTY }];
const hostile = checked({ ...nasty, notices });

describe('formats, with texts and paths that could break them', () => {
  test('levels: what is repaired or needs a person fails, what is only told does not', () => {
    expect(hostile.problems.map((problem) => [problem.transform.id, problem.level, fails(problem)])).toEqual([
      ['first-thing', 'error', true],
      ['first-thing', 'error', true],
      ['first-thing', 'error', true],
      ['hygienic', 'warning', true],
      ['by-hand', 'error', true],
      ['told', 'note', false],
    ]);
    const levels = new Map<string, Level>([
      ['by-hand', 'note'],
      ['hygienic', 'error'],
      ['told', 'error'],
    ]);
    expect(checked(nasty, levels).problems.map(({ level }) => level)).toEqual([
      'error',
      'error',
      'error',
      'error',
      'note',
      'note',
    ]);
  });

  test('SARIF follows the schema', () => {
    const { runs } = readSarif(sarifCheck(hostile, DRIVER));
    const [only] = runs;
    expect(only?.invocations[0]?.executionSuccessful).toBe(false);
    expect(only?.tool.driver.rules.map(({ id }) => id)).toEqual(['first-thing', 'hygienic', 'by-hand', 'told']);
    for (const result of only?.results ?? []) expect(only?.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
    const uris = only?.results.map(({ locations }) => locations[0].physicalLocation.artifactLocation.uri) ?? [];
    expect(uris.slice(0, 3).map(decodeURIComponent)).toEqual(PATHS);
  });

  test('GitHub reads one command for each problem, and no other', () => {
    const commands = readGithub(githubCheck(hostile));
    expect(commands.map(({ command }) => command)).toEqual([
      'error',
      'error',
      'error',
      'error',
      'error',
      'error',
      'warning',
      'notice',
    ]);
    expect(commands.slice(2, 5).map(({ properties }) => properties['file'])).toEqual(PATHS);
    expect(commands[2]?.properties).toMatchObject({
      line: '2',
      endLine: '2',
      col: '9',
      endColumn: '12',
      title: 'dockfix first-thing',
    });
    expect(commands[2]?.message).toContain('100%, x: y::error::z\\r\\n::error file=x::spoofed');
  });

  test('GitLab', () => {
    const report = readGitlab(gitlabCheck(hostile, digest));
    expect(report.map(({ severity }) => severity)).toEqual([
      'major',
      'major',
      'major',
      'minor',
      'major',
      'info',
      'critical',
    ]);
    expect(report[1]?.location).toEqual({ path: PATHS[1], lines: { begin: 2, end: 2 } });
  });

  test('JUnit: a transform that finds nothing passes, what is only told passes', async () => {
    const { failures, errors, tests } = await readJunit(junitCheck(hostile));
    expect([failures.length, errors, tests]).toEqual([5, 2, 9]);
    expect(failures[0]?.message).toContain('a <b> & "c" \'d\' ]]> `e`');
    expect(failures[0]?.text).toContain('Dockerfile:2: here');
  });

  test('Checkstyle', async () => {
    const rows = await readCheckstyle(checkstyleCheck(hostile));
    expect(rows.map(({ path }) => path).sort()).toEqual(
      ['Dockerfile', 'Dockerfile', 'Dockerfile', 'Dockerfile', PATHS[2], PATHS[1], PATHS[1]].sort(),
    );
    expect(rows.filter(({ path }) => path === 'Dockerfile').map(({ source, severity }) => [source, severity])).toEqual([
      ['dockfix.first-thing', 'error'],
      ['dockfix.hygienic', 'warning'],
      ['dockfix.by-hand', 'error'],
      ['dockfix.told', 'info'],
    ]);
    expect(rows[0]?.message).toContain('\nRepair (');
  });

  test('Markdown has no markup, link, HTML or mention of the repository', () => {
    const text = markdownCheck(hostile);
    const types = new Set<string>();
    marked.walkTokens(new Lexer().lex(text), ({ type }) => void types.add(type));
    expect([...types].sort()).toEqual([
      'codespan',
      'escape',
      'heading',
      'list',
      'list_item',
      'paragraph',
      'space',
      'strong',
      'text',
    ]);
    expect(text).not.toContain('@user');
  });

  test('pretty and JSON', () => {
    const text = prettyCheck(hostile, PLAIN);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      '5 problems: 4 repaired by dockfix apply, 1 left to a person. 1 note for information.',
    );
    expect(JSON.parse(jsonCheck(hostile))).toMatchObject({ schemaVersion: 1, failed: true });
  });

  test('nothing found is a valid document, too', async () => {
    const none = checked(run(Repo.of(files), [finding('quiet', 'repair', () => [])], ALLOW));
    expect(readSarif(sarifCheck(none, DRIVER)).runs[0]?.results).toEqual([]);
    expect([
      githubCheck(none),
      readGitlab(gitlabCheck(none, digest)),
      await readCheckstyle(checkstyleCheck(none)),
    ]).toEqual(['', [], []]);
    expect(await readJunit(junitCheck(none))).toEqual({ failures: [], errors: 0, tests: 1 });
    expect(prettyCheck(none, PLAIN)).toBe('No problems.\n');
  });

  test('paths are named from the top of the git repository', () => {
    const below = belowTop(hostile, 'deploy/app');
    expect(
      below.problems.every(({ at, evidence }) =>
        [at, ...evidence.map((each) => each.at)].every(({ path }) => path.startsWith('deploy/app/')),
      ),
    ).toBe(true);
    expect(below.problems.map(({ fingerprint }) => fingerprint)).toEqual(
      hostile.problems.map(({ fingerprint }) => fingerprint),
    );
  });
});

describe('what is left alone', () => {
  const SECRET = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
  const text = (comment: string): string => `FROM a\nRUN one\n${comment}RUN one\nRUN two\n`;
  const check = (comment: string, excluded: boolean): Check =>
    checkOf(
      run(
        Repo.of({ Dockerfile: text(comment) }),
        [
          finding('first', 'repair', (repo) =>
            [...(repo.read('Dockerfile') ?? '').matchAll(/one/g)].map(({ index }) => ({
              message: 'm',
              at: { path: 'Dockerfile', start: index, end: index + 3 },
              evidence: [],
              fix: { title: 't', safety: 'manual', changes: [] },
            })),
          ),
          finding('second', 'repair', (repo) =>
            span(repo, 'Dockerfile', 'two').map((at) => ({ message: 'n', at, evidence: [] })),
          ),
        ],
        {
          ...ALLOW,
          leave: ({ id }, { at }, seen) =>
            excluded ? 'excluded by configuration' : ignoreAt(seen, id, at) ? 'ignored by comment' : undefined,
        },
      ),
      { digest, levels: new Map(), known: new Set(['first', 'second']), isExcluded: () => false, edits: true },
    );

  test('by a comment is suppressed in SARIF, with its reason, and in no other format', async () => {
    const { problems, suppressed } = check(`# dockfix-ignore first: ${SECRET} \u0007 is why\n`, false);
    expect([problems.length, suppressed.length]).toEqual([2, 1]);
    const log = sarifCheck({ ...hostile, problems, suppressed, transforms: check('', false).transforms }, DRIVER);
    const results = readSarif(log).runs[0]?.results ?? [];
    expect(results.map(({ ruleId, level, suppressions }) => [ruleId, level, suppressions])).toEqual([
      ['first', 'error', []],
      ['second', 'note', []],
      ['first', 'error', [{ kind: 'inSource', status: 'accepted', justification: '*** \\x07 is why' }]],
    ]);
    expect(log).not.toContain(SECRET);
  });

  test('moves no fingerprint of another one', () => {
    const prints = ({ problems }: Check) => problems.map(({ fingerprint }) => fingerprint);
    const [one, , note] = prints(check('', false));
    expect(prints(check('# dockfix-ignore first: why\n', false))).toEqual([one, note]);
    const ignored = check('# dockfix-ignore-file first: why\n', false);
    expect(prints(ignored)).toEqual([note]);
    expect(ignored.suppressed.map(({ problem }) => problem.fingerprint)).toEqual(prints(check('', false)).slice(0, 2));
  });

  test('by the baseline is suppressed, too; what the configuration excludes is not there at all', () => {
    const all = check('', false);
    const { check: left } = withoutKnown(all, new Map([[all.problems[1]?.fingerprint ?? '', 'first']]));
    expect(left.suppressed).toEqual([{ problem: all.problems[1], by: 'baseline', reason: 'The baseline knows it.' }]);
    expect(belowTop(left, 'deploy').suppressed[0]?.problem.at.path).toBe('deploy/Dockerfile');
    expect(readSarif(sarifCheck(left, DRIVER)).runs[0]?.results.at(-1)?.suppressions[0]?.kind).toBe('external');
    expect(check('', true)).toMatchObject({ problems: [], suppressed: [] });
  });
});

describe('a fix for others', () => {
  const first = Repo.of({ Dockerfile: 'FROM a\nRUN one\nRUN two\nRUN three\n' });
  const edits = (...chosen: Transform[]) =>
    checked(run(first, chosen, ALLOW)).problems.map(({ fix }) => fix?.edits?.length);

  test('is there when it applies to the files on disk by itself', () => {
    const one = finding('one', 'repair', replace('Dockerfile', 'one', '1', 'm'));
    const three = finding('three', 'repair', replace('Dockerfile', 'three', '3', 'm'));
    const again = finding('again', 'repair', replace('Dockerfile', 'RUN 1', 'RUN eins', 'm'));
    expect(edits(one, three)).toEqual([1, 1]);
    expect(edits(one, again, three)).toEqual([1, undefined, 1]);
  });

  test('is not there when it would write a secret, or when what proves it was made by an earlier repair', () => {
    const secret = finding(
      'secret',
      'repair',
      replace('Dockerfile', 'one', 'TOKEN=ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'm'),
    );
    expect(edits(secret)).toEqual([undefined]);
    const make = finding('make', 'repair', (repo) =>
      repo.has('entrypoint.sh')
        ? []
        : span(repo, 'Dockerfile', 'FROM').map((at) => ({
            message: 'm',
            at,
            evidence: [],
            fix: { title: 't', safety: 'safe', changes: [{ path: 'entrypoint.sh', create: '#!/bin/sh\n' }] },
          })),
    );
    const after = finding('after', 'repair', (repo) =>
      replace(
        'Dockerfile',
        'two',
        '2',
        'm',
      )(repo).map((each) => ({
        ...each,
        evidence: [{ at: { path: 'entrypoint.sh', start: 0, end: 2 }, says: 'it is there' }],
      })),
    );
    expect(edits(make, after)).toEqual([undefined, undefined]);
  });
});

describe('a fingerprint', () => {
  const prints = (text: string, message: string): readonly string[] =>
    checked(
      run(Repo.of({ Dockerfile: text }), [finding('x', 'repair', replace('Dockerfile', 'one', '1', message))], ALLOW),
    ).problems.map(({ fingerprint }) => fingerprint);

  test('stays when lines move, and differs with the file, the line and the words', () => {
    const [start] = prints('FROM a\nRUN one\n', 'It is broken on line 2, see Dockerfile:2.');
    expect(prints('# new\n\nFROM a\n  RUN one\n', 'It is broken on line 4, see Dockerfile:4.')).toEqual([start]);
    expect(prints('FROM a\nRUN one more\n', 'It is broken on line 2, see Dockerfile:2.')).not.toEqual([start]);
    expect(prints('FROM a\nRUN one\n', 'It is worse.')).not.toEqual([start]);
  });

  test('is its own for each of several equal ones', () => {
    const all = prints('FROM a\nRUN one\nRUN one\n', 'm');
    expect([all.length, new Set(all).size]).toEqual([2, 2]);
  });
});

describe.each(readdirSync(join('fixtures', 'repos')))('fixtures/repos/%s', (name) => {
  beforeAll(async () => {
    await loadPython(pythonWasm());
  });

  test('every place is on disk, every format is valid, and each fix works by itself', async () => {
    const repo = scan(join('fixtures', 'repos', name, 'before'));
    const check = checked(run(repo, transforms, ALLOW));
    for (const { at, evidence } of check.problems)
      for (const { path, start, end } of [at, ...evidence.map((each) => each.at)]) {
        const lines = (repo.read(path) ?? '').split('\n');
        expect(repo.has(path), path).toBe(true);
        for (const { line, column } of [start, end]) {
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
        }
      }
    readSarif(sarifCheck(check, { version: '1.2.3', page: readmeOf }));
    readGithub(githubCheck(check));
    readGitlab(gitlabCheck(check, digest));
    await readJunit(junitCheck(check));
    await readCheckstyle(checkstyleCheck(check));
    for (const { transform, message, fix } of check.problems) {
      if (!fix?.edits) continue;
      const changes = new Map(
        [...new Set(fix.edits.map(({ range }) => range.path))].map((path) => {
          const text = repo.read(path) ?? '';
          const own = fix.edits?.filter(({ range }) => range.path === path) ?? [];
          const next = splice(
            text,
            own.map((edit) => ({
              path,
              start: offsetOf(text, edit.range.start),
              end: offsetOf(text, edit.range.end),
              text: edit.text,
            })),
          );
          if (typeof next !== 'string') throw new Error(next.why);
          return [path, { text: next, encoding: 'utf8' as const, mode: 0o644 as const }];
        }),
      );
      // Two images may have the same fault, in the same words.
      const found = (state: Repo): number =>
        [...transform.find(readStack(state, undefined))].filter((each) => each.message === message).length;
      expect(found(repo.with(changes)), transform.id).toBe(Math.max(0, found(repo) - 1));
    }
  });
});

function offsetOf(text: string, { line, column }: Position): number {
  let start = 0;
  for (let number = 1; number < line; number += 1) start = text.indexOf('\n', start) + 1;
  expect(lineStart(text, start)).toBe(start);
  return start + column - 1;
}
