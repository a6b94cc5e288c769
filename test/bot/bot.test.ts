import { afterEach, describe, expect, test, vi } from 'vitest';
import type { WorldPullRequest, WorldRepository } from '../forge/world.ts';
import { installed } from './deliveries.ts';
import { filesOf, type Stage, stage } from './stage.ts';

// A job reads a whole repository, and some tests have four.
vi.setConfig({ testTimeout: 120_000 });

const BROKEN = filesOf('fixtures/transforms/split-copy/basic/before');

let on: Stage;
afterEach(async () => {
  expect(await on.close()).toBe(0);
  expect(on.github.violations).toEqual([]);
  expect(on.told('job failed')).toEqual([]);
});

const pullsOf = (repository: WorldRepository): readonly Pick<WorldPullRequest, 'head' | 'base' | 'state'>[] =>
  repository.pullRequests.map(({ head, base, state }) => ({ head, base, state }));

/** What the bot said in a pull request, without its marks. */
const answersIn = (pull: WorldPullRequest): readonly string[] =>
  pull.comments
    .filter(({ author }) => author.login === 'dockfix[bot]')
    .map(({ body }) => body.replace(/^<!-- .* -->\n/gm, ''));

async function pullOf(
  branch: string,
  files: Readonly<Record<string, string | null>>,
  more: { readonly head?: WorldRepository } = {},
): Promise<WorldPullRequest> {
  const { world, shop } = on;
  const headRepository = more.head ?? shop;
  await world.commit(headRepository, branch, files, 'Change it');
  return world.openPullRequest(shop, {
    author: world.user('someone'),
    title: 'A change',
    body: '',
    base: 'main',
    head: branch,
    headRepository,
    draft: false,
  });
}

describe('a push and an installation', () => {
  test('bring a pull request, one only', async () => {
    on = await stage({ files: BROKEN });
    expect((await on.pushed('main')).status).toBe(202);
    await on.settled();
    expect(pullsOf(on.shop)).toEqual([{ head: 'dockfix/all', base: 'main', state: 'open' }]);
    await on.deliver('installation', installed(on.scene.installation, ['acme/shop']));
    await on.pushed('main');
    await on.settled();
    expect(on.shop.pullRequests).toHaveLength(1);
    expect(await on.world.file(on.shop, 'dockfix/all', 'Dockerfile')).toContain('COPY requirements.txt');
    expect(on.told('job done')).toHaveLength(3);
  });

  test('do as .github/dockfix.yml says', async () => {
    const config = 'bot:\n  draft: on\n  labels: [docker]\n  base: develop\n';
    on = await stage({ files: { ...BROKEN, '.github/dockfix.yml': config } });
    await on.world.commit(on.shop, 'develop', { 'notes.md': 'x\n' }, 'Notes');
    await on.pushed('main');
    await on.settled();
    expect(on.shop.pullRequests).toEqual([]);
    await on.deliver('installation', installed(on.scene.installation, ['acme/shop']));
    await on.settled();
    expect(pullsOf(on.shop)).toEqual([{ head: 'dockfix/all', base: 'develop', state: 'open' }]);
    const [pull] = on.shop.pullRequests;
    expect([pull?.draft, pull?.labels.map(({ name }) => name)]).toEqual([true, ['docker']]);
  });

  test('do nothing where it is switched off', async () => {
    on = await stage({ files: { ...BROKEN, '.github/dockfix.yml': 'bot: { enabled: off }\n' } });
    await on.pushed('main');
    const pull = await pullOf('feature', {
      Dockerfile: 'FROM python:3.12\nCOPY . .\nRUN pip install -r requirements.txt\n',
    });
    await on.changed(pull, 'opened');
    await on.settled();
    expect([on.shop.pullRequests.length, on.shop.checks]).toEqual([1, []]);
  });

  test('show at the commit that the configuration is wrong, and repair nothing', async () => {
    on = await stage({ files: { ...BROKEN, '.github/dockfix.yml': 'bot:\n  drafts: on\n' } });
    await on.pushed('main');
    await on.settled();
    expect(on.shop.pullRequests).toEqual([]);
    expect(on.shop.checks).toMatchObject([
      {
        name: 'dockfix',
        commit: await on.world.tip(on.shop, 'main'),
        conclusion: 'failure',
        title: 'The configuration of the base branch cannot be used',
        annotations: [{ path: '.github/dockfix.yml', start_line: 2, annotation_level: 'failure' }],
      },
    ]);
    expect(on.shop.checks[0]?.summary).toContain('Did you mean draft?');
  });
});

