import { describe, expect, test } from 'vitest';
import type { PullRequest } from '../../src/forge/forge.ts';
import { type BranchState, decide, type Wanted } from '../../src/pull-request/branch.ts';
import { markOf } from '../../src/pull-request/marks.ts';

const bodyOf = (findings: string, text: string): string =>
  `words\n\n${markOf('findings', findings)}\n${markOf('text', text)}\n`;

const wanted: Wanted = { commit: 'new', base: 'main', title: 'New', body: bodyOf('f1', 'aa'), findings: 'f1' };

const pull = (number: number, state: PullRequest['state'], body: string): PullRequest => ({
  number,
  url: `https://forge.example/${number}`,
  state,
  title: 'Old',
  body,
  base: 'main',
  head: 'dockfix/all',
  headRepository: 'acme/shop',
  headCommit: 'x',
  draft: false,
});

const TIPS = {
  absent: undefined,
  current: { commit: 'new', ours: true },
  stale: { commit: 'old', ours: true },
  foreign: { commit: 'theirs', ours: false },
} as const;

const PULLS = {
  none: [],
  'open, current': [pull(1, 'open', bodyOf('f1', 'aa'))],
  'open, other text': [pull(1, 'open', bodyOf('f1', 'bb'))],
  'open, other base': [{ ...pull(1, 'open', bodyOf('f1', 'aa')), base: 'dev' }],
  'open, once closed by us': [pull(1, 'open', `${bodyOf('f1', 'aa')}${markOf('closed')}`)],
  'closed by a person, same findings': [pull(1, 'closed', bodyOf('f1', 'aa'))],
  'closed by a person, other findings': [pull(1, 'closed', bodyOf('f2', 'aa'))],
  'closed by us, same findings': [pull(1, 'closed', `${bodyOf('f1', 'aa')}${markOf('closed')}`)],
  'merged, same findings': [pull(1, 'merged', bodyOf('f1', 'aa'))],
  'merged after one that was closed': [pull(2, 'merged', bodyOf('f1', 'aa')), pull(1, 'closed', bodyOf('f1', 'aa'))],
  'closed after one that was merged': [pull(2, 'closed', bodyOf('f1', 'aa')), pull(1, 'merged', bodyOf('f1', 'aa'))],
  'open after one that was closed': [pull(2, 'open', bodyOf('f1', 'aa')), pull(1, 'closed', bodyOf('f1', 'aa'))],
} as const satisfies Readonly<Record<string, readonly PullRequest[]>>;

type Tip = keyof typeof TIPS;
type Pulls = keyof typeof PULLS;

/** What is done, in one line: the action, then each step. */
function done(tip: Tip, pulls: Pulls, want: Wanted | undefined): string {
  const there = TIPS[tip];
  const state: BranchState = { ...(there && { tip: there }), pulls: PULLS[pulls] };
  const { action, push, open, update, comment, close, remove } = decide(state, want);
  const steps = [
    push && `push ${push.expect ?? 'nothing'}..${push.commit}`,
    open && 'open',
    update && `update #${update.number} ${Object.keys(update.change).join('+')}`,
    comment && `comment #${comment.number} ${comment.mark}`,
    close && `close #${close.number}`,
    remove && `remove ${remove}`,
  ].flatMap((step) => step || []);
  return [action, ...steps].join(', ');
}

const PUSHES: Readonly<Record<Exclude<Tip, 'foreign'>, string>> = {
  absent: ', push nothing..new',
  current: '',
  stale: ', push old..new',
};

/** What the rules say of each kind of history of pull requests, for a branch that is ours, when something is to be repaired. */
const REPAIRS: Readonly<Record<Pulls, (push: string) => string>> = {
  none: (push) => `opened${push}, open`,
  'open, current': (push) => (push === '' ? 'unchanged' : `updated${push}`),
  'open, other text': (push) => `updated${push}, update #1 title+body`,
  'open, other base': (push) => `updated${push}, update #1 base`,
  'open, once closed by us': (push) => `updated${push}, update #1 title+body`,
  'closed by a person, same findings': () => 'left alone',
  'closed by a person, other findings': (push) => `opened${push}, open`,
  'closed by us, same findings': (push) => `opened${push}, open`,
  'merged, same findings': (push) => `opened${push}, open`,
  'merged after one that was closed': (push) => `opened${push}, open`,
  'closed after one that was merged': () => 'left alone',
  'open after one that was closed': (push) => (push === '' ? 'unchanged' : `updated${push}`),
};

const isOpen = (pulls: Pulls): number | undefined => PULLS[pulls].find(({ state }) => state === 'open')?.number;

const names = Object.keys(PULLS) as readonly Pulls[];

describe.each(['absent', 'current', 'stale'] as const)('a branch that is %s', (tip) => {
  test.each(names)('with something to repair, and a pull request: %s', (pulls) => {
    expect(done(tip, pulls, wanted)).toBe(REPAIRS[pulls](PUSHES[tip]));
  });

  test.each(names)('with nothing to repair, and a pull request: %s', (pulls) => {
    const number = isOpen(pulls);
    const removal = tip === 'absent' ? '' : `, remove ${TIPS[tip].commit}`;
    expect(done(tip, pulls, undefined)).toBe(number ? `closed, close #${number}${removal}` : 'nothing to repair');
  });
});

describe("a branch with a person's commits", () => {
  test.each(names)('with something to repair, and a pull request: %s', (pulls) => {
    const number = isOpen(pulls);
    expect(done('foreign', pulls, wanted)).toBe(number ? `left alone, comment #${number} foreign` : 'left alone');
  });

  test.each(names)('with nothing to repair, and a pull request: %s', (pulls) => {
    const number = isOpen(pulls);
    expect(done('foreign', pulls, undefined)).toBe(
      number ? `left alone, comment #${number} needless` : 'nothing to repair',
    );
  });
});

test('of two open pull requests the one for the base is kept', () => {
  const [current] = PULLS['open, current'];
  const other = { ...pull(2, 'open', bodyOf('f1', 'aa')), base: 'dev' };
  expect(decide({ tip: TIPS.current, pulls: [other, current] }, wanted)).toMatchObject({
    action: 'unchanged',
    pull: { number: 1 },
  });
});
