import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { NotTextError } from '../../src/diagnose/lines.ts';
import { readLog } from '../../src/diagnose/read.ts';
import { read } from './diagnosed.ts';

const MEGABYTE = 1 << 20;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await setImmediate();
  yield bytes;
}

describe('a log of 200 MB', () => {
  test('is read in bounded memory, and its one error is found', async () => {
    const lines = Array.from(
      { length: 900 },
      (_, index) =>
        `web-1  | 2025-10-03T10:00:00.${String(index).padStart(9, '0')}Z 172.18.0.${index % 250} - "GET /api/items/${index} HTTP/1.1" 200 ${index * 7}\n`,
    );
    const noise = Buffer.from(lines.join(''));
    const error = Buffer.from("web-1  | KeyError: 'SECRET_KEY'\n");
    const times = Math.ceil((200 * MEGABYTE) / noise.length);
    let bytes = 0;
    let peak = 0;
    let start = 0;
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (let round = 0; round < times; round += 1) {
        if (round % 20 === 0) {
          await setImmediate();
          const { rss } = process.memoryUsage();
          // Code and regular expressions are compiled in the first rounds.
          if (round === 100) start = rss;
          if (round >= 100) peak = Math.max(peak, rss);
        }
        const chunk = round === times >> 1 ? Buffer.concat([noise, error]) : noise;
        bytes += chunk.length;
        yield chunk;
      }
    }
    const reading = await readLog(stream());
    expect(bytes).toBeGreaterThanOrEqual(200 * MEGABYTE);
    expect(reading.lines).toBe(times * 900 + 1);
    expect(reading.sightings.map(({ symptom, source, names }) => [symptom.id, source, names])).toEqual([
      ['variable-missing', 'web-1', { variable: 'SECRET_KEY' }],
    ]);
    expect(peak - start).toBeLessThan(96 * MEGABYTE);
  }, 120_000);

  test('of which every line is another error keeps the first ones', async () => {
    async function* errors(): AsyncGenerator<Uint8Array> {
      for (let round = 0; round < 200; round += 1) {
        await setImmediate();
        yield Buffer.from(
          Array.from({ length: 100 }, (_, index) => `ModuleNotFoundError: No module named 'm${round}_${index}'\n`).join(
            '',
          ),
        );
      }
    }
    const reading = await readLog(errors());
    expect([reading.lines, reading.sightings.length, reading.cut]).toEqual([20_000, 200, true]);
  });

  test('without a newline is read in pieces', async () => {
    async function* oneLine(): AsyncGenerator<Uint8Array> {
      const piece = Buffer.alloc(MEGABYTE, 'x ');
      for (let round = 0; round < 50; round += 1) {
        await setImmediate();
        yield piece;
      }
      yield Buffer.from(" KeyError: 'SECRET_KEY' ");
      yield piece;
    }
    const { sightings } = await readLog(oneLine());
    expect(sightings.map(({ symptom }) => symptom.id)).toEqual(['variable-missing']);
    expect(sightings[0]?.quote.length).toBeLessThan(400);
  }, 60_000);
});

describe('lines', () => {
  const ids = async (log: string): Promise<readonly (readonly [string, string | undefined, number])[]> =>
    (await read(log)).sightings.map(({ symptom, source, count }) => [symptom.id, source, count]);

  test.each<[string, string, string | undefined]>([
    ['Compose v1', "web_1  | KeyError: 'SECRET_KEY'", 'web_1'],
    ['Compose v2', "shop-web-1  | KeyError: 'SECRET_KEY'", 'shop-web-1'],
    ['colours', "\u001b[36mweb-1  | \u001b[0mKeyError: 'SECRET_KEY'", 'web-1'],
    ['colours that lost their escape', "[36mweb-1  |[0m KeyError: 'SECRET_KEY'", 'web-1'],
    ["the engine's time", "2025-10-03T10:00:00.123456789Z KeyError: 'SECRET_KEY'", undefined],
    ['service and time', "web-1  | 2025-10-03T10:00:00.123456789Z KeyError: 'SECRET_KEY'", 'web-1'],
    ['GitHub Actions', "2025-10-03T10:00:00.1234567Z web-1  | KeyError: 'SECRET_KEY'", 'web-1'],
    [
      'the file of json-file',
      '{"log":"KeyError: \'SECRET_KEY\'\\n","stream":"stderr","time":"2025-10-03T10:00:00Z"}',
      undefined,
    ],
    ['journald', "Oct  3 10:00:00 host 1a2b3c[812]: KeyError: 'SECRET_KEY'", undefined],
    ['logrus', 'time="2025-10-03T10:00:00Z" level=error msg="KeyError: \'SECRET_KEY\'"', undefined],
    ['a build step', "#12 [web builder 3/5] RUN python check.py\n#12 3.456 KeyError: 'SECRET_KEY'", 'web'],
    ['a terminal', "downloading 10%\rdownloading 90%\rKeyError: 'SECRET_KEY'\r\n", undefined],
  ])('%s', async (_, log, source) => {
    expect(await ids(log)).toEqual([['variable-missing', source, 1]]);
  });

  test('a loop of restarts is one message', async () => {
    expect(await ids("web-1  | KeyError: 'SECRET_KEY'\n".repeat(500))).toEqual([['variable-missing', 'web-1', 500]]);
  });

  test("what PowerShell's > writes is read", async () => {
    const bytes = Buffer.from("\ufeffweb-1  | KeyError: 'SECRET_KEY'\r\n", 'utf16le');
    expect((await readLog(once(bytes))).sightings.map(({ source }) => source)).toEqual(['web-1']);
  });

  test('what is no text is refused', async () => {
    await expect(readLog(once(Buffer.from(Array.from({ length: 500 }, (_, index) => index % 7))))).rejects.toThrow(
      NotTextError,
    );
  });

  test('a hostile line takes no long time', async () => {
    const start = performance.now();
    for (const piece of [
      '"',
      'failed to compute cache key "',
      'exec: "',
      'a.',
      '\\',
      "'",
      'localhost:',
      'upstream "',
      '(',
      '[',
    ])
      await readLog(once(Buffer.from(`${piece.repeat(16_000 / piece.length)} error\n`.repeat(4))));
    expect(performance.now() - start).toBeLessThan(20_000);
  }, 60_000);
});
