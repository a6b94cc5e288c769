import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Forge } from '../../src/forge/forge.ts';
import { fixRepository } from '../../src/pull-request/fix-repository.ts';
import type { FixRequest, Workshop } from '../../src/pull-request/types.ts';
import { repair } from '../../src/repair.ts';
import { scan, write } from '../../src/repo/disk.ts';
import { git } from '../forge/bare.ts';
import { BROKEN, REQUEST } from './requests.ts';
import { checkedOut, leftIn, newWorkshop, type Served, served, servedFolder } from './served.ts';
import { worldForge } from './world-forge.ts';

// Each call runs git a dozen times.
vi.setConfig({ testTimeout: 120_000 });

interface Place extends Served {
  readonly forge: Forge;
  readonly workshop: Workshop;
  readonly fix: (request?: Partial<FixRequest>) => ReturnType<typeof fixRepository>;
  readonly treeOf: (branch: string) => Promise<string>;
}

async function placeOf(all: Served): Promise<Place> {
  const forge = worldForge(all.world, all.server.url, 'robot');
  const workshop = await newWorkshop();
  return {
    ...all,
    forge,
    workshop,
    fix: async (request) => {
      const result = await fixRepository(forge, { ...REQUEST, ...request }, workshop);
      expect(await leftIn(workshop.folder)).toEqual([]);
      return result;
    },
    treeOf: (branch) => git(all.repository.path, 'rev-parse', `refs/heads/${branch}^{tree}`),
  };
}

/** The tree of `apply --write` and `git add` in a fresh clone. */
async function appliedTree(all: Served): Promise<string> {
  const folder = await checkedOut(all);
  const repaired = await repair(scan(folder), { only: [], skip: [], group: [] }, undefined);
  if ('unread' in repaired) throw new Error('nothing to repair');
  write(folder, repaired.result.before, repaired.result.after);
  await git(folder, 'add', '--all');
  return git(folder, 'write-tree');
}

const repos = resolve('fixtures', 'repos');
const broken = readdirSync(repos).filter((name) => existsSync(join(repos, name, 'expected.patch')));

test.each(broken)('the branch of %s has the tree of apply --write', async (name) => {
  const place = await placeOf(await servedFolder(join(repos, name, 'before')));
  const result = await place.fix();
  expect(result.branches).toMatchObject([{ branch: 'dockfix/all', action: 'opened', pullRequest: { number: 1 } }]);
  expect(await place.treeOf('dockfix/all')).toBe(await appliedTree(place));
  expect(place.repository.pullRequests).toHaveLength(1);
});

test('what is new and ignored is left out of the branch, and said in the text', async () => {
  const place = await placeOf(
    await served({ files: { ...BROKEN, '.gitignore': '.env\n.env.example\n.dockerignore\n' } }),
  );
  await place.fix();
  expect(await place.treeOf('dockfix/all')).toBe(await appliedTree(place));
  const [pull] = place.repository.pullRequests;
  expect(await place.world.file(place.repository, 'dockfix/all', '.env.example')).toBeUndefined();
  expect(await place.world.file(place.repository, 'dockfix/all', '.dockerignore')).toBeUndefined();
  expect(pull?.body).toContain('- [ ] Create `.env.example` where the stack runs, before this is merged');
  expect(pull?.body).toContain('- [ ] Create `.dockerignore` where the stack runs, before this is merged');
});

test('the line ends that the attributes ask for are kept', async () => {
  const crlf = (path: string): string => String(BROKEN[path]).replaceAll('\n', '\r\n');
  const place = await placeOf(
    await served({
      files: {
        ...BROKEN,
        '.gitattributes': '* text=auto\nDockerfile text eol=crlf\n*.yml text\n',
        'docker-compose.yml': crlf('docker-compose.yml'),
      },
    }),
  );
  await place.fix();
  expect(await place.treeOf('dockfix/all')).toBe(await appliedTree(place));
  expect(await place.world.file(place.repository, 'dockfix/all', 'Dockerfile')).not.toContain('\r');
});