describe('a pull request', () => {
  const second = { 'worker/Dockerfile': `${BROKEN['Dockerfile']}`, 'worker/requirements.txt': 'flask\n' };

  test('that touches Docker files gets a check with what it touches, at its lines', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature', second);
    await on.changed(pull, 'opened');
    await on.settled();
    const [check, ...more] = on.shop.checks;
    expect(more).toEqual([]);
    expect(check).toMatchObject({ name: 'dockfix', commit: pull.headCommit, conclusion: 'failure' });
    expect(new Set(check?.annotations.map(({ path }) => path))).toEqual(new Set(['worker/Dockerfile']));
    expect(check?.annotations).toContainEqual(
      expect.objectContaining({ title: 'dockfix split-copy', annotation_level: 'failure', start_line: 9 }),
    );
    expect(check?.summary).toContain('### split-copy');
  });

  test('that touches them and breaks nothing succeeds; one with texts alone gets no check', async () => {
    on = await stage({ files: BROKEN });
    const fine = await pullOf('fine', { Dockerfile: `${BROKEN['Dockerfile']}# the end\n` });
    const texts = await pullOf('texts', { 'README.md': 'x\n' });
    const source = await pullOf('source', { 'app.py': `${BROKEN['app.py']}\n\nx = 1\n` });
    for (const pull of [fine, texts, source]) await on.changed(pull, 'opened');
    await on.settled();
    expect(on.shop.checks.map(({ commit, conclusion }) => [commit, conclusion])).toEqual([
      [fine.headCommit, 'success'],
    ]);
  });

  test('from a fork is checked, as the configuration of the base says', async () => {
    on = await stage({ files: { ...BROKEN, '.github/dockfix.yml': 'bot: { check: neutral }\n' } });
    const fork = await on.world.fork(on.shop, 'visitor');
    const pull = await pullOf(
      'feature',
      { ...second, '.github/dockfix.yml': 'transforms: { split-copy: off }\nbot: { check: off }\n' },
      { head: fork },
    );
    await on.changed(pull, 'opened');
    await on.settled();
    expect(on.shop.checks).toMatchObject([{ commit: pull.headCommit, conclusion: 'neutral' }]);
    expect(on.shop.checks[0]?.summary).toContain('### split-copy');
  });

  test('that breaks the configuration is told where', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature', { 'dockfix.yml': 'groups: [hygiene]\nexlude: [a]\n' });
    await on.changed(pull, 'opened');
    await on.settled();
    expect(on.shop.checks).toMatchObject([
      { conclusion: 'failure', annotations: [{ path: 'dockfix.yml', start_line: 2, title: 'dockfix configuration' }] },
    ]);
  });

  test('that mends the configuration is not held up by it', async () => {
    on = await stage({ files: { ...BROKEN, 'dockfix.yml': 'exlude: [a]\n' } });
    const pull = await pullOf('feature', { 'dockfix.yml': 'exclude: [a]\n' });
    await on.changed(pull, 'opened');
    await on.settled();
    expect(on.shop.checks).toMatchObject([{ conclusion: 'neutral' }]);
  });

  test('is compared with where it left its base, not with what others did there since', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature', { Dockerfile: `${BROKEN['Dockerfile']}# the end\n` });
    await on.world.commit(
      on.shop,
      'main',
      { 'app.py': null, 'main.py': 'x = 1\n', 'requirements.txt': 'flask\n' },
      'Meanwhile',
    );
    await on.changed(pull, 'synchronize');
    await on.settled();
    expect(on.shop.checks).toMatchObject([{ commit: pull.headCommit, conclusion: 'success', annotations: [] }]);
  });

  test('whose head has moved on is not checked at the old one', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature', second);
    const old = { ...pull };
    await on.world.commit(on.shop, 'feature', { 'worker/Dockerfile': null }, 'Take it back');
    await on.changed(old, 'opened');
    await on.settled();
    expect(on.shop.checks).toEqual([]);
  });
});

