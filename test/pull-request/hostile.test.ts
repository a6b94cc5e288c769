import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { fixRepository } from '../../src/pull-request/fix-repository.ts';
import { isolated } from '../../src/pull-request/isolated.ts';
import { LIMITS, type Limits } from '../../src/pull-request/limits.ts';
import type { FixResult } from '../../src/pull-request/types.ts';
import { git } from '../forge/bare.ts';
import type { NewRepository } from '../forge/world.ts';
import { commitTree, type RawEntry, writeObject, writeRawTree } from './raw-git.ts';
import { BROKEN, REQUEST } from './requests.ts';
import { emptyFolder, leftIn, newWorkshop, type Served, served } from './served.ts';
import { worldForge } from './world-forge.ts';

// Each call runs git a dozen times, and some of these repositories are large.
vi.setConfig({ testTimeout: 180_000 });

/** Something outside that a hostile repository would like to read, change or fill. */
interface Canary {
  readonly folder: string;
  readonly secret: string;
  /** A file that no command may make. */
  readonly ran: string;
}

async function canaryOf(): Promise<Canary> {
  const folder = await emptyFolder();
  const secret = 'canary-5d0e2a4f';
  writeFileSync(join(folder, 'secret'), `${secret}\n`);
  writeFileSync(join(folder, 'compose.yml'), `services:\n  ${secret}:\n    image: ${secret}\n`);
  writeFileSync(join(folder, 'Dockerfile'), `FROM python:3.12\nENV A=${secret}\nRUN ${secret}\n`);
  return { folder, secret, ran: join(folder, 'ran') };
}

/** Nothing was added to the folder, and nothing of it got into the result, the branch or the pull request. */
async function expectUntouched({ folder, secret }: Canary, { repository }: Served, result: unknown): Promise<void> {
  expect(readdirSync(folder).sort()).toEqual(['Dockerfile', 'compose.yml', 'secret']);
  expect(readFileSync(join(folder, 'secret'), 'utf8')).toBe(`${secret}\n`);
  expect(JSON.stringify(result ?? '')).not.toContain(secret);
  expect(JSON.stringify(repository.pullRequests.map(({ title, body }) => ({ title, body })))).not.toContain(secret);
  const branches = (await git(repository.path, 'for-each-ref', '--format=%(refname)', 'refs/heads/dockfix')).split(
    '\n',
  );
  for (const branch of branches.filter(Boolean)) {
    const grep = ['grep', '--quiet', '--fixed-strings', secret, branch];
    expect(spawnSync('git', ['-C', repository.path, ...grep]).status).toBe(1);
  }
}

async function fixed(all: Served, limits?: Partial<Limits>): Promise<FixResult> {
  const workshop = await newWorkshop(limits);
  try {
    return await fixRepository(worldForge(all.world, all.server.url, 'robot'), REQUEST, workshop);
  } finally {
    expect(await leftIn(workshop.folder)).toEqual([]);
  }
}

/** What was asked of the server, without the requests for the repository itself. */
const strayRequests = ({ server }: Served): readonly string[] =>
  server.requests.map(({ url }) => url).filter((url) => !url.startsWith('/acme/shop.git/'));

test('links that lead out are not followed, neither for reading nor for writing', async () => {
  const canary = await canaryOf();
  const link = (content: string) => ({ content, mode: '120000' }) as const;
  const all = await served({
    files: {
      ...BROKEN,
      'compose.override.yml': link(join(canary.folder, 'compose.yml')),
      'docker-compose.override.yml': link(join(canary.folder, 'compose.yml')),
      'sub/Dockerfile': link(join(canary.folder, 'Dockerfile')),
      '.dockerignore': link(join(canary.folder, 'dockerignore')),
      '.env': link(join(canary.folder, 'secret')),
      '.env.example': link(join(canary.folder, 'example')),
      outside: link(canary.folder),
      '.gitignore': link(join(canary.folder, 'secret')),
      'dockfix.yml': link(join(canary.folder, 'secret')),
    },
  });
  const result = await fixed(all);
  await expectUntouched(canary, all, result);
  expect(await git(all.repository.path, 'ls-tree', 'refs/heads/dockfix/all', '.dockerignore')).toMatch(/^120000 /);
});

