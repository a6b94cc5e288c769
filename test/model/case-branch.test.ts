import { expect, test } from 'vitest';
import { isBranchNotTaken } from '../../src/model/entrypoint/case-branch.ts';
import { readShell } from '../../src/parse/shell.ts';

const taken = (script: string, argument: string | undefined): readonly string[] => {
  const { commands } = readShell('start.sh', script);
  return commands.flatMap((command) =>
    isBranchNotTaken(command, commands, argument) ? [] : [command.words[0]?.text ?? ''],
  );
};

const ROLES = 'case "$1" in\n  web|serve) gunicorn ;;\n  work*) celery ;;\n  *) other ;;\nesac\n';

test.each([
  ['web', ['gunicorn']],
  ['serve', ['gunicorn']],
  ['worker', ['celery']],
  ['shell', ['other']],
])('the branch for %s', (argument, expected) => {
  expect(taken(ROLES, argument)).toEqual(expected);
});

test('a default value stands for a missing argument', () => {
  expect(taken('case "${1:-web}" in web) gunicorn ;; *) other ;; esac', undefined)).toEqual(['gunicorn']);
});

test.each([
  ['$ROLE', ROLES],
  ['web', ROLES.replace('"$1"', '"$ROLE"')],
  ['web', `set -- worker\n${ROLES}`],
])('every branch may run for %s', (argument, script) => {
  expect(taken(script, argument)).toEqual(expect.arrayContaining(['gunicorn', 'celery', 'other']));
});
