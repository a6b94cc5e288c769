import { expect, test } from 'vitest';
import { linesOfStep } from '../../src/model/entrypoint/start-script.ts';
import { migrationsOf } from '../../src/model/migration.ts';
import { migrationName } from '../../src/model/program.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';

test.each([
  ['npx --yes prisma migrate deploy', 'prisma migrate deploy'],
  ['pnpm exec knex migrate:latest', 'knex migrate:latest'],
  ['npm exec -- sequelize-cli db:migrate', 'sequelize db:migrate'],
  ['yarn typeorm migration:run', 'typeorm migration:run'],
  ['npm run migrate', undefined],
  ['python manage.py migrate --check', undefined],
  ['python manage.py migrate --plan', undefined],
  ['python manage.py migrate --noinput', 'manage.py migrate'],
])('%s', (line, tool) => {
  expect(migrationName(line.split(' '))).toBe(tool);
});

test('a command keeps the variables that are set for it alone', () => {
  const stack = readStack(
    Repo.of({
      'compose.yaml':
        'services:\n  a:\n    image: x\n    command: sh -c "FLASK_APP=one flask db upgrade"\n  b:\n    image: x\n    command: env FLASK_APP=two LEVEL=3 flask db upgrade\n',
    }),
    undefined,
  );
  const assignments = stack.services.map((service) => migrationsOf(stack.view(service))[0]?.command.assignments);
  expect(assignments).toEqual([
    [{ name: 'FLASK_APP', value: 'one' }],
    [
      { name: 'FLASK_APP', value: 'two' },
      { name: 'LEVEL', value: '3' },
    ],
  ]);
});

test('only what a shell or Python reads after -c is code', () => {
  const line = (...argv: string[]): readonly string[] => linesOfStep({ kind: 'migrate', argv }, '');
  expect(line('alembic', '-c', 'db/alembic.ini', 'upgrade', 'head')).toEqual([
    'alembic -c db/alembic.ini upgrade head',
  ]);
  expect(line('sh', '-c', 'cd db && exec alembic upgrade head')).toEqual([
    'sh -c "cd db && exec alembic upgrade head"',
  ]);
});