test('paths in Compose files and Dockerfiles that climb out are not read', async () => {
  const canary = await canaryOf();
  const up = '../'.repeat(20);
  const climbing = `${up}${canary.folder.slice(1)}`;
  const all = await served({
    files: {
      ...BROKEN,
      'compose.yml': `include:
  - ${climbing}/compose.yml
  - path: ${canary.folder}/compose.yml
services:
  web:
    build:
      context: ${climbing}
      dockerfile: ${canary.folder}/Dockerfile
    env_file:
      - ${climbing}/secret
      - ${canary.folder}/secret
    extends:
      file: ${climbing}/compose.yml
      service: ${canary.secret.replace(/\d/g, 'x')}
    volumes:
      - ${canary.folder}:/data
secrets:
  key:
    file: ${climbing}/secret
configs:
  key:
    file: ${canary.folder}/secret
`,
      'docker-compose.yml': null as never,
      Dockerfile: `FROM python:3.12-slim\nCOPY ${climbing}/secret /x\nADD ${canary.folder}/secret /y\nCMD ["python", "wsgi.py"]\n`,
      '.dockerignore': `!${climbing}\n`,
    },
  });
  await expectUntouched(canary, all, await fixed(all));
});

test('hooks, monitors, filters and configuration in the tree do nothing', async () => {
  const canary = await canaryOf();
  const all = await served({ files: BROKEN });
  const { path } = all.repository;
  const evil = `#!/bin/sh\ntouch ${canary.ran}\n`;
  const config = `[core]\n\tfsmonitor = ${canary.ran}.sh\n\thooksPath = hooks\n\tsshCommand = touch ${canary.ran}\n\tbare = false\n\tworktree = ${canary.folder}\n[filter "evil"]\n\tclean = touch ${canary.ran}\n\tsmudge = touch ${canary.ran}\n\tprocess = touch ${canary.ran}\n\trequired = true\n[credential]\n\thelper = "!touch ${canary.ran}"\n`;
  const file = (mode: RawEntry['mode'], name: string, content: string): RawEntry => ({
    mode,
    name,
    object: writeObject(path, 'blob', content),
  });
  const hooks = writeRawTree(
    path,
    ['post-checkout', 'pre-push', 'reference-transaction', 'post-index-change'].map((name) =>
      file('100755', name, evil),
    ),
  );
  const gitFolder = writeRawTree(path, [
    file('100644', 'HEAD', 'ref: refs/heads/main\n'),
    file('100644', 'config', config),
    { mode: '40000', name: 'hooks', object: hooks },
  ]);
  const base = (await git(path, 'ls-tree', 'refs/heads/main')).split('\n').map((line): RawEntry => {
    const [, object = '', name = ''] = /^100644 blob ([0-9a-f]+)\t(.*)$/.exec(line) ?? [];
    return { mode: '100644', name, object };
  });
  const tree = writeRawTree(path, [
    { mode: '40000', name: '.git', object: gitFolder },
    file(
      '100644',
      '.gitattributes',
      '* filter=evil diff=evil merge=evil text\n*.py ident working-tree-encoding=UTF-16\n',
    ),
    file('100644', '.gitconfig', config),
    file('100644', '.lfsconfig', `[lfs]\n\turl = ${all.server.url}/lfs-canary\n`),
    file('100644', 'HEAD', 'ref: refs/heads/main\n'),
    file('100644', 'config', config),
    { mode: '40000', name: 'hooks', object: hooks },
    ...base,
  ]);
  commitTree(path, tree);
  const result = await fixed(all);
  expect(result.branches[0]?.action).toBe('opened');
  await expectUntouched(canary, all, result);
  expect(strayRequests(all)).toEqual([]);
  // The tricks of the tree are still in it: only what is repaired differs.
  const listed = await git(path, 'ls-tree', '-r', '--name-only', 'refs/heads/dockfix/all');
  expect(listed.split('\n')).toEqual(expect.arrayContaining(['.git/config', '.git/hooks/pre-push', '.dockerignore']));
});

