import { expect } from 'vitest';
import type { Mend, Proof } from '../proof.ts';
import { eventually, times } from '../running.ts';

const COMPOSE = 'docker-compose.yml';
const healthcheck = (volume: string): Mend => ({
  path: COMPOSE,
  from: new RegExp(`^ {6}- ${volume}:/var/lib/postgresql/data.*$`, 'gm'),
  to: `$&\n    healthcheck:\n      test: ["CMD-SHELL", "pg_isready -U $$$$POSTGRES_USER"]\n      interval: 2s\n      retries: 30`,
});

/** Seed 000. Its faults hide each other: the next one appears when the one above it is mended. */
export const proof: Proof = {
  groups: [],
  settleSeconds: 10,
  faults: [
    {
      mends: [],
      services: [],
      shows: 'service "migrator" depends on undefined service "db_dev": invalid compose project',
      states: {},
      cached: {},
    },
    {
      mends: [{ path: COMPOSE, from: /^ {6}db_dev:$/gm, to: '      db:' }],
      services: ['migrator'],
      shows: 'failed to read dockerfile: open Dockerfile.migrator: no such file or directory',
      states: { migrator: 'not built' },
      cached: {},
    },
    {
      mends: [{ path: COMPOSE, from: /dockerfile: (?:docker\/)?Dockerfile\./g, to: 'dockerfile: docker/Dockerfile.' }],
      services: [],
      shows: 'has no healthcheck configured',
      states: { migrator: 'not started' },
      // The code is copied before the requirements are installed.
      cached: { web: false, worker: false },
    },
    {
      mends: [healthcheck('pgdata'), healthcheck('pgdata_test')],
      services: ['migrator'],
      shows: 'exec: "./wait-for-it.sh": stat ./wait-for-it.sh: no such file or directory',
      states: { migrator: 'not started', db: 'healthy' },
      cached: {},
    },
  ],
  outOfReach: [],
  cached: { web: true, worker: true },
  works: async (stack) => {
    expect(await stack.ask('web', 5000, '/api/health')).toEqual({ status: 200, json: { status: 'ok', projects: 0 } });
    // Two revisions, by web alone, although worker is the same image and gunicorn has two workers.
    expect(times(await stack.log('web'), 'Running upgrade')).toBe(2);
    expect(times(await stack.log('worker'), 'Running upgrade')).toBe(0);

    const project = { title: 'Sommeil', question: 'Que sait-on ?' };
    expect(await stack.ask('web', 5000, '/api/projects', project)).toMatchObject({ status: 201, json: { id: 1 } });
    expect((await stack.ask('web', 5000, '/api/projects/1/analyses', {})).status).toBe(202);
    const analysis = await eventually(
      () => stack.ask('web', 5000, '/api/analyses/1'),
      ({ json }) => (json as { status: string }).status === 'terminee',
    );
    expect(analysis.json).toMatchObject({ status: 'terminee' });

    await stack.downAndUp();
    expect(await stack.ask('web', 5000, '/api/projects')).toMatchObject({ json: [project] });
    expect(times(await stack.log('web'), 'Running upgrade')).toBe(0);
  },
};
