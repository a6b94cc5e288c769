import { describe, expect, test } from 'vitest';
import { explainedText, refusalText } from '../../src/bot/answer.ts';
import { checkRunOf } from '../../src/bot/check-run.ts';
import { commandIn } from '../../src/bot/command.ts';
import { memoryOf } from '../../src/bot/marks.ts';
import { relevanceOf } from '../../src/bot/relevance.ts';
import { seenInMemory, WINDOW } from '../../src/bot/seen.ts';
import type { Check, Problem } from '../../src/output/check.ts';
import { transforms } from '../../transforms/index.ts';

const [transform] = transforms;
if (!transform) throw new Error('there is no transform');

describe('a comment', () => {
  test.each<[string, unknown]>([
    ['/dockfix apply', { name: 'apply' }],
    ['/dockfix   apply  ', { name: 'apply' }],
    ['Thanks!\r\n/dockfix explain add-entrypoint\r\n', { name: 'explain', transform: 'add-entrypoint' }],
    ['/dockfix apply\n/dockfix ignore split-copy', { name: 'apply' }],
    ['/dockfix', { name: 'help' }],
    ['/dockfix apply now', { name: 'help' }],
    ['/dockfix ignore', { name: 'help' }],
    ['/dockfix ignore a b', { name: 'help' }],
    ['/dockfix ignore ../../x', { name: 'help' }],
    ['/dockfix ignore <!--', { name: 'help' }],
    ['/dockfix APPLY', { name: 'help' }],
    ['/dockfixes apply', undefined],
    [' /dockfix apply', undefined],
    ['> /dockfix apply', undefined],
    ['`/dockfix apply`', undefined],
    ['```\n/dockfix apply\n```\n', undefined],
    ['~~~~\n```\n/dockfix apply\n~~~\n/dockfix apply', undefined],
    ['```\ncode\n```\n/dockfix apply', { name: 'apply' }],
    ['', undefined],
  ])('%j', (text, command) => {
    expect(commandIn(text)).toEqual(command);
  });
});

test.each<[string, ReturnType<typeof relevanceOf>]>([
  ['Dockerfile', 'docker'],
  ['api/prod.Dockerfile', 'docker'],
  ['deploy/compose.prod.yaml', 'docker'],
  ['.env.example', 'docker'],
  ['docker/entrypoint.sh', 'docker'],
  ['.dockerignore', 'docker'],
  ['.github/dockfix.yml', 'docker'],
  ['dockfix.json', 'docker'],
  ['requirements.txt', 'source'],
  ['package.json', 'source'],
  ['app/wsgi.py', 'source'],
  ['.github/workflows/docker-compose.yml', 'source'],
  ['README.md', 'none'],
  ['docs/docker.png', 'none'],
  ['LICENSE', 'none'],
])('%s means %s', (path, relevance) => {
  expect(relevanceOf([path])).toBe(relevance);
  expect(relevanceOf(['README.md', path])).toBe(relevance);
});

describe('what our comments remember', () => {
  const body = '<!-- dockfix answers 7 -->\n<!-- dockfix ignores split-copy -->\n`split-copy` is left out';
  test('is read from our own comments, at their beginning', () => {
    const comments = [
      { id: 1, author: 'dockfix[bot]', body },
      { id: 2, author: 'dockfix[bot]', body: 'They wrote:\n<!-- dockfix ignores clean-apt -->' },
      { id: 3, author: 'dockfix', body: '<!-- dockfix ignores drop-root -->' },
    ];
    expect(memoryOf(comments, 'dockfix[bot]')).toEqual({ answered: new Set([7]), ignored: new Set(['split-copy']) });
  });
  test('is nothing when nobody knows who we are', () => {
    expect(memoryOf([{ id: 1, author: 'dockfix[bot]', body }], undefined).ignored.size).toBe(0);
  });
});

test('ids are remembered for three days, and the oldest make room', async () => {
  let time = 0;
  const seen = seenInMemory(3, () => time);
  expect([await seen.claim('a'), await seen.claim('a')]).toEqual([true, false]);
  time = WINDOW;
  expect(await seen.claim('a')).toBe(false);
  time = WINDOW + 1;
  expect([await seen.claim('a'), await seen.claim('b'), await seen.claim('c')]).toEqual([true, true, true]);
  await seen.claim('d');
  expect([await seen.claim('b'), await seen.claim('d')]).toEqual([false, false]);
  await seen.release('d');
  expect(await seen.claim('d')).toBe(true);
});

const problem = (message: string, [line, column]: readonly [number, number]): Problem => ({
  transform,
  level: 'error',
  message,
  at: { path: 'Dockerfile', start: { line: 2, column: 1 }, end: { line, column } },
  evidence: [],
  fingerprint: 'x',
});
const checkOf = (problems: readonly Problem[]): Check => ({
  problems,
  suppressed: [],
  notices: [],
  errors: [],
  transforms: [transform],
});
const NONE = { ignored: [], wrong: [] };

describe('a check run', () => {
  test('names the lines that a problem covers', () => {
    const { annotations } = checkRunOf(
      'c',
      checkOf([problem('x', [4, 1]), problem('y', [4, 2]), problem('z', [2, 1])]),
      'failure',
      NONE,
    );
    expect(annotations.map(({ startLine, endLine }) => [startLine, endLine])).toEqual([
      [2, 3],
      [2, 4],
      [2, 2],
    ]);
  });

  test('concludes what is asked for, and success without problems', () => {
    expect(checkRunOf('c', checkOf([problem('x', [2, 3])]), 'neutral', NONE).conclusion).toBe('neutral');
    expect(checkRunOf('c', checkOf([]), 'failure', NONE)).toMatchObject({ conclusion: 'success', annotations: [] });
    const note = { ...problem('x', [2, 3]), level: 'note' } as const;
    expect(checkRunOf('c', checkOf([note]), 'failure', NONE)).toMatchObject({ conclusion: 'success' });
    const unread = { ...checkOf([]), notices: [{ path: 'a', message: 'm', hint: 'h' }] };
    expect(checkRunOf('c', unread, 'failure', NONE)).toMatchObject({
      conclusion: 'neutral',
      annotations: [{ path: 'a' }],
    });
  });

  test('fits into what GitHub takes, however much was found', () => {
    const many = Array.from({ length: 3000 }, (_, index) => problem(`${index} ${'long '.repeat(20)}`, [2, 3]));
    const { summary, annotations } = checkRunOf('c', checkOf(many), 'failure', NONE);
    expect(summary.length).toBeLessThanOrEqual(65_535);
    expect(summary).toMatch(/There is more: run `npx dockfix check`\.\n$/);
    expect(annotations).toHaveLength(500);
  });
});

describe('an answer', () => {
  test('shows what it quotes as it is', () => {
    expect(refusalText('There is no transform "@someone"', undefined)).toBe('`There is no transform "@someone"`.\n');
    expect(refusalText('a `b`', 'Do it.')).toBe('`` a `b` ``. Do it.\n');
  });
  test('leaves out whole sections of a page that is too long', () => {
    const page = `# x\n\nOne.\n\n## What breaks\n\n${'a'.repeat(500)}\n\n## Example\n\n${'b'.repeat(500)}\n`;
    const text = explainedText(transform, page, 'Nothing.\n', 900);
    expect(text.length).toBeLessThanOrEqual(900);
    expect(text).toContain('## What breaks');
    expect(text).not.toContain('## Example');
    expect(text).toMatch(/<\/details>\n$/);
  });
});
