import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { reception } from '../../src/bot/reception.ts';
import { seenInMemory } from '../../src/bot/seen.ts';
import { BODY_LIMITS, type BotServer, type ServerOptions, startServer } from '../../src/bot/server.ts';
import { signatureCheck } from '../../src/bot/signature.ts';
import type { Job } from '../../src/jobs/jobs.ts';
import { credentialMask, structuredLog } from '../../src/log.ts';
import { metricsOf } from '../../src/metrics.ts';
import {
  allExamples,
  comment,
  deliver,
  get,
  having,
  headersOf,
  installed,
  pullRequest,
  push,
  SECRET,
  send,
  signed,
} from './deliveries.ts';

const SCENE = { repository: 'acme/shop', installation: 77, branch: 'main' };
const COMMIT = 'a'.repeat(40);

const started: BotServer[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()));
});

/** A server in front of a queue that only writes down what it is given. */
async function receiver(more: Partial<ServerOptions> = {}, add?: (job: Job) => Promise<void>) {
  const jobs: Job[] = [];
  const lines: string[] = [];
  const log = structuredLog((line) => lines.push(line), credentialMask([SECRET]), 'debug');
  const queue = {
    add: async (job: Job) => {
      await add?.(job);
      jobs.push(job);
      return { id: String(jobs.length), end: new Promise<never>(() => {}) };
    },
  };
  const receive = reception({
    queue,
    seen: seenInMemory(1000, Date.now),
    url: 'https://github.com',
    log,
    now: Date.now,
    patience: 300,
  });
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    verify: signatureCheck(SECRET),
    receive,
    metrics: metricsOf(async () => ({ waiting: jobs.length, active: 0, failed: 0 })),
    ailment: async () => undefined,
    log,
    limits: BODY_LIMITS,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    ...more,
  });
  started.push(server);
  return { port: server.port, server, jobs, lines };
}

const forge = { kind: 'github', url: 'https://github.com', installation: 77 };

describe('a delivery becomes jobs', () => {
  test('a push to the default branch', async () => {
    const { port, jobs } = await receiver();
    const { status, text } = await deliver(port, 'push', push(SCENE, 'main'));
    expect([status, JSON.parse(text)]).toEqual([202, { reason: 'queued', jobs: 1 }]);
    expect(jobs).toMatchObject([
      {
        kind: 'fix',
        forge,
        request: { repository: 'acme/shop', dryRun: false, only: [] },
        configured: { pushed: 'main' },
      },
    ]);
    expect(jobs[0]?.kind === 'fix' && jobs[0].request.base).toBe(undefined);
  });

  test('a push to another branch that touches Docker files, because the configuration may name it', async () => {
    const { port, jobs } = await receiver();
    const changed = (branch: string, path: string) =>
      having(push(SCENE, branch), { commits: [{ added: [], modified: [path], removed: [] }] });
    expect((await deliver(port, 'push', changed('develop', 'src/app.py'))).status).toBe(200);
    expect((await deliver(port, 'push', changed('dockfix/all', 'Dockerfile'))).status).toBe(200);
    expect((await deliver(port, 'push', changed('develop', 'api/Dockerfile'))).status).toBe(202);
    expect(jobs).toMatchObject([{ kind: 'fix', configured: { pushed: 'develop' } }]);
  });

  test('a new installation, and repositories that are added to one', async () => {
    const { port, jobs } = await receiver();
    expect((await deliver(port, 'installation', installed(77, ['acme/shop', 'acme/blog']))).status).toBe(202);
    const added = having(installed(77, []), {
      action: 'added',
      repositories_added: [{ id: 3, name: 'third', full_name: 'acme/third', private: true }],
    });
    expect((await deliver(port, 'installation_repositories', added)).status).toBe(202);
    expect(jobs.map((job) => job.kind === 'fix' && job.request.repository)).toEqual([
      'acme/shop',
      'acme/blog',
      'acme/third',
    ]);
  });

  test.each(['opened', 'synchronize', 'reopened'])('a pull request that is %s', async (action) => {
    const { port, jobs } = await receiver();
    expect((await deliver(port, 'pull_request', pullRequest(SCENE, action, 5, COMMIT))).status).toBe(202);
    expect(jobs).toEqual([{ kind: 'check', forge, repository: 'acme/shop', pullRequest: 5, commit: COMMIT }]);
  });

  test('a pull request that gets another base, and not one with another title', async () => {
    const { port, jobs } = await receiver();
    const edited = pullRequest(SCENE, 'edited', 5, COMMIT);
    const titled = having(edited, { changes: { title: { from: 'old' } } });
    const rebased = having(edited, { changes: { base: { ref: { from: 'main' }, sha: { from: COMMIT } } } });
    expect((await deliver(port, 'pull_request', titled)).status).toBe(200);
    expect((await deliver(port, 'pull_request', rebased)).status).toBe(202);
    expect(jobs).toHaveLength(1);
  });

  test('a comment that speaks to dockfix, whatever it says of its author', async () => {
    const { port, jobs } = await receiver();
    const said = comment(SCENE, 5, { id: 9, author: 'someone', body: 'Please:\r\n/dockfix ignore split-copy' });
    expect((await deliver(port, 'issue_comment', said)).status).toBe(202);
    expect(jobs).toEqual([
      {
        kind: 'command',
        forge,
        repository: 'acme/shop',
        pullRequest: 5,
        comment: 9,
        author: 'someone',
        command: { name: 'ignore', transform: 'split-copy' },
      },
    ]);
  });
});