test('submodules and large file storage are not fetched', async () => {
  const canary = await canaryOf();
  const all = await served({
    files: {
      ...BROKEN,
      '.gitmodules': `[submodule "a"]\n\tpath = a\n\turl = ext::sh -c touch% ${canary.ran}\n[submodule "b"]\n\tpath = b\n\turl = ${'PLACE'}/acme/other.git\n\tupdate = !touch ${canary.ran}\n`,
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
      'model.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12345\n`,
    },
  });
  const { path } = all.repository;
  const entries = (await git(path, 'ls-tree', 'refs/heads/main')).split('\n').map((line): RawEntry => {
    const [, object = '', name = ''] = /^100644 blob ([0-9a-f]+)\t(.*)$/.exec(line) ?? [];
    return { mode: '100644', name, object };
  });
  const submodule: RawEntry = { mode: '160000', name: 'a', object: 'c'.repeat(40) };
  const sorted = [...entries, submodule].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
  commitTree(path, writeRawTree(path, sorted));
  const result = await fixed(all);
  expect(result.branches[0]?.action).toBe('opened');
  await expectUntouched(canary, all, result);
  expect(strayRequests(all)).toEqual([]);
  expect(await git(path, 'ls-tree', 'refs/heads/dockfix/all', 'a')).toMatch(/^160000 commit c{40}\ta$/);
});

test('names that no checkout could have are told, and the rest is repaired', async () => {
  const canary = await canaryOf();
  const all = await served({ files: BROKEN });
  const { path } = all.repository;
  const blob = writeObject(path, 'blob', `FROM ${canary.secret.toUpperCase()}\n`);
  const inner = writeRawTree(path, [{ mode: '100644', name: 'Dockerfile', object: blob }]);
  const base = (await git(path, 'ls-tree', 'refs/heads/main')).split('\n').map((line): RawEntry => {
    const [, object = '', name = ''] = /^100644 blob ([0-9a-f]+)\t(.*)$/.exec(line) ?? [];
    return { mode: '100644', name, object };
  });
  commitTree(
    path,
    writeRawTree(path, [
      { mode: '40000', name: '..', object: inner },
      { mode: '40000', name: '.', object: inner },
      { mode: '40000', name: '.GIT', object: inner },
      { mode: '40000', name: 'GIT~1', object: inner },
      { mode: '100644', name: 'a\nnewline', object: blob },
      { mode: '100644', name: Buffer.from([0xff, 0xfe]), object: blob },
      { mode: '100644', name: 'x'.repeat(5000), object: blob },
      ...base,
      // A second entry of the same name.
      ...base.filter(({ name }) => name === 'Dockerfile').map((entry) => ({ ...entry, object: blob })),
    ]),
  );
  const result = await fixed(all);
  expect(result.branches[0]?.action).toBe('opened');
  await expectUntouched(canary, all, result);
});

test.each(['', '../..'])('a file whose name is a path (%s) is not written, and said', async (up) => {
  const canary = await canaryOf();
  const all = await served({ files: BROKEN });
  const { path } = all.repository;
  const [Dockerfile, compose] = ['Dockerfile', 'docker-compose.yml'].map((name) => ({
    mode: '100644' as const,
    name,
    object: writeObject(path, 'blob', String(BROKEN[name])),
  }));
  const trick: RawEntry = { mode: '100644', name: `${up}${canary.ran}`, object: writeObject(path, 'blob', 'x\n') };
  if (!Dockerfile || !compose) throw new Error('no files');
  commitTree(path, writeRawTree(path, [trick, Dockerfile, compose]));
  await expect(fixed(all)).rejects.toThrow('The repository has a folder that git refuses to write again');
  await expectUntouched(canary, all, undefined);
});

