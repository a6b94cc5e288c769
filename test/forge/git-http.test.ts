import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { git, gitEnvironment } from './bare.ts';
import { type GithubServer, startGithub } from './github-server.ts';
import { World, type WorldRepository } from './world.ts';

const run = promisify(execFile);

let world: World;
let server: GithubServer;
let shop: WorldRepository;
let copies = 0;

beforeEach(async () => {
  world = await World.create();
  server = await startGithub(world);
  shop = await world.addRepository('acme/shop', {
    files: { 'a.txt': 'one\n', 'run.sh': { content: '#!/bin/sh\n', mode: '100755' } },
  });
});

afterEach(async () => {
  await server.close();
  await world.close();
  expect(server.violations).toEqual([]);
});

/** Git's own client with a token as the password; answers its output, or what it says when it fails. */
async function client(token: string | undefined, ...args: readonly string[]): Promise<string> {
  const pair = Buffer.from(`x-access-token:${token}`).toString('base64');
  const header = token === undefined ? [] : ['-c', `http.extraHeader=Authorization: Basic ${pair}`];
  const person = ['-c', 'user.name=someone', '-c', 'user.email=someone@example.org'];
  try {
    return (await run('git', [...header, ...person, ...args], { env: gitEnvironment })).stdout;
  } catch (error) {
    return error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  }
}

async function clone(token: string | undefined, ...options: readonly string[]): Promise<string> {
  copies += 1;
  const folder = join(world.folder, `clone-${copies}`);
  const said = await client(token, 'clone', '--quiet', ...options, `${server.url}/acme/shop.git`, folder);
  if (said !== '') throw new Error(said);
  return folder;
}

describe('git over HTTP', () => {
  test('clones what is public without a password, and what is private with one only', async () => {
    expect(await git(await clone(undefined), 'ls-files', '--stage')).toMatch(/100644 .*a\.txt\n100755 .*run\.sh$/);
    shop.private = true;
    await expect(clone(undefined)).rejects.toThrow(/terminal prompts disabled|Authentication/);
    await expect(clone('wrong')).rejects.toThrow(/terminal prompts disabled|Authentication failed/);
    await expect(clone(world.token('stranger'))).rejects.toThrow(/not found/);
    world.allow(shop, 'reader', 'read');
    await clone(world.token('reader'));
  });

  test('clones in part: no contents until they are asked for', async () => {
    const folder = await clone(undefined, '--filter=blob:none', '--no-checkout', '--depth=1');
    expect(await git(folder, 'rev-list', '--objects', '--missing=print', 'HEAD')).toMatch(/^\?/m);
  });

  test('takes pushes of who may write, also large and compressed ones', async () => {
    world.allow(shop, 'writer', 'write');
    const token = world.token('writer');
    const folder = await clone(token);
    const large = randomBytes(3_000_000);
    await writeFile(join(folder, 'large.bin'), large);
    await client(undefined, '-C', folder, 'add', '.');
    await client(undefined, '-C', folder, 'commit', '--quiet', '-m', 'Large');
    const push = [
      '-C',
      folder,
      '-c',
      'http.postBuffer=65536',
      'push',
      '--quiet',
      'origin',
      'HEAD:refs/heads/dockfix/all',
    ];
    expect(await client(token, ...push)).toBe('');
    expect(await world.tip(shop, 'dockfix/all')).toBe(await git(folder, 'rev-parse', 'HEAD'));
    expect(await git(shop.path, 'cat-file', '-s', 'dockfix/all:large.bin')).toBe(String(large.length));
  });

  test('refuses pushes of who may not write, to what is archived, and of what the forge keeps', async () => {
    for (const [login, permission] of [
      ['reader', 'read'],
      ['writer', 'write'],
    ] as const)
      world.allow(shop, login, permission);
    const writer = world.token('writer');
    const folder = await clone(undefined);
    const push = (token: string | undefined, ref: string): Promise<string> =>
      client(token, '-C', folder, 'push', '--quiet', 'origin', `HEAD:${ref}`);
    expect(await push(world.token('reader'), 'refs/heads/x')).toMatch(/403/);
    expect(await push(undefined, 'refs/heads/x')).toMatch(/terminal prompts disabled|Authentication/);
    expect(await push(writer, 'refs/pull/1/head')).toMatch(/deny updating a hidden ref/);
    shop.archived = true;
    expect(await push(writer, 'refs/heads/x')).toMatch(/403/);
    expect(await world.branches(shop)).toEqual(['main']);
  });

  test('fails when it is told to', async () => {
    server.fail({ on: /info\/refs/, status: 503 });
    await expect(clone(undefined)).rejects.toThrow(/503/);
    await clone(undefined);
  });
});

describe('a world', () => {
  test('follows the branches of its pull requests', async () => {
    const author = world.user('someone');
    const fork = await world.fork(shop, 'other');
    const ask = { author, title: 't', body: '', base: 'main', head: 'fix', draft: false };
    await world.commit(fork, 'fix', { 'a.txt': 'two\n' }, 'Fix');
    const pull = await world.openPullRequest(shop, { ...ask, headRepository: fork });
    const next = await world.commit(fork, 'fix', { 'b.txt': 'b\n' }, 'More');
    expect((await world.pullRequest(shop, 1))?.headCommit).toBe(next);
    expect(await git(shop.path, 'rev-parse', 'refs/pull/1/head')).toBe(next);
    expect((await world.changes(pull)).map(({ status, path }) => `${status} ${path}`)).toEqual(['M a.txt', 'A b.txt']);
    const merge = await world.merge(pull);
    expect([await world.tip(shop, 'main'), pull.state]).toEqual([merge, 'merged']);
    expect(await world.file(shop, 'main', 'b.txt')).toBe('b\n');
  });

  test('calls one merged when its base has the commits, and closed when its branch is gone', async () => {
    const author = world.user('someone');
    for (const head of ['one', 'two']) {
      await world.commit(shop, head, { [head]: head }, head);
      await world.openPullRequest(shop, { author, title: head, body: '', base: 'main', head, draft: false });
    }
    await git(shop.path, 'update-ref', 'refs/heads/main', 'refs/heads/one');
    await world.deleteBranch(shop, 'two');
    expect((await world.pullRequests(shop)).map(({ state }) => state)).toEqual(['merged', 'closed']);
  });
});
