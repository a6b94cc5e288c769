import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

const BIN = resolve('dist', 'bin.cjs');
/** How often each signal is sent; the full proof is ten. */
const KILLS = Number(process.env['DOCKFIX_KILLS'] ?? 2);
/** From the first look at the repository until both services run: both sides fall into it. */
const LATEST_MS = 22_000;

/** Is repaired (so that both sides start), pulls nothing, and has everything that could be left behind. */
const STACK = {
  Dockerfile: `FROM python:3.11-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["python", "app.py"]
`,
  'requirements.txt': '# nothing yet\n',
  'app.py': 'import time\ntime.sleep(3600)\n',
  'compose.yml': `services:
  web:
    build: .
    container_name: one-of-a-kind
    stop_grace_period: 1s
    volumes: ["files:/files", "/anonymous"]
    networks: [inner]
    healthcheck: { test: "true", interval: 2s }
  worker:
    build: .
    stop_grace_period: 1s
    restart: unless-stopped
    depends_on: { web: { condition: service_healthy } }
    networks: [inner]
volumes: { files: {} }
networks: { inner: {} }
`,
};

const noEngine = inject('noEngine');
let base = '';
const repository = (): string => join(base, 'repository');
const environment = () => ({ ...process.env, XDG_STATE_HOME: join(base, 'state'), TMPDIR: join(base, 'tmp') });

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'dockfix-kill-'));
  for (const folder of ['repository', 'state', 'tmp']) mkdirSync(join(base, folder));
  for (const [path, text] of Object.entries(STACK)) writeFileSync(join(repository(), path), text);
});
afterAll(() => rmSync(base, { recursive: true }));

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly said: () => string;
}

function start(): Started {
  const child = spawn(process.execPath, [BIN, 'verify', '--yes', repository()], { env: environment() });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, ended: new Promise((done) => child.on('close', done)), said: () => text };
}

const clean = () => spawnSync(process.execPath, [BIN, 'verify', '--clean'], { env: environment(), encoding: 'utf8' });

/** The ids of runs that are written down. */
const runs = (): readonly string[] => {
  const folder = join(base, 'state', 'dockfix', 'verify');
  return spawnSync('ls', [folder], { encoding: 'utf8' })
    .stdout.split('\n')
    .flatMap((name) => /^(\w+)\.json$/.exec(name)?.[1] ?? []);
};

/** Everything in the engine that a run made, and its folder. */
function leftOf(id: string): readonly string[] {
  const lists = [
    ['ps', '-aq'],
    ['network', 'ls', '-q'],
    ['volume', 'ls', '-q'],
    ['images', '-aq'],
  ];
  const left = lists.flatMap((argv) =>
    execFileSync('docker', [...argv, '--filter', `label=dockfix.verify=${id}`], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean),
  );
  return [...left, ...readdirSync(join(base, 'tmp')).filter((name) => name.includes(id))];
}

/** The run that has begun, once it is written down. */
async function begun(started: Started): Promise<string | undefined> {
  for (let round = 0; round < 200 && started.child.exitCode === null; round += 1) {
    const [id] = runs();
    if (id !== undefined) return id;
    await sleep(25);
  }
  return undefined;
}

if (noEngine !== '')
  test(`not run: ${noEngine}`, () => {
    expect(noEngine).not.toBe('');
  });
else
  describe('whatever ends verify, nothing stays', () => {
    const moments = Array.from({ length: KILLS }, () => Math.round(Math.random() * LATEST_MS));

    test.each(moments)('SIGINT after %i ms: it tidies up itself', async (moment) => {
      const started = start();
      const id = await begun(started);
      await sleep(moment);
      started.child.kill('SIGINT');
      expect(await started.ended, started.said()).toBe(130);
      expect(id && leftOf(id)).toEqual([]);
      expect(runs()).toEqual([]);
      expect(clean().stdout).toBe('Nothing was left behind.\n');
    });

    test.each(moments)('SIGKILL after %i ms: the next --clean tidies up', async (moment) => {
      const started = start();
      const id = await begun(started);
      await sleep(moment);
      started.child.kill('SIGKILL');
      await started.ended;
      const { status, stdout, stderr } = clean();
      expect([status, stdout, stderr]).toEqual([0, `removed what run ${id} left behind\n`, '']);
      // What a command of the killed run may still have been doing.
      await sleep(3000);
      expect(id && leftOf(id)).toEqual([]);
      expect(runs()).toEqual([]);
    });

    test('--clean leaves a run alone that lives', async () => {
      const started = start();
      const id = await begun(started);
      for (let round = 0; round < 120 && !/web: healthy/.test(started.said()); round += 1) await sleep(500);
      const mine = id === undefined ? [] : leftOf(id);
      expect(mine.length).toBeGreaterThan(4);
      expect(clean().stdout).toBe('Nothing was left behind.\n');
      expect(id && leftOf(id)).toEqual(expect.arrayContaining([...mine]));
      started.child.kill('SIGTERM');
      expect(await started.ended).toBe(143);
      expect(id && leftOf(id)).toEqual([]);
    });
  });
