import { expect } from 'vitest';
import type { Proof } from '../proof.ts';
import { expectNotRoot } from '../running.ts';

/** Seed 001: the build has nothing to copy; with that mended, the mount hides what it copied. */
export const proof: Proof = {
  groups: [],
  settleSeconds: 10,
  faults: [
    {
      mends: [],
      services: [],
      shows: 'failed to compute cache key: "/app/.venv" not found',
      states: { backend: 'not built', frontend: 'not started', postgres: 'not started', redis: 'not started' },
      cached: { frontend: true },
    },
    {
      mends: [
        {
          path: 'backend/Dockerfile',
          from: 'COPY --chown=appuser:appgroup /app/.venv',
          to: 'COPY --from=builder --chown=appuser:appgroup /app/.venv',
        },
      ],
      services: ['backend'],
      shows: 'exec: "uvicorn": executable file not found in $PATH',
      states: { backend: 'not started', postgres: 'healthy', redis: 'healthy' },
      cached: { backend: true },
    },
  ],
  outOfReach: [],
  cached: { backend: true, frontend: true },
  works: async (stack) => {
    expect((await stack.exec('backend', 'which', 'uvicorn')).trim()).toBe('/opt/venv/bin/uvicorn');
    await expectNotRoot(stack, ['backend']);
    const recipe = { titre: 'Tarte aux prunes' };
    expect(await stack.ask('frontend', 80, '/api/recettes', recipe)).toEqual({ status: 201, json: recipe });
    await stack.downAndUp();
    expect(await stack.ask('frontend', 80, '/api/recettes')).toEqual({ status: 200, json: [recipe] });
  },
};
