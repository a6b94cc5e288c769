import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { git as gitIn } from '../forge/bare.ts';
import { startGitea } from '../forge/gitea-server.ts';
import { startGithub } from '../forge/github-server.ts';
import { startGitlab } from '../forge/gitlab-server.ts';
import type { ForgeServer } from '../forge/serve.ts';
import { World, type WorldRepository } from '../forge/world.ts';
import { BROKEN } from '../pull-request/requests.ts';
import { dockfix, folderWith, git } from './program.ts';

// Some tests call the program eight times.
vi.setConfig({ testTimeout: 240_000 });

const BIN = resolve('dist', 'bin.cjs');

const FORGES = {
  github: { start: startGithub, variable: 'GITHUB_TOKEN', page: 'pull' },
  gitlab: { start: startGitlab, variable: 'GITLAB_TOKEN', page: '-/merge_requests' },
  gitea: { start: startGitea, variable: 'GITEA_TOKEN', page: 'pulls' },
} as const;

type Kind = keyof typeof FORGES;

interface Called {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Place {
  readonly kind: Kind;
  readonly world: World;
  readonly server: ForgeServer;
  readonly repository: WorldRepository;
  readonly token: string;
  /** The folder for temporary ones: empty after each call. */
  readonly temporary: string;
  /** Runs `dockfix pr` without waiting in this process, which serves the forge. */
  readonly pr: (argv: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Called>;
  readonly url: string;
}

async function placeOf(kind: Kind): Promise<Place> {
  const world = await World.create();
  const server = await FORGES[kind].start(world);
  const temporary = mkdtempSync(join(tmpdir(), 'dockfix-cli-pr-'));
  onTestFinished(async () => {
    await server.close();
    await world.close();
    rmSync(temporary, { recursive: true, force: true });
    expect(server.violations).toEqual([]);
  });
  const repository = await world.addRepository('acme/shop', { files: BROKEN, private: true });
  world.allow(repository, 'robot', 'write');
  const token = world.token('robot');
  const pr: Place['pr'] = async (argv, env) => {
    const called = await running(
      ['pr', ...argv, '--forge', kind, ...(argv.includes('--forge-url') ? [] : ['--forge-url', server.url])],
      {
        TMPDIR: temporary,
        [FORGES[kind].variable]: token,
        ...env,
      },
    );
    expect(readdirSync(temporary)).toEqual([]);
    expect(called.stdout + called.stderr).not.toContain(token);
    return called;
  };
  return { kind, world, server, repository, token, temporary, pr, url: `${server.url}/acme/shop.git` };
}

async function running(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Called> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [BIN, ...argv], {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((done) => child.on('close', done)),
  ]);
  return { status, stdout, stderr };
}

/** The tree of `dockfix apply --write` and `git add` in a fresh clone. */
async function appliedTree({ repository }: Place): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-cli-pr-clone-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await gitIn(folder, 'clone', '--quiet', repository.path, '.');
  expect(dockfix(['apply', '--write'], folder, {}).status).toBe(0);
  git(folder, ['add', '--all'], '');
  return git(folder, ['write-tree'], '').trim();
}

