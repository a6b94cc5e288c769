import { afterAll, beforeAll, expect, test } from 'vitest';
import { git } from '../forge/bare.ts';
import { type RedisServer, startRedis } from '../jobs/redis.ts';
import { get, installed, SECRET } from './deliveries.ts';
import { filesOf, type Stage, stage } from './stage.ts';

/** What somebody put into the repository, each in another place. */
const PLANTED = {
  compose: 'Zr8-tq5Lw0xPk2vB',
  env: 'q7Jd93mXw5TzLk1Rb8',
  dockerfile: `ghp_${'aB3dE6gH9jK2mN5pQ8sT'.repeat(2).slice(0, 36)}`,
  url: 'Uv4nHt6yGb2wQ',
  config: `glpat-${'x7Kq2Lm9Pz4Rt6Wv8Yb1'}`,
};

const FILES = {
  ...filesOf('fixtures/transforms/split-copy/basic/before'),
  'docker-compose.yml': `services:
  web:
    build: .
    ports: ["8000:8000"]
    environment:
      DATABASE_URL: postgres://shop:${PLANTED.url}@localhost:5432/shop
      API_TOKEN: ${PLANTED.compose}
    depends_on: [db]
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: ${PLANTED.compose}
`,
  '.env': `SECRET_KEY="${PLANTED.env}"\n`,
};
const SECOND = {
  'worker/Dockerfile': `FROM python:3.12\nENV GITHUB_TOKEN=${PLANTED.dockerfile}\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["worker"]\n`,
  'worker/requirements.txt': 'flask\n',
};

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis([]);
});
afterAll(() => redis.stop());

/** All that the bot shows people, besides files. */
async function shownIn({ shop }: Stage): Promise<string> {
  const ours = shop.pullRequests.filter(({ head }) => head.startsWith('dockfix/'));
  const said = shop.pullRequests.flatMap(({ comments }) => comments.filter(({ author }) => author.kind === 'bot'));
  const texts = [ours.map(({ title, body }) => [title, body]), said.map(({ body }) => body)];
  const commits = await git(shop.path, 'log', '--branches=dockfix/*', '--format=%B');
  return JSON.stringify([texts, shop.checks, shop.statuses, commits]);
}

test('a token or a planted secret is in no log, pull request, check, comment, answer, metric or queue', async () => {
  const on = await stage({ files: FILES, redis: redis.url });
  const { world, shop } = on;
  const open = async (branch: string, files: Readonly<Record<string, string>>) => {
    await world.commit(shop, branch, files, 'Change it');
    const author = world.user('someone');
    return world.openPullRequest(shop, {
      author,
      title: 'A change',
      body: '',
      base: 'main',
      head: branch,
      draft: false,
    });
  };
  await on.pushed('main');
  await on.deliver('installation', installed(on.scene.installation, ['acme/shop']));
  await on.settled();
  const [ours] = shop.pullRequests;
  if (!ours) throw new Error('there is no pull request');
  const theirs = await open('feature', SECOND);
  const wrong = await open('wrong', { '.github/dockfix.yml': `bot:\n  check: ${PLANTED.config}\n` });
  for (const pull of [ours, theirs, wrong]) await on.changed(pull, 'opened');
  await on.settled();
  for (const pull of [ours, theirs])
    for (const words of [
      'apply',
      'explain externalise-secrets',
      'ignore externalise-secrets',
      'what?',
      PLANTED.compose,
    ])
      await on.says(pull, 'someone', `/dockfix ${words}`);
  await on.settled();
  // A forge that repeats what it was sent.
  on.github.fail({
    on: /GET .*\/pulls\/\d/,
    status: 422,
    body: { message: `bad credentials: ${SECRET} ghs_${'a1B2c3D4e5'.repeat(4)}` },
  });
  await on.changed(theirs, 'synchronize');
  const failed = async (): Promise<boolean> => on.told('job failed').length > 0;
  for (let tries = 0; tries < 1000 && !(await failed()); tries += 1) await new Promise((done) => setTimeout(done, 20));
  expect(await failed()).toBe(true);

  const answers = [...on.answers, await get(on.bot.port, '/metrics'), await get(on.bot.port, '/healthz')];
  const queue = (await redis.dump()).toString('latin1');
  const all = { log: on.log.join(''), answers: JSON.stringify(answers), shown: await shownIn(on), queue };
  // It was really about these: the findings are there, their secrets are not.
  expect(all.shown).toContain('externalise-secrets');
  expect(all.shown).toContain('POSTGRES_PASSWORD');
  expect(all.log.length).toBeGreaterThan(1000);
  const key = on.app.privateKey.split('\n').filter((line) => line.length > 16 && !line.startsWith('-----'));
  const secrets = [SECRET, ...Object.values(PLANTED), ...key];
  const found = Object.entries(all).flatMap(([where, text]) =>
    secrets.flatMap((secret) =>
      text.includes(secret) || text.includes(encodeURIComponent(secret)) ? [[where, secret]] : [],
    ),
  );
  expect(found).toEqual([]);
  expect(Object.values(all).join('')).not.toMatch(/gh[psu]_[A-Za-z\d]{10}|eyJ[\w-]{10}|PRIVATE KEY|authorization/i);
  await on.close();
  expect(on.github.violations).toEqual([]);
}, 300_000);
