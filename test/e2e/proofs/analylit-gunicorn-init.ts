import { expect } from 'vitest';
import type { Proof } from '../proof.ts';
import { expectNotRoot, times } from '../running.ts';

const INIT = "Initialisation d'AnalyLit 4.1...";

/** Seed 002: three gunicorn workers repeat the initialisation, and the routes are never registered. */
export const proof: Proof = {
  groups: [],
  settleSeconds: 10,
  faults: [
    {
      mends: [],
      services: [],
      shows: 'HTTP Error 404: NOT FOUND',
      states: { db: 'healthy', redis: 'healthy', web: 'unhealthy', nginx: 'not started' },
      cached: {},
      whileUp: async (stack) => {
        const log = await stack.log('web');
        // Once by the entrypoint, then by every worker.
        expect(times(log, INIT)).toBe(4);
        expect(log).toContain('duplicate key value violates unique constraint "uq_analysis_profiles_name"');
        expect((await stack.ask('web', 5001, '/api/settings/profiles')).status).toBe(404);
      },
    },
  ],
  outOfReach: [],
  cached: { web: true, worker: true },
  works: async (stack) => {
    for (const [service, port] of [
      ['web', 5001],
      ['nginx', 80],
    ] as const) {
      const { status, json } = await stack.ask(service, port, '/api/settings/profiles');
      expect([status, (json as readonly unknown[]).length], service).toEqual([200, 4]);
    }
    expect(times(await stack.log('web'), INIT)).toBe(1);
    expect(times(await stack.log('web'), 'Booting worker')).toBe(3);
    await expectNotRoot(stack, ['web', 'worker']);

    const profile = { name: 'Mon profil', keywords: ['sommeil'] };
    expect((await stack.ask('web', 5001, '/api/settings/profiles', profile)).status).toBe(201);
    await stack.downAndUp();
    const { json } = await stack.ask('nginx', 80, '/api/settings/profiles');
    expect((json as readonly { readonly name: string }[]).map(({ name }) => name)).toContain('Mon profil');
    const log = await stack.log('web');
    expect([times(log, INIT), times(log, 'Base déjà initialisée, rien à faire.')]).toEqual([0, 1]);
  },
};