test('the text has no secret, names what fails, and links to the lines', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  const { base } = await place.fix();
  const [pull] = place.repository.pullRequests;
  expect(pull?.title).toBe('Repair the Docker set-up: 6 repairs');
  expect(pull?.body).not.toContain('s3cr3t');
  expect(pull?.body).toContain('connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused');
  expect(pull?.body).toContain(
    `[\`docker-compose.yml:7\`](${place.server.url}/acme/shop/blob/${base.commit}/docker-compose.yml#L7)`,
  );
  expect(pull?.body).toContain('- **review**: Let DATABASE\\_URL point at db:5432');
});

test('a second run does nothing', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  const first = await place.fix();
  const tip = await place.world.tip(place.repository, 'dockfix/all');
  const second = await place.fix();
  expect(first.branches[0]).toMatchObject({ action: 'opened', commit: tip });
  expect(second.branches[0]).toMatchObject({ action: 'unchanged', commit: tip, pullRequest: { number: 1 } });
  expect(await place.world.tip(place.repository, 'dockfix/all')).toBe(tip);
  expect(place.repository.pullRequests).toHaveLength(1);
  expect(place.repository.pullRequests[0]?.comments).toEqual([]);
});

test('what a person writes into the text of the pull request stays as long as nothing changes', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.fix();
  const [pull] = place.repository.pullRequests;
  if (!pull) throw new Error('no pull request');
  pull.body = `Thank you!\r\n\r\n${pull.body.replaceAll('\n', '\r\n')}`;
  pull.title = 'Ours now';
  expect((await place.fix()).branches[0]?.action).toBe('unchanged');
  expect(pull.title).toBe('Ours now');
});

test('when the base moves, the branch is made anew on it', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.fix();
  const tip = await place.world.commit(
    place.repository,
    'main',
    { 'README.md': 'hello\n', 'wsgi.py': `# new\n${BROKEN['wsgi.py']}` },
    'Change',
  );
  const { branches } = await place.fix();
  expect(branches[0]).toMatchObject({ action: 'updated', pullRequest: { number: 1 } });
  expect(await git(place.repository.path, 'rev-parse', 'refs/heads/dockfix/all^')).toBe(tip);
  expect(await git(place.repository.path, 'rev-list', '--count', `${tip}..refs/heads/dockfix/all`)).toBe('1');
  expect(await place.treeOf('dockfix/all')).toBe(await appliedTree(place));
  expect(place.repository.pullRequests).toHaveLength(1);
  expect(place.repository.pullRequests[0]?.body).toContain(`/blob/${tip}/`);
});

test("a person's commit on the branch is left alone, and said once", async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.fix();
  const theirs = await place.world.commit(place.repository, 'dockfix/all', { 'README.md': 'mine\n' }, 'Add a word');
  await place.world.commit(place.repository, 'main', { 'NEWS.md': 'new\n' }, 'Change');
  for (let call = 0; call < 2; call += 1) {
    const { branches } = await place.fix();
    expect(branches[0]).toMatchObject({ action: 'left alone', notes: ['somebody has commits on the branch'] });
  }
  expect(await place.world.tip(place.repository, 'dockfix/all')).toBe(theirs);
  expect(place.repository.pullRequests[0]?.comments.map(({ body }) => body.split('.')[0])).toEqual([
    'Somebody has commits on `dockfix/all`, so dockfix leaves the branch and this pull request as they are',
  ]);
});

test('a commit of ours that somebody amended is theirs', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.fix();
  const { path } = place.repository;
  const object = await git(path, 'cat-file', 'commit', 'refs/heads/dockfix/all');
  const amended = object.replace(/^committer .*$/m, 'committer someone <someone@example.org> 1700000000 +0000');
  const file = join(place.workshop.folder, 'object');
  writeFileSync(file, `${amended}\n`);
  const theirs = await git(path, 'hash-object', '-t', 'commit', '-w', file);
  rmSync(file);
  await git(path, 'update-ref', 'refs/heads/dockfix/all', theirs);
  expect((await place.fix()).branches[0]?.action).toBe('left alone');
  expect(await place.world.tip(place.repository, 'dockfix/all')).toBe(theirs);
});