describe('a delivery that is not for us does nothing', () => {
  const said = comment(SCENE, 5, { id: 9, author: 'someone', body: '/dockfix apply' });
  test.each([
    ['push', push(SCENE, 'feature')],
    ['push', having(push(SCENE, 'main'), { ref: 'refs/tags/main' })],
    ['push', having(push(SCENE, 'main'), { deleted: true })],
    ['installation', having(installed(1, ['acme/shop']), { action: 'deleted' })],
    ['pull_request', pullRequest(SCENE, 'closed', 5, COMMIT)],
    ['issue_comment', having(said, { action: 'edited' })],
    ['issue_comment', having(said, { 'issue.pull_request': undefined })],
    ['issue_comment', having(said, { 'comment.user.type': 'Bot' })],
    ['issue_comment', having(said, { 'sender.type': 'Bot' })],
    ['issue_comment', having(said, { 'sender.login': 'another' })],
    ['issue_comment', having(said, { 'comment.body': '> /dockfix apply' })],
    ['issue_comment', having(said, { 'comment.body': '```\n/dockfix apply\n```' })],
    ['issue_comment', having(said, { 'comment.body': 'what does /dockfix apply do?' })],
    ['ping', { zen: 'Design for failure.' }],
    ['an_event_of_tomorrow', { action: 'created' }],
    ['constructor', { action: 'created' }],
  ])('%s', async (name, payload) => {
    const { port, jobs } = await receiver();
    const { status, text } = await deliver(port, name, payload);
    expect([status, JSON.parse(text).jobs, jobs]).toEqual([200, 0, []]);
  });

  test('no example of GitHub is refused as malformed, unless it comes from no app', async () => {
    const { port } = await receiver();
    const refused: unknown[] = [];
    for (const { name, payload } of allExamples) {
      const fresh = structuredClone(payload);
      for (const field of ['comment', 'pull_request'])
        if (typeof fresh[field] === 'object')
          Object.assign(fresh[field] as object, { created_at: new Date(), updated_at: new Date() });
      if (name === 'push') Object.assign(fresh['repository'] as object, { pushed_at: Date.now() / 1000 });
      const { status, text } = await deliver(port, name, fresh);
      if (status >= 300 && !text.includes('installation.id is missing')) refused.push([name, fresh['action'], text]);
    }
    expect(refused).toEqual([]);
  });
});