test('the environment of whoever runs it does not reach git, and no credential is in a command line', async () => {
  const canary = await canaryOf();
  const all = await served({ files: BROKEN });
  const bin = join(await emptyFolder(), 'bin');
  mkdirSync(bin);
  const log = join(bin, 'log');
  const real = spawnSync('sh', ['-c', 'command -v git']).stdout.toString().trim();
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh\n{ echo "argv $*"; env | grep -v '^GIT_CONFIG_VALUE' | sed 's/^/env /'; } >> '${log}'\nexec '${real}' "$@"\n`,
  );
  chmodSync(join(bin, 'git'), 0o755);
  const home = join(canary.folder, '..', `home-${process.pid}`);
  mkdirSync(home, { recursive: true });
  const evil = `touch ${canary.ran}`;
  writeFileSync(
    join(home, '.gitconfig'),
    `[core]\n\tfsmonitor = "${evil};"\n[credential]\n\thelper = "!${evil};"\n[url "ext::sh -c ${evil}"]\n\tinsteadOf = http://\n`,
  );
  for (const [name, value] of Object.entries({
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_DIR: canary.folder,
    GIT_WORK_TREE: canary.folder,
    GIT_ASKPASS: join(canary.folder, 'askpass'),
    GIT_SSH_COMMAND: evil,
    GIT_EXTERNAL_DIFF: evil,
    GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
    GIT_CONFIG_PARAMETERS: "'core.fsmonitor'='true'",
    GIT_TRACE: join(canary.folder, 'trace'),
    GIT_TEMPLATE_DIR: canary.folder,
    CANARY_TOKEN: canary.secret,
  }))
    vi.stubEnv(name, value);
  for (const name of Object.keys(process.env)) if (/^SSL_|^GIT_SSL_|_proxy$/i.test(name)) vi.stubEnv(name, undefined);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const forge = worldForge(all.world, all.server.url, 'robot');
  const { password } = await forge.gitCredentials('acme/shop');
  const workshop = await newWorkshop();
  const result = await fixRepository(forge, REQUEST, workshop);
  expect(result.branches[0]?.action).toBe('opened');
  vi.unstubAllEnvs();
  await expectUntouched(canary, all, result);
  const said = readFileSync(log, 'utf8');
  expect(said).toMatch(/^argv --no-pager push /m);
  expect(said).not.toContain(canary.secret);
  expect(said).not.toContain(password);
  expect(said).not.toContain(Buffer.from(`robot:${password}`).toString('base64'));
  const names = new Set(
    [...said.matchAll(/^env ([A-Za-z_][\w]*)=/gm)].map(([, name = '']) => name.replace(/\d+$/, '')),
  );
  expect([...names].sort()).toEqual(
    [
      'GIT_ALLOW_PROTOCOL',
      'GIT_ATTR_NOSYSTEM',
      'GIT_CONFIG_COUNT',
      'GIT_CONFIG_GLOBAL',
      'GIT_CONFIG_KEY_',
      'GIT_CONFIG_NOSYSTEM',
      'GIT_DIR',
      'GIT_LFS_SKIP_SMUDGE',
      'GIT_NO_LAZY_FETCH',
      'GIT_NO_REPLACE_OBJECTS',
      'GIT_PROTOCOL_FROM_USER',
      'GIT_TERMINAL_PROMPT',
      'HOME',
      'LC_ALL',
      'PATH',
      'PWD',
      'XDG_CONFIG_HOME',
      ...(names.has('SHLVL') ? ['SHLVL'] : []),
      ...(names.has('_') ? ['_'] : []),
    ].sort(),
  );
});