test('a person pushes while we work: nothing of theirs is lost', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.fix();
  await place.world.commit(place.repository, 'main', { 'NEWS.md': 'new\n' }, 'Change');
  let theirs: string | undefined;
  // Between our fetch and our push.
  const { pullRequests } = place.forge;
  const forge: Forge = {
    ...place.forge,
    pullRequests: async (name, head) => {
      theirs ??= await place.world.commit(place.repository, 'dockfix/all', { 'README.md': 'mine\n' }, 'Add a word');
      return pullRequests(name, head);
    },
  };
  const { branches } = await fixRepository(forge, REQUEST, place.workshop);
  expect(branches[0]?.action).toBe('left alone');
  expect(await place.world.tip(place.repository, 'dockfix/all')).toBe(theirs);
});

test('somebody makes a branch of that name while we work', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  let theirs: string | undefined;
  const { pullRequests } = place.forge;
  const forge: Forge = {
    ...place.forge,
    pullRequests: async (name, head) => {
      theirs ??= await place.world.commit(place.repository, 'dockfix/all', { 'README.md': 'mine\n' }, 'Add a word');
      return pullRequests(name, head);
    },
  };
  const { branches } = await fixRepository(forge, REQUEST, place.workshop);
  expect(branches[0]?.action).toBe('left alone');
  expect(await place.world.tip(place.repository, 'dockfix/all')).toBe(theirs);
});

test('the base moves while we work: the branch is that of the base that was fetched', async () => {
  // The large file is not fetched, so that git has not all of what it might want to send.
  const place = await placeOf(await served({ files: { ...BROKEN, 'large.bin': 'x'.repeat(10_000_100) } }));
  let moved: string | undefined;
  const { pullRequests } = place.forge;
  const forge: Forge = {
    ...place.forge,
    pullRequests: async (name, head) => {
      moved ??= await place.world.commit(place.repository, 'main', { 'NEWS.md': 'new\n' }, 'Change');
      return pullRequests(name, head);
    },
  };
  const { branches } = await fixRepository(forge, REQUEST, place.workshop);
  expect(branches[0]?.action).toBe('opened');
  expect((await place.fix()).branches[0]?.action).toMatch(/^(?:updated|unchanged)$/);
  expect(await git(place.repository.path, 'rev-parse', 'refs/heads/dockfix/all^')).toBe(moved);
  expect(await git(place.repository.path, 'cat-file', '-s', 'refs/heads/dockfix/all:large.bin')).toBe('10000100');
});

test('two runs at once end in one pull request', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  const other = await newWorkshop();
  const results = await Promise.all([
    fixRepository(place.forge, REQUEST, place.workshop),
    fixRepository(place.forge, REQUEST, other),
  ]);
  expect(results.map(({ branches }) => branches[0]?.pullRequest?.number)).toEqual([1, 1]);
  expect(place.repository.pullRequests).toHaveLength(1);
});

test('when nothing is left to repair, the pull request is closed with a note, and opened anew for new findings', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.fix();
  await place.world.commit(place.repository, 'main', { Dockerfile: null, 'docker-compose.yml': null }, 'Do without');
  const { branches } = await place.fix();
  expect(branches[0]).toMatchObject({ action: 'closed', pullRequest: { number: 1 } });
  const [pull] = place.repository.pullRequests;
  expect(pull?.state).toBe('closed');
  expect(pull?.comments[0]?.body).toContain('On `main` nothing is left to repair');
  expect(await place.world.tip(place.repository, 'dockfix/all')).toBeUndefined();
  expect((await place.fix()).skipped).toBe('it holds no Dockerfile and no Compose file');

  await place.world.commit(
    place.repository,
    'main',
    { Dockerfile: BROKEN['Dockerfile'] ?? null, 'docker-compose.yml': BROKEN['docker-compose.yml'] ?? null },
    'Take back',
  );
  expect((await place.fix()).branches[0]).toMatchObject({ action: 'opened', pullRequest: { number: 2 } });
});

