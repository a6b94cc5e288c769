import { expect, test } from 'vitest';
import { isRepairCommit, readCommit, repairCommit } from '../../src/pull-request/commit.ts';

const base = { commit: 'b'.repeat(40), seconds: 1_700_000_000 };
const tree = 'a'.repeat(40);
const object = repairCommit(base, tree, 'Repair it', '- one\n- two');

const isOurs = (text: string): boolean => {
  const commit = readCommit(text);
  if (!commit) throw new Error('no commit');
  return isRepairCommit(commit);
};

test('a commit says what it is made of', () => {
  expect(object).toBe(
    [
      `tree ${tree}`,
      `parent ${base.commit}`,
      'author dockfix <dockfix@noreply.invalid> 1700000000 +0000',
      'committer dockfix <dockfix@noreply.invalid> 1700000000 +0000',
      '',
      'Repair it',
      '',
      '- one',
      '- two',
      '',
      `Dockfix-Base: ${base.commit}`,
      `Dockfix-Tree: ${tree}`,
      '',
    ].join('\n'),
  );
});

test('the same base and tree give the same commit, and it is ours', () => {
  expect(repairCommit(base, tree, 'Repair it', '- one\n- two')).toBe(object);
  expect(isOurs(object)).toBe(true);
  expect(isOurs(repairCommit(base, tree, 'Repair it', ''))).toBe(true);
});

const someone = 'someone <someone@example.org> 1700000001 +0200';

test.each([
  ['amended with other files', object.replace(`tree ${tree}`, `tree ${'c'.repeat(40)}`)],
  ['rebased', object.replace(`parent ${base.commit}`, `parent ${'c'.repeat(40)}`)],
  ['amended by somebody', object.replace(/^committer .*$/m, `committer ${someone}`)],
  ['merged', object.replace(/^(parent .*)$/m, `$1\nparent ${'c'.repeat(40)}`)],
  ['without a parent', object.replace(/^parent .*\n/m, '')],
  ['with its trailers taken away', object.replace(/^Dockfix-.*\n/gm, '')],
  [
    'signed words of somebody',
    `tree ${tree}\nparent ${base.commit}\nauthor ${someone}\ncommitter ${someone}\n\nhello\n`,
  ],
  ['that quotes another one', `${object}\nmore words at its end\n`],
])('a commit is not ours when it is %s', (_, text) => {
  expect(isOurs(text)).toBe(false);
});

test('what is no commit is not read as one', () => {
  expect(readCommit('type blob\n\nhello')).toBeUndefined();
});