describe('a comment', () => {
  const change = { 'worker/Dockerfile': `${BROKEN['Dockerfile']}`, 'worker/requirements.txt': 'flask\n' };

  test.each(['/dockfix apply', '/dockfix ignore split-copy', '/dockfix explain split-copy', '/dockfix nonsense'])(
    'of somebody without write access does nothing: %s',
    async (body) => {
      on = await stage({ files: BROKEN });
      const pull = await pullOf('feature', change);
      for (const author of ['visitor', 'stranger']) {
        on.world.user(author);
        expect((await on.says(pull, author, body)).status).toBe(202);
      }
      await on.settled();
      expect([answersIn(pull), on.shop.pullRequests.length, on.shop.checks]).toEqual([[], 1, []]);
      expect(await on.world.branches(on.shop)).toEqual(['feature', 'main']);
      expect(on.github.requests.every(({ method, url }) => method === 'GET' || url.includes('access_tokens'))).toBe(
        true,
      );
    },
  );

  test('/dockfix apply opens a pull request for the branch of this one', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature/x', change);
    await on.says(pull, 'someone', '/dockfix apply');
    await on.settled();
    expect(pullsOf(on.shop).slice(1)).toEqual([{ head: 'dockfix/on-feature+x/all', base: 'feature/x', state: 'open' }]);
    expect(answersIn(pull)).toEqual(['- A pull request with the repairs: #2\n']);
    await on.says(pull, 'someone', '/dockfix apply');
    await on.settled();
    expect(answersIn(pull)[1]).toBe('- As it should be: #2\n');
    // The pull request of the default branch is another one.
    await on.pushed('main');
    await on.settled();
    expect(pullsOf(on.shop)[2]).toEqual({ head: 'dockfix/all', base: 'main', state: 'open' });
  });

  test('/dockfix apply in one from a fork says who can do it', async () => {
    on = await stage({ files: BROKEN });
    const fork = await on.world.fork(on.shop, 'visitor');
    const pull = await pullOf('feature', change, { head: fork });
    await on.says(pull, 'someone', '/dockfix apply');
    await on.settled();
    expect(answersIn(pull)).toEqual([expect.stringContaining('comes from a fork')]);
    expect(on.shop.pullRequests).toHaveLength(1);
  });

  test('/dockfix ignore leaves a transform out of our pull request, now and after the next push', async () => {
    const files = {
      ...BROKEN,
      'docker-compose.yml': `${BROKEN['docker-compose.yml']}  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: "k9-Tq5Lw0xPk2v"\n`,
    };
    on = await stage({ files });
    await on.pushed('main');
    await on.settled();
    const [pull] = on.shop.pullRequests;
    if (!pull) throw new Error('there is no pull request');
    const dockerfile = (): Promise<string | undefined> => on.world.file(on.shop, 'dockfix/all', 'Dockerfile');
    const compose = (): Promise<string | undefined> => on.world.file(on.shop, 'dockfix/all', 'docker-compose.yml');
    expect(await dockerfile()).not.toBe(BROKEN['Dockerfile']);
    const repaired = await compose();
    expect(repaired).not.toBe(files['docker-compose.yml']);
    await on.says(pull, 'someone', '/dockfix ignore split-copy');
    await on.settled();
    expect(answersIn(pull)).toEqual([expect.stringMatching(/`split-copy` is left out .*\n[\s\S]*split-copy: off/)]);
    expect((await dockerfile())?.trim()).toBe(BROKEN['Dockerfile']?.trim());
    expect(await compose()).toBe(repaired);
    await on.world.commit(on.shop, 'main', { 'notes.md': 'x\n' }, 'Notes');
    await on.pushed('main');
    await on.settled();
    expect((await dockerfile())?.trim()).toBe(BROKEN['Dockerfile']?.trim());
    expect(on.shop.pullRequests).toHaveLength(1);
  });

  test('/dockfix ignore leaves a transform out of the check', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature', change);
    await on.changed(pull, 'opened');
    await on.settled();
    await on.says(pull, 'someone', '/dockfix ignore split-copy');
    await on.settled();
    const last = on.shop.checks.at(-1);
    expect(last?.commit).toBe(pull.headCommit);
    expect(last?.annotations.map(({ title }) => title)).not.toContain('dockfix split-copy');
    expect(last?.summary).toContain('Ignored in this pull request: `split-copy`.');
  });

  test('a mark in a comment of somebody else says nothing', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature', change);
    on.world.comment(pull, on.world.user('visitor'), '<!-- dockfix ignores split-copy -->\n');
    await on.changed(pull, 'opened');
    await on.settled();
    expect(on.shop.checks[0]?.summary).toContain('### split-copy');
  });

  test('/dockfix explain tells what it finds here, and shows its page', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature', change);
    await on.says(pull, 'someone', '/dockfix explain split-copy');
    await on.says(pull, 'someone', '/dockfix explain clean-apt');
    await on.says(pull, 'someone', '/dockfix explain split-cpoy');
    await on.settled();
    const [found = '', none = '', unknown = ''] = answersIn(pull);
    expect(found).toContain('`worker/Dockerfile:9`');
    expect(found).toContain('## What breaks');
    expect(none).toContain('`clean-apt` finds nothing here.');
    expect(unknown).toContain('Did you mean split-copy?');
  });

  test('that says something else gets the list; the same one is answered once', async () => {
    on = await stage({ files: BROKEN });
    const pull = await pullOf('feature', change);
    await on.says(pull, 'someone', 'Hello\n/dockfix please fix');
    await on.settled();
    expect(answersIn(pull)).toEqual([expect.stringContaining('| `/dockfix apply` |')]);
    const [{ id, body } = { id: 0, body: '' }] = pull.comments;
    const { comment } = await import('./deliveries.ts');
    // Another delivery of the same comment, as when somebody replays it after the ids were forgotten.
    await on.deliver('issue_comment', comment(on.scene, pull.number, { id, author: 'someone', body }));
    await on.settled();
    expect(answersIn(pull)).toHaveLength(1);
    expect(on.told('job done').map(({ answered }) => answered)).toEqual([true, false]);
  });
});