test('a pull request that a person closed is not opened again for the same findings', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.fix();
  const [pull] = place.repository.pullRequests;
  if (!pull) throw new Error('no pull request');
  place.world.end(pull, 'closed');
  await place.world.deleteBranch(place.repository, 'dockfix/all');
  // Lines move; what is found is the same.
  await place.world.commit(place.repository, 'main', { Dockerfile: `# new\n${BROKEN['Dockerfile']}` }, 'Change');
  const again = await place.fix();
  expect(again.branches[0]).toMatchObject({
    action: 'left alone',
    notes: ['#1 was closed by somebody for the same findings'],
  });
  expect(await place.world.tip(place.repository, 'dockfix/all')).toBeUndefined();

  await place.world.commit(place.repository, 'main', { '.dockerignore': '.git\n.venv\n' }, 'Repair one of them');
  expect((await place.fix()).branches[0]).toMatchObject({ action: 'opened', pullRequest: { number: 2 } });
});

test('a dry run changes nothing and shows all', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  const { branches } = await place.fix({ dryRun: true });
  expect(branches[0]).toMatchObject({ action: 'would propose', notes: ['a pull request would be opened'] });
  expect(branches[0]?.diff).toContain('+CMD ["gunicorn", "-b", "0.0.0.0:8000", "wsgi:app"]');
  expect(branches[0]?.diff).not.toContain('s3cr3t');
  expect(branches[0]?.body).toContain('## What fails today');
  expect(await place.world.branches(place.repository)).toEqual(['main']);
  expect(place.repository.pullRequests).toEqual([]);
  const done = await place.fix();
  expect(done.branches[0]?.commit).toBe(branches[0]?.commit);
});

test('one pull request for each transform, each from the base', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  const { branches } = await place.fix({ onePerTransform: true });
  expect(branches.map(({ branch, action }) => `${branch} ${action}`)).toEqual([
    'dockfix/ignore-build-context opened',
    'dockfix/split-copy opened',
    'dockfix/externalise-secrets opened',
    'dockfix/use-service-hosts opened',
    'dockfix/persist-data opened',
    'dockfix/bind-all-interfaces opened',
  ]);
  expect(branches.map(({ repairs }) => Object.keys(repairs))).toEqual(branches.map(({ branch }) => [branch.slice(8)]));
  const main = await place.world.tip(place.repository, 'main');
  for (const { branch } of branches)
    expect(await git(place.repository.path, 'rev-parse', `refs/heads/${branch}^`)).toBe(main);
  const [pull] = place.repository.pullRequests;
  if (!pull) throw new Error('no pull request');
  await place.world.merge(pull);
  const after = await place.fix({ onePerTransform: true });
  expect(after.branches.filter(({ action }) => action === 'updated')).toHaveLength(5);
  expect(after.branches.find(({ branch }) => branch === 'dockfix/ignore-build-context')?.action).toBe(
    'nothing to repair',
  );
});

test('the options reach the pull request', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  place.world.user('reviewer');
  const { branches } = await place.fix({
    draft: true,
    labels: ['docker'],
    reviewers: ['reviewer', 'nobody'],
    safeOnly: true,
  });
  expect(branches[0]).toMatchObject({ action: 'opened', notes: ['there is no nobody'] });
  expect(branches[0]?.repairs).toEqual({ 'ignore-build-context': 1, 'split-copy': 1 });
  const [pull] = place.repository.pullRequests;
  expect(pull).toMatchObject({ draft: true, reviewers: ['reviewer'] });
  expect(pull?.labels.map(({ name }) => name)).toEqual(['docker']);
  expect(pull?.body).toContain(
    'Left alone: it changes how the stack runs, and &#45;&#45;safe-only was given'.replaceAll('&#45;', '-'),
  );
});