describe.each(Object.keys(FORGES) as readonly Kind[])('on %s', (kind) => {
  test('opens one pull request with the tree of apply --write, keeps it up to date, and leaves what a person did', async () => {
    const place = await placeOf(kind);
    const { pr, url, world, repository, server } = place;
    const page = `${server.url}/acme/shop/${FORGES[kind].page}/1`;

    expect(await pr([url])).toMatchObject({ status: 0, stdout: `dockfix/all: opened ${page} (6 repairs)\n` });
    const treeOf = (): Promise<string> => gitIn(repository.path, 'rev-parse', 'refs/heads/dockfix/all^{tree}');
    expect(await treeOf()).toBe(await appliedTree(place));
    const tip = await world.tip(repository, 'dockfix/all');

    expect(await pr([url])).toMatchObject({ status: 0, stdout: `dockfix/all: unchanged ${page} (6 repairs)\n` });
    expect(await world.tip(repository, 'dockfix/all')).toBe(tip);

    const moved = await world.commit(repository, 'main', { 'README.md': 'hello\n' }, 'Say hello');
    expect(await pr([url])).toMatchObject({ status: 0, stdout: `dockfix/all: updated ${page} (6 repairs)\n` });
    expect(await gitIn(repository.path, 'rev-parse', 'refs/heads/dockfix/all^')).toBe(moved);
    expect(await treeOf()).toBe(await appliedTree(place));

    const theirs = await world.commit(repository, 'dockfix/all', { 'README.md': 'mine\n' }, 'Say more');
    for (let call = 0; call < 2; call += 1)
      expect(await pr([url])).toMatchObject({
        status: 0,
        stdout: `dockfix/all: left alone ${page} (6 repairs)\n`,
        stderr: 'note: dockfix/all: somebody has commits on the branch\n',
      });
    expect(await world.tip(repository, 'dockfix/all')).toBe(theirs);

    const pulls = await world.pullRequests(repository);
    expect(pulls).toHaveLength(1);
    expect(pulls[0]?.comments).toHaveLength(1);
    expect(pulls[0]?.body).not.toContain('s3cr3t');
  });

  test('closes what is needless, and does not come back with what a person closed', async () => {
    const { pr, url, world, repository } = await placeOf(kind);
    await pr([url]);
    await world.commit(repository, 'main', { Dockerfile: null, 'docker-compose.yml': null }, 'Do without');
    expect((await pr([url])).stdout).toMatch(/^dockfix\/all: closed /);
    const { Dockerfile: image = null, 'docker-compose.yml': compose = null } = BROKEN;
    await world.commit(repository, 'main', { Dockerfile: image, 'docker-compose.yml': compose }, 'Take back');
    expect((await pr([url])).stdout).toMatch(/^dockfix\/all: opened .*\/2 /);
    const second = await world.pullRequest(repository, 2);
    if (!second) throw new Error('no pull request');
    world.end(second, 'closed');
    expect(await pr([url])).toMatchObject({
      stderr: 'note: dockfix/all: #2 was closed by somebody for the same findings\n',
    });
    expect((await world.pullRequests(repository)).map(({ state }) => state)).toEqual(['closed', 'closed']);
  });

  test('draft, labels and reviewers reach it', async () => {
    const { pr, url, world, repository } = await placeOf(kind);
    world.user('reviewer');
    world.allow(repository, 'reviewer', 'write');
    const options = ['--draft', '--labels', 'docker,repair', '--reviewers', 'reviewer', '--safe-only'];
    expect(await pr([url, ...options])).toMatchObject({ status: 0, stderr: '' });
    const [pull] = await world.pullRequests(repository);
    expect(pull?.labels.map(({ name }) => name)).toEqual(['docker', 'repair']);
    expect(pull?.reviewers).toEqual(['reviewer']);
    expect(pull?.draft).toBe(true);
  });
});

test('--dry-run shows the branch, the text and the diff, and changes nothing', async () => {
  const { pr, url, world, repository, server } = await placeOf('github');
  const { status, stdout, stderr } = await pr([url, '--dry-run']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: 'note: dockfix/all: a pull request would be opened\n' });
  expect(stdout).toMatch(/^dockfix\/all: would propose [0-9a-f]{12}\n\nRepair the Docker set-up: 6 repairs\n\n/);
  expect(stdout).toContain('## What fails today');
  expect(stdout).toContain('+CMD ["gunicorn", "-b", "0.0.0.0:8000", "wsgi:app"]');
  expect(stdout).not.toContain('s3cr3t');
  expect(await world.branches(repository)).toEqual(['main']);
  expect(
    server.requests.filter(({ method, url: path }) => method !== 'GET' && !path.endsWith('git-upload-pack')),
  ).toEqual([]);
});