describe('a bad webhook is refused and does nothing', () => {
  const payload = push(SCENE, 'main');
  const text = JSON.stringify(payload);
  const post = { method: 'POST', path: '/webhooks' };

  test.each<[string, number, Record<string, string | undefined>]>([
    ['no signature', 401, { 'x-hub-signature-256': undefined }],
    ['an empty signature', 401, { 'x-hub-signature-256': '' }],
    ['the signature of another text', 401, { 'x-hub-signature-256': signed(`${text} `) }],
    ['a short signature', 401, { 'x-hub-signature-256': 'sha256=00' }],
    ['a signature of SHA-1', 401, { 'x-hub-signature-256': `sha1=${'0'.repeat(40)}` }],
    ['no delivery id', 400, { 'x-github-delivery': undefined }],
    ['a delivery id with a newline in it', 400, { 'x-github-delivery': 'a b' }],
    ['no event', 400, { 'x-github-event': undefined }],
    ['a form', 415, { 'content-type': 'application/x-www-form-urlencoded' }],
    ['no content type', 415, { 'content-type': undefined }],
    ['a compressed body', 415, { 'content-encoding': 'gzip' }],
  ])('%s: %i', async (_what, status, changed) => {
    const { port, jobs } = await receiver();
    const headers = Object.fromEntries(
      Object.entries({ ...headersOf('push', text), ...changed }).filter(([, value]) => value !== undefined),
    );
    const answer = await send(port, { ...post, headers }, [text]);
    expect([answer.status, jobs]).toEqual([status, []]);
  });

  test.each<[string, string | Buffer]>([
    ['no JSON', '{"action":'],
    ['no object', '[]'],
    ['null', 'null'],
    ['text', '"push"'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('%s, signed', async (_what, body) => {
    const { port, jobs } = await receiver();
    const answer = await send(port, { ...post, headers: headersOf('push', body) }, [body]);
    expect([[400, 401].includes(answer.status), jobs]).toEqual([true, []]);
  });

  test('an empty body', async () => {
    const { port, jobs } = await receiver();
    expect((await send(port, { ...post, headers: headersOf('push', '') }, [])).status).toBe(401);
    expect(jobs).toEqual([]);
  });

  test.each([
    ['repository.full_name', '../../etc/passwd'],
    ['repository.full_name', 'acme/shop/more'],
    ['repository.full_name', 'acme/..'],
    ['repository.full_name', ['acme/shop']],
    ['repository', null],
    ['repository.pushed_at', 'yesterday'],
    ['installation', undefined],
    ['installation.id', '77'],
    ['installation.id', -1],
    ['installation.id', 1e300],
    ['ref', 7],
  ])('a payload whose %s is %j: 400', async (path, value) => {
    const { port, jobs } = await receiver();
    expect((await deliver(port, 'push', having(payload, { [path]: value }))).status).toBe(400);
    expect(jobs).toEqual([]);
  });

  test.each([
    ['pull_request', having(pullRequest(SCENE, 'opened', 5, COMMIT), { 'pull_request.head.sha': '--upload-pack=x' })],
    ['pull_request', having(pullRequest(SCENE, 'opened', 5, COMMIT), { 'pull_request.number': 1.5 })],
    ['issue_comment', comment(SCENE, 5, { id: 9, author: 'some one', body: '/dockfix apply' })],
    ['issue_comment', having(comment(SCENE, 5, { id: 9, author: 'x', body: '' }), { 'comment.body': { a: 1 } })],
    ['installation', having(installed(7, []), { repositories: [{ full_name: 'x' }] })],
  ])('%s with a field that is not what it should be: 400', async (name, malformed) => {
    const { port, jobs } = await receiver();
    expect((await deliver(port, name, malformed)).status).toBe(400);
    expect(jobs).toEqual([]);
  });

  test('an event that is older than GitHub can deliver again: 400', async () => {
    const { port, jobs } = await receiver();
    const at = Date.now() - 73 * 3_600_000;
    const old = [
      ['push', having(payload, { 'repository.pushed_at': Math.floor(at / 1000) })],
      ['pull_request', having(pullRequest(SCENE, 'opened', 5, COMMIT), { 'pull_request.updated_at': new Date(at) })],
      [
        'issue_comment',
        having(comment(SCENE, 5, { id: 9, author: 'someone', body: '/dockfix apply' }), {
          'comment.created_at': new Date(at),
        }),
      ],
    ] as const;
    for (const [name, each] of old) expect((await deliver(port, name, each)).status, name).toBe(400);
    expect(jobs).toEqual([]);
  });

  test('a replayed delivery does nothing, also when both come at once', async () => {
    const { port, jobs } = await receiver();
    const headers = { 'x-github-delivery': randomUUID() };
    const answers = await Promise.all([1, 2, 3, 4].map(() => deliver(port, 'push', payload, headers)));
    const later = await deliver(port, 'push', payload, headers);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 202]);
    expect([later.status, JSON.parse(later.text)]).toEqual([200, { reason: 'seen already', jobs: 0 }]);
    expect(jobs).toHaveLength(1);
  });

  test('a refused delivery does not use up its id', async () => {
    const { port, jobs } = await receiver();
    const id = { 'x-github-delivery': randomUUID() };
    const forged = `sha256=${'0'.repeat(64)}`;
    expect((await deliver(port, 'push', payload, { ...id, 'x-hub-signature-256': forged })).status).toBe(401);
    expect((await deliver(port, 'push', payload, id)).status).toBe(202);
    expect(jobs).toHaveLength(1);
  });

  test.each([
    ['GET', '/webhooks', 405],
    ['PUT', '/webhooks', 405],
    ['POST', '/', 404],
    ['POST', '/webhooks/', 404],
    ['POST', '/api/github/webhooks', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/healthz', 405],
  ])('%s %s: %i', async (method, path, status) => {
    const { port, jobs } = await receiver();
    const answer = await send(
      port,
      { method, path, headers: headersOf('push', text) },
      method === 'POST' ? [text] : [],
    );
    expect([answer.status, jobs]).toEqual([status, []]);
    if (status === 405) expect(answer.headers['allow']).toBe(path === '/webhooks' ? 'POST' : 'GET, HEAD');
  });
});

describe('a body is limited', () => {
  const MB = 1 << 20;
  const post = { method: 'POST', path: '/webhooks' };
  const forged = headersOf('push', 'x');

  function* megabytes(count: number): Generator<Buffer> {
    const chunk = Buffer.alloc(MB, 0x20);
    for (let sent = 0; sent < count; sent += 1) yield chunk;
  }

  test('30 MB are refused by their length, before they are sent', async () => {
    const { port, jobs } = await receiver();
    const headers = { ...forged, 'content-length': 30 * MB };
    const { status } = await send(port, { ...post, headers }, megabytes(30));
    expect([status, jobs]).toEqual([413, []]);
  });

  test('30 MB without a length are refused when they are too many, and not kept', async () => {
    const { port, jobs } = await receiver();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    async function* watched(): AsyncGenerator<Buffer> {
      for (const chunk of megabytes(30)) {
        yield chunk;
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    }
    const { status } = await send(port, { ...post, headers: forged }, watched());
    expect([status, jobs]).toEqual([413, []]);
    // What was read up to the limit, and what is on its way.
    expect(most).toBeLessThan(60 * MB);
    expect((await get(port, '/healthz')).status).toBe(200);
  });

  test('25 MB are read', async () => {
    const { port } = await receiver();
    const payload = push(SCENE, 'main');
    const text = JSON.stringify({ ...payload, padding: 'x'.repeat(25 * MB - JSON.stringify(payload).length - 20) });
    expect(text.length).toBeGreaterThan(24.9 * MB);
    expect((await send(port, { ...post, headers: headersOf('push', text) }, [text])).status).toBe(202);
  });

  test('many at once are held up to a limit', async () => {
    const { port, jobs } = await receiver({ limits: { each: 4 * MB, all: 6 * MB } });
    let goOn = (): void => {};
    const refused = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    async function* slow(): AsyncGenerator<Buffer> {
      yield* megabytes(3);
      await refused;
      yield* megabytes(1);
    }
    const sent = [1, 2, 3, 4].map(() => send(port, { ...post, headers: forged }, slow()));
    await Promise.race(sent);
    goOn();
    const answers = await Promise.all(sent);
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 503]));
    // What was held is given back.
    expect((await send(port, { ...post, headers: forged }, megabytes(4))).status).toBe(401);
    expect(jobs).toEqual([]);
  });

  test('a body that comes too slowly: 408', async () => {
    const { port } = await receiver({ headersTimeout: 300, requestTimeout: 600 });
    const answer = new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        const head = Object.entries({ ...forged, host: 'x', 'content-length': 100 });
        socket.write(`POST /webhooks HTTP/1.1\r\n${head.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n{`);
      });
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text)).on('error', reject);
    });
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('headers that are too long: 431', async () => {
    const { port } = await receiver();
    const headers = { ...forged, 'x-long': 'x'.repeat(20_000) };
    expect((await send(port, { ...post, headers }, ['{}'])).status).toBe(431);
  });
});

