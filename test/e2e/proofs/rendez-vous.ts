import { expect } from 'vitest';
import type { Mend, Proof } from '../proof.ts';
import { eventually, times } from '../running.ts';

const COMPOSE = 'docker-compose.yml';
const inCompose = (from: RegExp, to: string): Mend => ({ path: COMPOSE, from, to });

/** Failures of all five seeds at once. They hide each other: the next one appears when the ones above it are mended. */
export const proof: Proof = {
  groups: [],
  settleSeconds: 10,
  faults: [
    {
      mends: [],
      services: [],
      shows: 'service "web" depends on undefined service "postgres"',
      states: {},
      cached: {},
    },
    {
      mends: [inCompose(/^ {6}- postgres$/gm, '      - db')],
      services: [],
      shows: 'dependency cycle detected: ',
      states: {},
      cached: {},
    },
    {
      mends: [inCompose(/^ {4}depends_on:\n {6}- web\n\n {2}web:/gm, '\n  web:')],
      services: ['web'],
      shows: 'failed to read dockerfile: open Dockerfile.api: no such file or directory',
      states: { web: 'not built' },
      cached: {},
    },
    {
      mends: [
        inCompose(/dockerfile: Dockerfile\.api/g, 'dockerfile: ../docker/Dockerfile.api'),
        inCompose(/^ {6}- migrator\n/gm, ''),
      ],
      services: ['web'],
      shows: 'exec: "gunicorn": executable file not found in $PATH',
      states: { web: 'not started', db: 'runs' },
      // The code is copied before the requirements are installed.
      cached: { web: false },
    },
    {
      mends: [{ path: 'api/requirements.txt', from: 'flask==', to: 'gunicorn\nflask==' }],
      services: ['web', 'stats'],
      shows: 'failed to compute cache key: "/app/.venv" not found',
      states: { stats: 'not built' },
      cached: {},
    },
    {
      mends: [{ path: 'stats/Dockerfile', from: 'COPY /app/.venv', to: 'COPY --from=builder /app/.venv' }],
      services: ['stats'],
      shows: 'exec: "uvicorn": executable file not found in $PATH',
      states: { stats: 'not started' },
      cached: { stats: true },
    },
  ],
  outOfReach: [],
  cached: { web: true, worker: true, stats: true },
  works: async (stack) => {
    const specialities = ['Médecine générale', 'Pédiatrie', 'Dermatologie'];
    expect(await stack.ask('proxy', 80, '/api/specialites')).toEqual({ status: 200, json: specialities });
    // One revision, by web alone, although worker is the same image and gunicorn has three workers.
    expect(times(await stack.log('web'), 'Running upgrade')).toBe(1);
    expect(times(await stack.log('worker'), 'Running upgrade')).toBe(0);

    const taken = await stack.ask('proxy', 80, '/api/rendez-vous', { patient: 'Ana' });
    expect(taken).toEqual({ status: 202, json: { id: 1 } });
    const reminded = { patient: 'Ana', rappele: true };
    const read = await eventually(
      () => stack.ask('proxy', 80, '/api/rendez-vous/1'),
      ({ json }) => (json as { rappele: boolean }).rappele,
    );
    expect(read.json).toEqual(reminded);
    expect(await stack.log('worker')).not.toContain('Working outside of application context');
    expect(await stack.ask('proxy', 80, '/stats/rendez-vous')).toMatchObject({ status: 200, json: { nombre: 1 } });

    await stack.downAndUp();
    expect(await stack.ask('proxy', 80, '/api/specialites')).toEqual({ status: 200, json: specialities });
    expect(await stack.ask('proxy', 80, '/api/rendez-vous/1')).toEqual({ status: 200, json: reminded });
    expect(times(await stack.log('web'), 'Running upgrade')).toBe(0);
  },
};
