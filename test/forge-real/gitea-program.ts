import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The newest version whose module, with all that it needs, is published for the Go toolchain. */
const MODULE = 'code.gitea.io/gitea@v1.26.0';
/** So few entries of a page make many pages of short lists. */
export const MOST_OF_PAGE = 5;

/** A Gitea that runs on this machine. */
export interface Gitea {
  readonly url: string;
  /** May do everything. */
  readonly adminToken: string;
  readonly close: () => Promise<void>;
}

/** Where the module is, and the program that was built from it: once, which takes minutes, and kept in `node_modules/.cache`. */
export async function buildGitea(): Promise<{ readonly source: string; readonly program: string }> {
  const download = await run('go', ['mod', 'download', '-json', MODULE], { cwd: tmpdir() }).catch((error: unknown) => {
    throw new Error(
      `Gitea cannot be fetched. The tests of a real forge need Go (1.26 or later), a C compiler and git: ${error}`,
    );
  });
  const source = (JSON.parse(download.stdout) as { readonly Dir: string }).Dir;
  const folder = resolve('node_modules/.cache/dockfix');
  const program = join(folder, MODULE.replaceAll(/[^\w.]+/g, '-'));
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true });
    const fresh = `${program}.${process.pid}`;
    // Built as fast as can be, not to run fast.
    await run(
      'go',
      ['build', '-C', source, '-tags', 'sqlite sqlite_unlock_notify', '-gcflags=all=-N -l', '-o', fresh, '.'],
      {
        env: { ...process.env, CGO_ENABLED: '1', CGO_CFLAGS: '-O0', GOFLAGS: '-mod=readonly -buildvcs=false' },
        maxBuffer: 1 << 26,
      },
    );
    await rename(fresh, program);
  }
  return { source, program };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('There is no free port');
  return address.port;
}

/** Starts Gitea with an empty database and an administrator. */
export async function startGitea(): Promise<Gitea> {
  const { source, program } = await buildGitea();
  const folder = await mkdtemp(join(tmpdir(), 'dockfix-gitea-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const config = join(folder, 'app.ini');
  await writeFile(config, settings(folder, source, url));
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, GITEA_WORK_DIR: folder };
  const tool = async (...args: readonly string[]): Promise<string> =>
    (await run(program, ['--config', config, ...args], { env, cwd: folder })).stdout;

  await tool('migrate');
  const said = await tool(
    ...['admin', 'user', 'create', '--admin', '--username', 'root-of-all', '--email', 'root@example.org'],
    ...['--random-password', '--must-change-password=false'],
    ...['--access-token', '--access-token-name', 'test', '--access-token-scopes', 'all'],
  );
  const adminToken = /created\.* ([0-9a-f]{40})/.exec(said)?.[1];
  if (!adminToken) throw new Error(`Gitea made no token: ${said}`);

  const child = spawn(program, ['--config', config, 'web'], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (log += String(chunk)));
  const ended = new Promise<void>((done) => child.on('close', () => done()));
  for (let tries = 0; !(await isUp(url)); tries++) {
    if (tries === 300 || child.exitCode !== null) throw new Error(`Gitea does not start:\n${log}`);
    await wait(100);
  }
  return {
    url,
    adminToken,
    async close() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const isUp = (url: string): Promise<boolean> =>
  fetch(`${url}/api/v1/version`).then(
    ({ ok }) => ok,
    () => false,
  );

const settings = (folder: string, source: string, url: string): string => `
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
RUN_MODE = prod
WORK_PATH = ${folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${new URL(url).port}
ROOT_URL = ${url}/
STATIC_ROOT_PATH = ${source}
APP_DATA_PATH = ${folder}/data
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = ${folder}/gitea.db
[repository]
ROOT = ${folder}/repositories
[security]
INSTALL_LOCK = true
[service]
DISABLE_REGISTRATION = true
[api]
MAX_RESPONSE_ITEMS = ${MOST_OF_PAGE}
DEFAULT_PAGING_NUM = ${MOST_OF_PAGE}
[indexer]
ISSUE_INDEXER_TYPE = db
[log]
MODE = console
LEVEL = Warn
`;