describe('when jobs cannot be queued', () => {
  test('the delivery is not taken, and can be delivered again', async () => {
    let away = true;
    const { port, jobs } = await receiver({}, async () => {
      if (away) throw new Error('connect ECONNREFUSED');
    });
    const headers = { 'x-github-delivery': randomUUID() };
    expect((await deliver(port, 'push', push(SCENE, 'main'), headers)).status).toBe(503);
    away = false;
    expect((await deliver(port, 'push', push(SCENE, 'main'), headers)).status).toBe(202);
    expect(jobs).toHaveLength(1);
  });

  test('the answer does not wait for longer than GitHub does, and the job is queued once', async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { port, jobs } = await receiver({}, () => gate);
    const headers = { 'x-github-delivery': randomUUID() };
    expect((await deliver(port, 'push', push(SCENE, 'main'), headers)).status).toBe(503);
    open();
    expect((await deliver(port, 'push', push(SCENE, 'main'), headers)).status).toBe(200);
    expect(jobs).toHaveLength(1);
  });
});

describe('/healthz and /metrics', () => {
  test('tell whether it can work, and what it did', async () => {
    let reason: string | undefined;
    const { port } = await receiver({ ailment: async () => reason });
    expect((await get(port, '/healthz')).text).toBe('{"status":"ok"}\n');
    reason = 'Redis is away';
    const ill = await get(port, '/healthz');
    expect([ill.status, ill.text]).toEqual([503, '{"reason":"Redis is away"}\n']);
    await deliver(port, 'push', push(SCENE, 'main'));
    await deliver(port, 'an_event_of_tomorrow', {});
    await deliver(port, 'push', push(SCENE, 'main'), { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` });
    const { status, headers, text } = await get(port, '/metrics');
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toContain('dockfix_deliveries_total{event="push",outcome="queued"} 1');
    expect(text).toContain('dockfix_deliveries_total{event="other",outcome="nothing"} 1');
    expect(text).toContain('dockfix_deliveries_total{event="unverified",outcome="refused"} 1');
    expect(text).toContain('dockfix_queue_jobs{state="waiting"} 1');
    expect(text).not.toMatch(/acme|shop|tomorrow/);
  });
});

test('the secret is in no log and no answer, whoever sends it', async () => {
  const { port, lines } = await receiver();
  const sent = [
    await deliver(port, SECRET, { secret: SECRET }, {}),
    await deliver(port, 'push', push({ ...SCENE, repository: `acme/${SECRET}` }, 'main'), { 'x-github-event': 'push' }),
    await deliver(port, 'push', having(push(SCENE, 'main'), { ref: SECRET }), { 'x-github-delivery': SECRET }),
    await send(port, { method: 'GET', path: `/${SECRET}`, headers: {} }, []),
  ];
  expect(sent.map(({ status }) => status)).toEqual([400, 202, 400, 404]);
  expect(lines.length).toBeGreaterThan(2);
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  expect(lines.join('') + JSON.stringify(sent)).not.toContain(SECRET);
});