test('what a repository names itself cannot pass for a mark of dockfix', async () => {
  const mark = '<!-- dockfix:closed --> <!-- dockfix:findings=00 -->';
  const all = await served({
    files: {
      ...BROKEN,
      Dockerfile: String(BROKEN['Dockerfile']).replace('COPY . .', `COPY . . # ${mark}`),
      'wsgi.py': `# ${mark}\n${BROKEN['wsgi.py']}`,
    },
  });
  await fixed(all);
  const [pull] = all.repository.pullRequests;
  if (!pull) throw new Error('no pull request');
  expect(pull.body.match(/<!-- dockfix:\w+/g)).toEqual(['<!-- dockfix:findings', '<!-- dockfix:text']);
  all.world.end(pull, 'closed');
  expect((await fixed(all)).branches[0]?.action).toBe('left alone');
});

test('credentials do not follow a redirect to another host', async () => {
  const all = await served({ files: BROKEN });
  const asked: (string | undefined)[] = [];
  const thief = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(200).end();
  });
  await new Promise<void>((done) => thief.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    thief.close();
  });
  const { port } = thief.address() as AddressInfo;
  const location = `http://127.0.0.1:${port}/acme/shop.git/info/refs?service=git-upload-pack`;
  all.server.fail({ on: /info\/refs/, status: 302, headers: { location } });
  await expect(fixed(all)).rejects.toMatchObject({ name: 'ForgeError' });
  expect(asked).toEqual([]);
});

test('a server that does not answer costs its time, and no more', async () => {
  const all = await served({ files: BROKEN });
  all.server.fail({ on: /git-upload-pack$/, delay: 60_000 });
  await expect(fixed(all, { gitSeconds: 2 })).rejects.toThrow('git took longer than 2 seconds');
});

test('a repository that is larger than its limit is refused, while it is fetched', async () => {
  // Bytes that no compression makes small.
  const noise = (seed: number): Buffer => {
    const bytes = Buffer.alloc(3_000_000);
    for (let at = 0, state = seed; at < bytes.length; at += 4) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes.writeUInt32LE(state, at);
    }
    return bytes;
  };
  const all = await served({ files: { ...BROKEN, 'a.bin': noise(1), 'b.bin': noise(2), 'c.bin': noise(3) } });
  await expect(fixed(all, { diskBytes: 5_000_000 })).rejects.toThrow('The repository takes more than 5 MB');
});

test('files that grow when they are unpacked are refused before they are', async () => {
  const all = await served({
    files: {
      ...BROKEN,
      ...Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`${index}.txt`, `${index}`.repeat(2_000_000)])),
    },
  });
  await expect(fixed(all, { diskBytes: 5_000_000 })).rejects.toThrow('The files of the repository have more than 5 MB');
});

test('a file that is larger than any text is not even fetched', async () => {
  const all = await served({ files: { ...BROKEN, 'huge.bin': Buffer.alloc(12_000_000, 1) } });
  const result = await fixed(all, { diskBytes: 2_000_000 });
  expect(result.branches[0]?.action).toBe('opened');
  expect(await git(all.repository.path, 'cat-file', '-s', 'refs/heads/dockfix/all:huge.bin')).toBe('12000000');
});

/** Trees that name the next one over and over: two to the power of `depth` files in a few hundred bytes. */
function bomb(path: string, depth: number): string {
  const blob = writeObject(path, 'blob', 'x\n');
  let tree = writeRawTree(path, [{ mode: '100644', name: 'x', object: blob }]);
  for (let level = 0; level < depth; level += 1)
    tree = writeRawTree(
      path,
      ['a', 'b', 'c', 'd'].map((name): RawEntry => ({ mode: '40000', name, object: tree })),
    );
  return tree;
}

test('a tree with more files than anybody has is refused', async () => {
  const all = await served({});
  const { path } = all.repository;
  commitTree(path, bomb(path, 20));
  all.repository.size = 1;
  await expect(fixed(all)).rejects.toThrow('The list of files is longer than 64 MB');
});

