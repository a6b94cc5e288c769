import { expect } from 'vitest';
import type { Proof } from '../proof.ts';
import { eventually, expectNotRoot, type Running, times } from '../running.ts';

/** A driver, a booking, and the task that brings them together; answers what the task came to. */
async function dispatch(stack: Running): Promise<unknown> {
  const driver = { name: 'Zoé', lat: 46.2, lng: 6.1 };
  expect((await stack.ask('api', 5000, '/api/drivers', driver)).status).toBe(201);
  const booking = {
    patient_name: 'Ana',
    pickup_address: 'Rue 1',
    pickup_lat: 46.21,
    pickup_lng: 6.11,
    dropoff_address: 'Rue 2',
    scheduled_at: '2099-01-01T10:00:00',
  };
  expect((await stack.ask('api', 5000, '/api/bookings', booking)).status).toBe(201);
  const { status, json } = await stack.ask('api', 5000, '/api/bookings/1/dispatch', {});
  expect(status).toBe(202);
  const id = (json as { readonly task_id: string }).task_id;
  const task = await eventually(
    () => stack.ask('api', 5000, `/api/tasks/${id}`),
    (answer) => ['SUCCESS', 'FAILURE'].includes((answer.json as { readonly state: string }).state),
  );
  return { ...(task.json as object), asked: id };
}

/** Seed 003, its second error: tasks that use Flask run outside of its application context. */
export const proof: Proof = {
  groups: [],
  // Beat sends its first task after thirty seconds.
  settleSeconds: 35,
  faults: [
    {
      mends: [],
      services: [],
      shows: 'Working outside of application context',
      states: { api: 'healthy', 'celery-worker': 'errors' },
      cached: {},
      whileUp: async (stack) => {
        const task = await dispatch(stack);
        expect(task).toMatchObject({ state: 'FAILURE' });
        expect(JSON.stringify(task)).toContain('Working outside of application context');
      },
    },
  ],
  outOfReach: [],
  cached: { api: true, 'celery-worker': true },
  works: async (stack) => {
    expect(await stack.ask('api', 5000, '/health')).toEqual({ status: 200, json: { status: 'ok' } });
    const task = (await dispatch(stack)) as { readonly asked: string };
    expect(task).toMatchObject({ state: 'SUCCESS', result: { driver: 'Zoé', task_id: task.asked } });
    const worker = await eventually(
      () => stack.log('celery-worker'),
      (log) => /expire_stale_bookings\[.*succeeded/.test(log),
    );
    expect(worker).toMatch(/expire_stale_bookings\[.*succeeded/);
    expect(worker).not.toContain('Working outside of application context');
    expect(times(await stack.log('api'), 'Running upgrade')).toBe(2);
    await expectNotRoot(stack, ['api', 'celery-worker', 'celery-beat']);

    await stack.downAndUp();
    expect(await stack.ask('api', 5000, '/api/drivers')).toMatchObject({ json: [{ name: 'Zoé' }] });
    expect(times(await stack.log('api'), 'Running upgrade')).toBe(0);
  },
};
