import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { compose, type Stack } from '../../src/verify/docker.ts';

/** An answer of a service. */
export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** A stack that is up, as a proof looks at it. */
export interface Running {
  /** Asks a published port of a service; a body makes it a POST of JSON, a token goes into Authorization. */
  readonly ask: (service: string, port: number, path: string, body?: object, token?: string) => Promise<Answer>;
  /** What a command in a container prints. */
  readonly exec: (service: string, ...argv: readonly string[]) => Promise<string>;
  /** Everything that a service has logged since it was last created. */
  readonly log: (service: string) => Promise<string>;
  /** `docker compose down`, which keeps the volumes, then `up` until all is healthy. */
  readonly downAndUp: () => Promise<void>;
}

export function running(stack: Stack): Running {
  const run = async (argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await compose(stack, argv, { timeoutMs: 300_000 });
    if (code !== 0) throw new Error(`docker compose ${argv.join(' ')}: ${stderr}`);
    return stdout;
  };
  return {
    ask: async (service, port, path, body, token) => {
      const address = (await run(['port', service, String(port)])).trim();
      const answer = await fetch(`http://${address}${path}`, {
        signal: AbortSignal.timeout(30_000),
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
      });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json') === true;
      return { status: answer.status, json: isJson ? (JSON.parse(text) as unknown) : text };
    },
    exec: (service, ...argv) => run(['exec', '-T', service, ...argv]),
    log: (service) => run(['logs', '--no-color', '--no-log-prefix', service]),
    downAndUp: async () => {
      await run(['down', '--timeout', '5']);
      await run(['up', '-d', '--no-build', '--wait', '--wait-timeout', '180']);
    },
  };
}

/** Asks again until the answer is as it should be, or half a minute has gone. */
export async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (isRight(answer) || Date.now() > end) return answer;
    await sleep(1000);
  }
}

export const times = (text: string, part: string): number => text.split(part).length - 1;

/** The main process of each service does not run as root. */
export async function expectNotRoot(stack: Running, services: readonly string[]): Promise<void> {
  for (const service of services) expect(await stack.exec(service, 'id', '-u'), service).not.toBe('0\n');
}