test('--format json tells all for programs', async () => {
  const { pr, url, repository, world } = await placeOf('github');
  const { stdout } = await pr([url, '--format', 'json']);
  expect(JSON.parse(stdout)).toMatchObject({
    schemaVersion: 1,
    repository: 'acme/shop',
    base: { branch: 'main', commit: await world.tip(repository, 'main') },
    branches: [
      { branch: 'dockfix/all', action: 'opened', notes: [], commit: await world.tip(repository, 'dockfix/all') },
    ],
  });
});

test('--verification puts the table of a real engine into the text', async () => {
  const { pr, url, repository } = await placeOf('github');
  const side = (state: string) => ({ services: [{ name: 'web', state }], notes: [], seconds: 10 });
  const folder = folderWith({
    'verification.json': JSON.stringify({ schemaVersion: 1, before: side('unhealthy'), after: side('healthy') }),
    'other.json': '{"schemaVersion": 1}',
  });
  expect(await pr([url, '--verification', join(folder, 'other.json')])).toMatchObject({ status: 2, stdout: '' });
  await pr([url, '--verification', join(folder, 'verification.json')]);
  expect(repository.pullRequests[0]?.body).toMatch(/\| web \| unhealthy \| healthy \| better \|/);
});

test('a folder stands for where it was cloned from', async () => {
  const { pr, url, repository } = await placeOf('github');
  const folder = folderWith({ 'README.md': 'not what is repaired\n' });
  git(folder, ['init', '--quiet'], '');
  expect(await pr([folder])).toMatchObject({ status: 2, stderr: expect.stringContaining('has no remote "origin"') });
  git(folder, ['remote', 'add', 'origin', url.replace('://', '://someone:a-password@')], '');
  const { stdout, stderr } = await pr([folder]);
  expect(stdout).toMatch(/^dockfix\/all: opened /);
  expect(stdout + stderr).not.toContain('a-password');
  expect(repository.pullRequests).toHaveLength(1);
});

test('one pull request for each transform', async () => {
  const { pr, url, world, repository } = await placeOf('github');
  const { stdout } = await pr([url, '--one-per-transform']);
  expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'dockfix/ignore-build-context:',
    'dockfix/split-copy:',
    'dockfix/externalise-secrets:',
    'dockfix/use-service-hosts:',
    'dockfix/persist-data:',
    'dockfix/bind-all-interfaces:',
    '',
  ]);
  expect(await world.pullRequests(repository)).toHaveLength(6);
});

test.each([
  ['a repository that is not there', 'acme/other', 2, /not found|Not Found/],
  ['what names no repository', 'https://', 2, /names no repository/],
])('says what is wrong with %s', async (_, name, status, message) => {
  const { pr, server } = await placeOf('github');
  const called = await pr([name, '--forge-url', server.url]);
  expect(called).toMatchObject({ status, stdout: '' });
  expect(called.stderr).toMatch(message);
  expect(called.stderr).toMatch(/^error: .*\nhint: .*\n$/);
});

test('says that there are no credentials, and which', async () => {
  const { pr, url } = await placeOf('github');
  expect(await pr([url], { GITHUB_TOKEN: '' })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('hint: Set GITHUB_TOKEN'),
  });
});

test('Ctrl-C ends it, and leaves nothing behind', async () => {
  const { url, server, temporary, token, repository, world } = await placeOf('github');
  server.fail({ on: /git-upload-pack/, delay: 60_000 });
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [BIN, 'pr', url, '--forge', 'github'], {
    env: { PATH, HOME, TMPDIR: temporary, GITHUB_TOKEN: token },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((done) => child.on('close', done));
  await expect.poll(() => readdirSync(temporary).length, { timeout: 30_000 }).toBe(1);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(readdirSync(temporary)).toEqual([]);
  expect(await world.branches(repository)).toEqual(['main']);
});

test('apply loads nothing of it', () => {
  const program = readFileSync(resolve('dist', 'cli.cjs'), 'utf8');
  for (const name of ['octokit', 'gitbeaker', 'mergeRequests']) expect(program).not.toContain(name);
});
