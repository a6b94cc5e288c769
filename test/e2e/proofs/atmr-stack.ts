import { expect } from 'vitest';
import type { Proof } from '../proof.ts';
import { eventually, type Running, times } from '../running.ts';

const BOOKING = {
  patient_name: 'Ana',
  pickup: [46.2, 6.1],
  dropoff: [46.25, 6.15],
  scheduled_at: '2099-01-01T10:00:00',
};

const tokenOf = async (stack: Running): Promise<string> => {
  const { json } = await stack.ask('api', 5000, '/api/auth/token', { institution: 'Clinique des Tilleuls' });
  return (json as { readonly token: string }).token;
};

/** What the task that estimates a booking came to. */
async function estimate(stack: Running): Promise<unknown> {
  const { status, json } = await stack.ask('api', 5000, '/api/bookings/1/estimate', {});
  expect(status).toBe(202);
  const { task_id } = json as { readonly task_id: string };
  const task = await eventually(
    () => stack.ask('api', 5000, `/api/tasks/${task_id}`),
    (answer) => ['SUCCESS', 'FAILURE'].includes((answer.json as { readonly state: string }).state),
  );
  return task.json;
}

/** Seed 003, the whole stack: variables that reach nobody, tasks without a context, data without a volume. */
export const proof: Proof = {
  groups: [],
  // Beat sends its first task after thirty seconds.
  settleSeconds: 35,
  faults: [
    {
      mends: [],
      services: [],
      shows: 'SQLALCHEMY_DATABASE_URI must be set',
      states: { api: 'restarting', osrm: 'runs', redis: 'runs' },
      cached: {},
    },
    {
      mends: [
        {
          path: 'docker-compose.yml',
          from: '      - DATABASE_URI=sqlite:////app/data/atmr.db',
          to: '      - DATABASE_URL=sqlite:////app/data/atmr.db\n      - SECRET_KEY=s\n      - JWT_SECRET_KEY=j',
        },
      ],
      services: ['api', 'celery-worker', 'celery-beat'],
      shows: 'Working outside of application context',
      states: { api: 'healthy', 'celery-worker': 'errors' },
      cached: {},
    },
  ],
  outOfReach: [],
  cached: { api: true, 'celery-worker': true },
  works: async (stack) => {
    expect(await stack.ask('api', 5000, '/health')).toEqual({ status: 200, json: { status: 'ok' } });
    expect((await stack.ask('flower', 5555, '/')).status).toBe(401);
    // Two revisions, by api alone, on the database that the worker sees as well.
    expect(times(await stack.log('api'), 'Running upgrade')).toBe(2);
    expect(times(await stack.log('celery-worker'), 'Running upgrade')).toBe(0);
    const token = await tokenOf(stack);
    expect((await stack.ask('api', 5000, '/api/bookings', BOOKING, token)).status).toBe(201);
    expect(await estimate(stack)).toMatchObject({ state: 'SUCCESS', result: { minutes: 11 } });
    const worker = await eventually(
      () => stack.log('celery-worker'),
      (log) => /expire_stale_bookings\[.*succeeded/.test(log),
    );
    expect(worker).toMatch(/expire_stale_bookings\[.*succeeded/);
    expect(worker).not.toContain('Working outside of application context');

    await stack.downAndUp();
    expect(await stack.ask('api', 5000, '/api/bookings')).toMatchObject({ json: [{ patient_name: 'Ana' }] });
    expect(times(await stack.log('api'), 'Running upgrade')).toBe(0);
  },
};
