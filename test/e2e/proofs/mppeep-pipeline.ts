import { expect } from 'vitest';
import type { Mend, Proof } from '../proof.ts';
import { expectNotRoot, times } from '../running.ts';

const COMPOSE = 'docker-compose.prod.yml';
const CONFIG = 'app/core/config.py';
const BUDGET = { service: 'Voirie', year: 2025, amount: 120000 };

const inCompose = (from: string | RegExp, to: string): Mend => ({ path: COMPOSE, from, to });

/** Seed 004, with the group hygiene: its document describes that image, too. Its faults hide each other. */
export const proof: Proof = {
  groups: ['hygiene'],
  settleSeconds: 10,
  faults: [
    {
      mends: [],
      services: [],
      shows: 'not a directory',
      states: { nginx: 'not started' },
      cached: { app: false },
    },
    {
      mends: [inCompose('./nginx.conf:', './deploy/nginx/nginx.conf:')],
      services: ['app'],
      shows: 'SyntaxError: invalid syntax',
      states: {},
      cached: {},
    },
    {
      mends: [
        { path: CONFIG, from: 'if DEBUG: "localhost" else "db"', to: '"localhost" if DEBUG else "db"' },
        inCompose('LOG_LEVEL=info', 'LOG_LEVEL=INFO'),
      ],
      services: ['app'],
      shows: 'Could not parse SQLAlchemy URL',
      states: {},
      cached: {},
    },
    {
      mends: [inCompose(/- DATABASE_URL="(.*)"$/gm, '- DATABASE_URL=$1')],
      services: ['app'],
      shows: 'connection to server at "localhost"',
      states: {},
      cached: {},
    },
  ],
  outOfReach: [],
  cached: { app: true },
  works: async (stack) => {
    const healthy = { status: 200, json: { status: 'ok', version: '1.0.0' } };
    expect(await stack.ask('app', 9000, '/api/v1/health')).toMatchObject(healthy);
    expect(await stack.ask('nginx', 80, '/api/v1/health')).toMatchObject(healthy);
    // Its tables and its first user were made once, although uvicorn has four workers.
    expect(times(await stack.log('app'), 'Violation')).toBe(0);
    const password = (await stack.exec('app', 'printenv', 'ADMIN_PASSWORD')).trim();
    const token = await stack.ask('app', 9000, '/api/v1/auth/token', { username: 'admin', password });
    expect(token).toMatchObject({ status: 200, json: { token_type: 'bearer' } });
    expect((await stack.ask('nginx', 80, '/api/v1/budgets', BUDGET)).status).toBe(201);
    await expectNotRoot(stack, ['app']);
    await stack.exec('app', 'sh', '-c', 'touch logs/essai uploads/essai');
    await expect(stack.exec('app', 'which', 'gcc')).rejects.toThrow();

    await stack.downAndUp();
    expect(await stack.ask('app', 9000, '/api/v1/budgets')).toMatchObject({
      json: [{ service: 'Voirie', year: 2025 }],
    });
  },
};
