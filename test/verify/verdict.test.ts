import { describe, expect, test } from 'vitest';
import { verificationJson, verificationMarkdown, verificationTable } from '../../src/output/verification.ts';
import { passed, rowsOf, type SideResult, type State, type Verification, worseIn } from '../../src/verify/verdict.ts';

const side = (states: Readonly<Record<string, State>>, more: Partial<SideResult> = {}): SideResult => ({
  services: Object.entries(states).map(([name, state]) => ({ name, state })),
  notes: [],
  seconds: 12.3,
  ...more,
});
const changes = (verification: Verification) => rowsOf(verification).map(({ name, change }) => `${name} ${change}`);

describe('a verification', () => {
  test.each<[string, State, State, string]>([
    ['is better', 'not built', 'healthy', 'better'],
    ['is better without the errors', 'errors', 'runs', 'better'],
    ['is the same in other words', 'runs', 'healthy', 'same'],
    ['is worse', 'healthy', 'unhealthy', 'worse'],
    ['is worse with errors', 'runs', 'errors', 'worse'],
    ['is not compared when its image is out of reach', 'runs', 'unavailable', 'not compared'],
  ])('%s: %s, then %s', (_, was, is, change) => {
    expect(changes({ before: side({ web: was }), after: side({ web: is }) })).toEqual([`web ${change}`]);
  });

  test('passes when after is healthy and nothing is worse', () => {
    expect(passed({ before: side({ web: 'stopped' }), after: side({ web: 'healthy', job: 'done' }) })).toBe(true);
    expect(passed({ after: side({ web: 'runs' }) })).toBe(true);
    expect(passed({ after: side({ web: 'errors' }) })).toBe(true);
    expect(passed({ before: side({ web: 'runs' }), after: side({ web: 'errors' }) })).toBe(false);
    expect(passed({ before: side({ web: 'stopped' }), after: side({ web: 'late' }) })).toBe(false);
    expect(passed({ after: side({ web: 'healthy' }, { stopped: 'no' }) })).toBe(false);
    expect(passed({ after: side({}) })).toBe(false);
  });

  test('does not judge what is out of reach', () => {
    expect(
      passed({
        before: side({ web: 'stopped', osrm: 'unavailable' }),
        after: side({ web: 'runs', osrm: 'unavailable' }),
      }),
    ).toBe(true);
    expect(passed({ after: side({ osrm: 'unavailable' }) })).toBe(false);
  });

  test('knows that files which Compose rejects start nothing, on either side', () => {
    const refused = side({}, { stopped: 'invalid compose project' });
    expect(changes({ before: refused, after: side({ web: 'healthy' }) })).toEqual(['web better']);
    expect(worseIn({ before: side({ web: 'healthy' }), after: refused }).map(({ name }) => name)).toEqual(['web']);
  });

  test('a service that the repair removes, or adds, is not worse', () => {
    expect(changes({ before: side({ migrator: 'done' }), after: side({ web: 'runs' }) })).toEqual([
      'migrator removed',
      'web new',
    ]);
  });
});

const PLAIN = (text: string): string => text;
const PALETTE = { bold: PLAIN, dim: PLAIN, underline: PLAIN, red: PLAIN, green: PLAIN, yellow: PLAIN, cyan: PLAIN };

const SHOP: Verification = {
  before: {
    services: [
      {
        name: 'web',
        state: 'stopped',
        exitCode: 3,
        reason: 'a `b` | \u001b[31mc',
        imageBytes: 201_000_000,
        installCached: false,
      },
      { name: 'migrator', state: 'not started' },
    ],
    stopped: 'dependency failed to start',
    notes: [],
    seconds: 61.2,
  },
  after: {
    services: [
      { name: 'web', state: 'healthy', secondsToHealthy: 4.6, imageBytes: 190_400_000, installCached: true },
      { name: 'maps', state: 'unavailable', reason: 'image maps cannot be pulled: no such host' },
    ],
    notes: ['KEY is required and has no value: one was made up'],
    seconds: 40,
  },
};

test('the table', () => {
  expect(verificationTable(SHOP, PALETTE)).toBe(`service   before                                      after
maps      -                                           image out of reach                      new
migrator  not started                                 -                                       removed
web       stopped (exit 3), 201 MB, install repeated  healthy in 5 s, 190 MB, install CACHED  better

before
  docker compose up stops: dependency failed to start
  web: a \`b\` | \\x1b[31mc

after
  maps: image maps cannot be pulled: no such host
  note: KEY is required and has no value: one was made up

before fails, after is healthy. (before 61 s, after 40 s)
`);
});

test('the Markdown', () => {
  expect(verificationMarkdown(SHOP)).toBe(`**Before fails, after is healthy.**

| service | before | after | change |
| --- | --- | --- | --- |
| maps | - | image out of reach | new |
| migrator | not started | - | removed |
| web | stopped (exit 3), 201 MB, install repeated | healthy in 5 s, 190 MB, install CACHED | better |

- before: \`docker compose up\` stops: \`dependency failed to start\`
- before, web: \`\`a \`b\` | \\x1b[31mc\`\`
- after, maps: \`image maps cannot be pulled: no such host\`
- after, note: KEY is required and has no value: one was made up
`);
});

test('the JSON', () => {
  const document = JSON.parse(verificationJson(SHOP)) as Record<string, unknown>;
  expect(document).toMatchObject({
    schemaVersion: 1,
    passed: true,
    before: { healthy: false, stopped: 'dependency failed to start' },
    after: { healthy: true, clean: true, services: SHOP.after.services },
    changes: [
      { name: 'maps', change: 'new' },
      { name: 'migrator', change: 'removed' },
      { name: 'web', change: 'better' },
    ],
  });
  expect(Object.keys(JSON.parse(verificationJson({ after: SHOP.after })) as object)).not.toContain('before');
});
