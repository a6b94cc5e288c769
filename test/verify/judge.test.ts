import { describe, expect, test } from 'vitest';
import { type ContainerFacts, factsOf, secondsToHealthy, stateOf, worstOf } from '../../src/verify/judge.ts';

const START = Date.parse('2025-01-01T00:00:00Z');
const RUNNING: ContainerFacts = {
  id: 'c',
  service: 'web',
  status: 'running',
  exitCode: 0,
  error: '',
  restarts: 0,
  createdAt: START,
  startedAt: START,
  restartPolicy: 'no',
};
const at = (seconds: number, upEnded = true) => ({
  now: START + seconds * 1000,
  upEnded,
  steadySince: upEnded ? START : undefined,
  settleMs: 10_000,
});
const health = (status: string) => ({ health: { status, checks: [] } });

describe('stateOf', () => {
  test('waits for a healthcheck, and believes it', () => {
    expect(stateOf({ ...RUNNING, ...health('starting') }, at(100))).toBeUndefined();
    expect(stateOf({ ...RUNNING, ...health('healthy') }, at(1))).toBe('healthy');
    expect(stateOf({ ...RUNNING, ...health('unhealthy') }, at(1))).toBe('unhealthy');
  });

  test('without a healthcheck, running for the settling time is fine', () => {
    expect(stateOf(RUNNING, at(9))).toBeUndefined();
    expect(stateOf(RUNNING, at(10))).toBe('runs');
    // The settling time begins when the others are healthy.
    expect(stateOf(RUNNING, { ...at(10), steadySince: START + 1000 })).toBeUndefined();
    expect(stateOf(RUNNING, { ...at(100), steadySince: undefined })).toBeUndefined();
    // A restart begins it anew.
    expect(stateOf({ ...RUNNING, startedAt: START + 5000, restarts: 1 }, at(10))).toBeUndefined();
  });

  test('a task that ends with 0 is done; another status is a failure', () => {
    expect(stateOf({ ...RUNNING, status: 'exited' }, at(1))).toBe('done');
    expect(stateOf({ ...RUNNING, status: 'exited', exitCode: 3 }, at(1))).toBe('stopped');
    expect(stateOf({ ...RUNNING, status: 'exited', restartPolicy: 'on-failure' }, at(1))).toBe('done');
  });

  test('gives a container that is restarted its time, and then gives up', () => {
    const again = { ...RUNNING, status: 'restarting', exitCode: 1, restartPolicy: 'always', restarts: 3 };
    expect(stateOf(again, at(20))).toBeUndefined();
    expect(stateOf({ ...again, status: 'exited' }, at(20))).toBeUndefined();
    expect(stateOf(again, at(61))).toBe('restarting');
    expect(stateOf({ ...again, restarts: 8 }, at(20))).toBe('restarting');
    expect(stateOf({ ...again, ...health('starting'), status: 'running', restarts: 8 }, at(20))).toBe('restarting');
  });

  test('a container that was made and not started waits for Compose, unless the engine refused it', () => {
    const made = { ...RUNNING, status: 'created', startedAt: undefined };
    expect(stateOf(made, at(1, false))).toBeUndefined();
    expect(stateOf(made, at(1))).toBe('not started');
    expect(stateOf({ ...made, error: 'no such program' }, at(1, false))).toBe('not started');
  });
});

test('of several containers the one that came least far counts', () => {
  const states = (['healthy', 'runs', 'stopped', undefined] as const).map((state) => ({ state }));
  expect(worstOf(states)).toEqual({ state: 'stopped' });
  expect(worstOf([{ state: 'healthy' }, { state: undefined }])).toEqual({ state: undefined });
  expect(worstOf([])).toBeUndefined();
});

test('factsOf reads what docker inspect prints', () => {
  const facts = factsOf({
    Id: 'abc',
    Created: '2025-01-01T00:00:00Z',
    RestartCount: 2,
    HostConfig: { RestartPolicy: { Name: 'always' } },
    Config: { Labels: { 'com.docker.compose.service': 'web' } },
    State: {
      Status: 'running',
      ExitCode: 0,
      Error: '',
      StartedAt: '2025-01-01T00:00:01Z',
      Health: {
        Status: 'healthy',
        Log: [
          { End: '2025-01-01T00:00:02Z', ExitCode: 1, Output: 'no' },
          { End: '2025-01-01T00:00:06.5Z', ExitCode: 0, Output: '' },
        ],
      },
    },
  });
  expect(facts).toMatchObject({
    id: 'abc',
    service: 'web',
    restarts: 2,
    restartPolicy: 'always',
    startedAt: START + 1000,
  });
  expect(secondsToHealthy(facts)).toBe(5.5);
  const never = factsOf({ State: { Status: 'created', StartedAt: '0001-01-01T00:00:00Z' } });
  expect([never.startedAt, never.health]).toEqual([undefined, undefined]);
});
