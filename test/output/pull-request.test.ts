import { lexer, type Token } from 'marked';
import { beforeAll, describe, expect, test } from 'vitest';
import { readmeOf } from '../../src/assets.ts';
import { type PullRequestRequest, pullRequestText } from '../../src/output/pull-request.ts';
import { reportOf } from '../../src/output/report/report-of.ts';
import type { Report, ReportProblem } from '../../src/output/report.ts';
import { repair } from '../../src/repair.ts';
import { Repo } from '../../src/repo/repo.ts';
import { BROKEN } from '../pull-request/requests.ts';

const REQUEST: PullRequestRequest = {
  limit: 65_000,
  lineUrl: (path, line) => `https://forge.example/acme/shop/blob/c0ffee/${encodeURI(path)}#L${line}`,
  transform: undefined,
  keptOut: [],
  later: [],
};

let report: Report;

beforeAll(async () => {
  const files = Object.fromEntries(Object.entries(BROKEN).map(([path, text]) => [path, String(text)]));
  const repaired = await repair(Repo.of(files), { only: [], skip: ['split-copy'], group: [] }, undefined);
  if ('unread' in repaired) throw new Error('nothing to repair');
  report = reportOf(repaired.result, { title: 'acme/shop', page: readmeOf });
});

const headings = (text: string): readonly string[] =>
  lexer(text).flatMap((token) => (token.type === 'heading' && token['depth'] === 2 ? [token['text'] as string] : []));

test('has all that a reviewer asks for, in one order', () => {
  const { title, body, summary } = pullRequestText(report, REQUEST);
  expect(title).toBe('Repair the Docker set-up: 5 repairs');
  expect(headings(body)).toEqual([
    'What fails today',
    'What this changes',
    'What is left for you to do',
    'How to check',
  ]);
  expect(summary.split('\n')).toHaveLength(5);
  expect(body).toContain('**safe**: Write .dockerignore');
  expect(body).toContain('- [ ] Copy .env.example to .env, and fill in POSTGRES\\_PASSWORD');
  expect(body + summary).not.toContain('s3cr3t');
});

test('the same report gives the same text', () => {
  expect(pullRequestText(report, REQUEST)).toEqual(pullRequestText(structuredCloneOf(report), REQUEST));
});

const structuredCloneOf = (value: Report): Report => JSON.parse(JSON.stringify(value)) as Report;

test('one repair is its own title; one transform is titled by its summary', () => {
  const [first, second] = report.problems;
  if (!first || !second) throw new Error('no problems');
  expect(pullRequestText({ ...report, problems: [first] }, REQUEST).title).toBe('Write .dockerignore');
  const twice = { ...report, problems: [first, first] };
  expect(pullRequestText(twice, { ...REQUEST, transform: first.transform.id }).title).toBe(first.transform.summary);
});

test('what was left alone, failed, is kept out or comes later is said', () => {
  const [first] = report.problems;
  if (!first) throw new Error('no problems');
  const left: ReportProblem = { ...first, left: { reason: 'manual', says: 'to be done by hand' } };
  const { body } = pullRequestText(
    { ...report, problems: [...report.problems, left], errors: [{ transform: 'split-copy', message: 'it threw' }] },
    { ...REQUEST, keptOut: ['.env'], later: ['split-copy'] },
  );
  expect(body).toContain('; 1 more is left alone');
  expect(body).toContain('Left alone: to be done by hand.');
  expect(body).toContain('- `split-copy` failed, and changed nothing: it threw');
  expect(body).toContain('- [ ] Create `.env` where the stack runs, before this is merged');
  expect(body).toContain('there is more to repair: `split-copy`');
});

test('the table of a verification is in it', () => {
  const side = (state: 'healthy' | 'unhealthy') => ({ services: [{ name: 'web', state }], notes: [], seconds: 3 });
  const { body } = pullRequestText(
    { ...report, verification: { before: side('unhealthy'), after: side('healthy') } },
    REQUEST,
  );
  expect(headings(body).at(-1)).toBe('What a real engine says');
  expect(body).toContain('| web | unhealthy | healthy | better |');
});

describe('a text that is too long', () => {
  const many = (count: number, words: string): Report => ({
    ...report,
    problems: Array.from({ length: count }, (_, index) => ({
      ...(report.problems[index % report.problems.length] as ReportProblem),
      number: index + 1,
      message: `${words} ${index}`,
    })),
  });

  test.each([500, 2000, 10_000, 65_000])('has at most %i characters, and says that it is cut', (limit) => {
    const { body } = pullRequestText(many(400, 'something is wrong here'), { ...REQUEST, limit });
    expect(body.length).toBeLessThanOrEqual(limit);
    expect(body).toContain('This text is cut, because the forge takes no longer one');
    if (limit >= 10_000) {
      expect(headings(body)).toEqual([
        'What fails today',
        'What this changes',
        'What is left for you to do',
        'How to check',
      ]);
      expect(body).toMatch(/- … and \d+ more/);
    }
  });

  test('is cut at once where there are thousands of items', () => {
    const { body } = pullRequestText(many(20_000, 'something is wrong here'), REQUEST);
    expect(body.length).toBeLessThanOrEqual(REQUEST.limit);
  });

  test('has no open block of code', () => {
    const shows = Array.from({ length: 2000 }, (_, index) => `line ${index} of an error`).join('\n');
    const problems = report.problems.map((problem) => ({ ...problem, shows: `${shows} ${problem.number}` }));
    const { body } = pullRequestText({ ...report, problems }, { ...REQUEST, limit: 20_000 });
    expect(headings(body)).toContain('How to check');
  });
});

test('what a repository calls its things is shown, not done', () => {
  const trick =
    '<img src=x onerror=alert(1)> @someone #1 [a](javascript:b) ![i](http://x/y) `code` ``` \u001b[31m\u202e';
  const problems = report.problems.map((problem) => ({
    ...problem,
    message: trick,
    at: { path: trick, line: 1, text: trick },
    evidence: [{ at: { path: 'a)b (c.yml', line: 2, text: trick }, says: trick }],
    shows: trick,
    repair: { title: trick, safety: 'safe' as const, diff: '' },
  }));
  const { title, body, summary } = pullRequestText({ ...report, problems }, REQUEST);
  const kinds = new Set<string>();
  const walk = (tokens: readonly Token[]): void => {
    for (const token of tokens) {
      kinds.add(token.type);
      // A person or an issue is meant only outside of code.
      if (token.type === 'text' && !('tokens' in token)) expect(token.raw).not.toMatch(/@someone|(?<!\\)#1|http:\/\/x/);
      if (token.type === 'link')
        expect((token as { readonly href: string }).href).toMatch(/^https:\/\/forge\.example\//);
      if ('tokens' in token && token.tokens) walk(token.tokens);
      if (token.type === 'list') for (const item of token['items'] as readonly Token[]) walk([item]);
    }
  };
  walk(lexer(body));
  expect([...kinds]).not.toContain('html');
  expect([...kinds]).not.toContain('image');
  expect(title + body + summary).not.toMatch(/[\u001b\u202e]/);
});