test('a transform alone has a branch of its own, and another base another target', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.world.commit(place.repository, 'dev', { 'NEWS.md': 'dev\n' }, 'Develop');
  const { branches, base } = await place.fix({ only: ['split-copy'], base: 'dev' });
  expect(branches[0]).toMatchObject({ branch: 'dockfix/split-copy', action: 'opened' });
  expect(base).toEqual({ branch: 'dev', commit: await place.world.tip(place.repository, 'dev') });
  expect(place.repository.pullRequests[0]).toMatchObject({
    base: 'dev',
    title: 'Copy requirements.txt alone, install, then copy the code',
  });
});

test('what cannot be worked with is said', async () => {
  const place = await placeOf(await served({ files: { 'README.md': 'hello\n' } }));
  expect(await place.fix()).toMatchObject({ branches: [], skipped: 'it holds no Dockerfile and no Compose file' });
  await expect(place.fix({ base: 'nowhere' })).rejects.toMatchObject({ kind: 'not found' });
  await expect(place.fix({ base: 'dockfix/all' })).rejects.toThrow('dockfix/all is a branch that dockfix makes itself');
  await expect(place.fix({ base: 'a..b' })).rejects.toThrow('"a..b" is no name of a branch');
  await expect(place.fix({ base: '-x:refs/heads/main' })).rejects.toThrow('is no name of a branch');
  await expect(place.fix({ only: ['split-cop'] })).rejects.toThrow('There is no transform "split-cop"');
  await place.world.addRepository('acme/empty');
  expect((await place.fix({ repository: 'acme/empty' })).skipped).toBe('it is empty');
  place.repository.archived = true;
  expect((await place.fix()).skipped).toBe('it is archived');
});

test('a wrong token is told from a repository that is not there', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  const withPassword = (username: string, password: string): Forge => ({
    ...place.forge,
    gitCredentials: async () => ({ username, password }),
  });
  const password = 'tok_very-secret-value';
  const wrong = fixRepository(withPassword('robot', password), REQUEST, place.workshop);
  await expect(wrong).rejects.toMatchObject({ kind: 'unauthorised' });
  await expect(wrong).rejects.not.toThrow(password);
  const reader = withPassword('reader', place.world.token('reader'));
  await expect(fixRepository(reader, REQUEST, place.workshop)).rejects.toMatchObject({ kind: 'not found' });
  place.world.allow(place.repository, 'reader', 'read');
  await expect(fixRepository(reader, REQUEST, place.workshop)).rejects.toMatchObject({ kind: 'forbidden' });
  expect(await leftIn(place.workshop.folder)).toEqual([]);
});

test('a branch that stands in the way, and a server that refuses, are said', async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.world.commit(place.repository, 'dockfix', { 'README.md': 'hello\n' }, 'Be in the way');
  await expect(place.fix()).rejects.toThrow('dockfix/all cannot be made: another branch has a part of its name');
  await place.world.deleteBranch(place.repository, 'dockfix');
  const hook = join(place.repository.path, 'hooks', 'pre-receive');
  writeFileSync(hook, '#!/bin/sh\necho "not on a Friday" >&2\nexit 1\n', { mode: 0o755 });
  await expect(place.fix()).rejects.toMatchObject({
    kind: 'forbidden',
    message: expect.stringContaining('pre-receive hook declined'),
  });
  expect(place.repository.pullRequests).toEqual([]);
});

test("a branch whose commits were all merged is nobody's any more", async () => {
  const place = await placeOf(await served({ files: BROKEN }));
  await place.fix({ only: ['split-copy'] });
  await place.world.commit(place.repository, 'dockfix/split-copy', { 'README.md': 'mine\n' }, 'Add a word');
  const [pull] = await place.world.pullRequests(place.repository);
  if (!pull) throw new Error('no pull request');
  await place.world.merge(pull);
  await place.world.commit(
    place.repository,
    'main',
    { Dockerfile: `# again\n${BROKEN['Dockerfile']}` },
    'Break it again',
  );
  expect((await place.fix({ only: ['split-copy'] })).branches[0]).toMatchObject({
    action: 'opened',
    pullRequest: { number: 2 },
  });
});