test('100,000 files are repaired', async () => {
  const many: NonNullable<NewRepository['files']> = Object.fromEntries(
    Array.from({ length: 100_000 }, (_, index) => [`data/${index % 500}/${index}.txt`, 'x\n']),
  );
  const all = await served({ files: { ...BROKEN, ...many } });
  expect((await fixed(all)).branches[0]?.action).toBe('opened');
});

test('200,000 files are too many', async () => {
  const all = await served({});
  const { path } = all.repository;
  const blob = writeObject(path, 'blob', 'FROM x\n');
  const folder = writeRawTree(
    path,
    Array.from(
      { length: 1000 },
      (_, index): RawEntry => ({ mode: '100644', name: String(index + 1000), object: blob }),
    ),
  );
  commitTree(
    path,
    writeRawTree(
      path,
      Array.from(
        { length: 201 },
        (_, index): RawEntry => ({ mode: '40000', name: String(index + 1000), object: folder }),
      ),
    ),
  );
  all.repository.size = 1;
  await expect(fixed(all)).rejects.toThrow('acme/shop holds more than 200000 files');
});

test('aliases that expand to more than there is memory are told, and the rest is repaired', async () => {
  const levels = Array.from({ length: 30 }, (_, index) =>
    index === 0
      ? 'x-0: &a0 [lol, lol, lol, lol]'
      : `x-${index}: &a${index} [${Array.from({ length: 9 }, () => `*a${index - 1}`).join(', ')}]`,
  );
  const all = await served({
    files: { ...BROKEN, 'bomb/compose.yml': `${levels.join('\n')}\nservices:\n  a:\n    image: x\n    labels: *a29\n` },
  });
  const result = await fixed(all);
  expect(result.branches[0]?.action).toBe('opened');
});

test('a process that never ends is ended, with all that it started', async () => {
  const folder = await emptyFolder();
  const started = join(folder, 'started');
  const program = join(folder, 'program.cjs');
  writeFileSync(
    program,
    `exports.answerTask = () => {
      const { spawn } = require('node:child_process');
      const { writeFileSync } = require('node:fs');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      writeFileSync(${JSON.stringify(started)}, String(child.pid) + ' ' + Object.keys(process.env).join());
      for (;;) /^(a+)+$/.test('a'.repeat(30) + 'b');
    };`,
  );
  const task = { folder, name: 'acme/shop', only: [], skip: [], group: [], safeOnly: false, onePerTransform: false };
  const ended = isolated(program)(task, { ...LIMITS, repairSeconds: 3 }, new AbortController().signal);
  await expect(ended).rejects.toThrow('Working out the repairs of acme/shop takes longer than 3 seconds');
  const [pid, environment] = readFileSync(started, 'utf8').split(' ');
  expect(environment).toBe('');
  await expect.poll(() => isRunning(Number(pid))).toBe(false);
});

/** A process that has ended and that nobody has asked for yet counts as ended. */
const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

test('a process that takes all memory is ended', async () => {
  const folder = await emptyFolder();
  const program = join(folder, 'program.cjs');
  writeFileSync(program, 'exports.answerTask = () => { const all = []; for (;;) all.push({ all: [all.length] }); };');
  const task = { folder, name: 'acme/shop', only: [], skip: [], group: [], safeOnly: false, onePerTransform: false };
  const ended = isolated(program)(task, { ...LIMITS, repairMegabytes: 64 }, new AbortController().signal);
  await expect(ended).rejects.toThrow('Working out the repairs of acme/shop takes more than 64 MB of memory');
});

test('a git that would not take its configuration from us is refused', async () => {
  const bin = join(await emptyFolder(), 'bin');
  mkdirSync(bin);
  const real = spawnSync('sh', ['-c', 'command -v git']).stdout.toString().trim();
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nunset GIT_CONFIG_COUNT\nexec '${real}' "$@"\n`, { mode: 0o755 });
  const all = await served({ files: BROKEN });
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await expect(fixed(all)).rejects.toThrow('git is too old');
});
