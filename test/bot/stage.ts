import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bot, startBot } from '../../src/bot/bot.ts';
import { skillsOf } from '../../src/cli/work.ts';
import { credentialsIn, secretsOf } from '../../src/forge/credentials.ts';
import type { Work } from '../../src/jobs/jobs.ts';
import { workWith } from '../../src/jobs/work.ts';
import { credentialMask, structuredLog } from '../../src/log.ts';
import type { App } from '../forge/github-app.ts';
import { type GithubServer, startGithub } from '../forge/github-server.ts';
import { World, type WorldPullRequest, type WorldRepository } from '../forge/world.ts';
import { until } from '../jobs/redis.ts';
import { comment, deliver, get, pullRequest, push, type Response, type Scene, SECRET } from './deliveries.ts';

/** The files of a fixture, as a repository holds them. */
export const filesOf = (fixture: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(fixture, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(fixture.length + 1), readFileSync(path, 'utf8')];
      }),
  );

/** A GitHub, an App that is installed there for `acme`, and the bot that belongs to it. */
export interface Stage {
  readonly world: World;
  readonly github: GithubServer;
  readonly app: App;
  readonly bot: Bot;
  readonly scene: Scene;
  readonly shop: WorldRepository;
  /** All that was written to the log. */
  readonly log: string[];
  /** All that the bot answered. */
  readonly answers: Response[];
  readonly pushed: (branch: string) => Promise<Response>;
  readonly changed: (pull: WorldPullRequest, action: string) => Promise<Response>;
  readonly says: (pull: WorldPullRequest, author: string, body: string) => Promise<Response>;
  /** Delivers something else. */
  readonly deliver: (name: string, payload: unknown) => Promise<Response>;
  /** Resolves when all jobs have ended. */
  readonly settled: () => Promise<void>;
  /** Entries of the log with this message. */
  readonly told: (message: string) => readonly Readonly<Record<string, unknown>>[];
  readonly metrics: () => Promise<string>;
  readonly close: () => Promise<number>;
}

interface StageOptions {
  readonly files: Readonly<Record<string, string>>;
  readonly redis?: string;
  readonly grace?: number;
  /** Something around the work. */
  readonly around?: (work: Work) => Work;
}

/** Sets the stage. Whoever does closes it, and looks at `github.violations`. */
export async function stage({ files, redis, grace = 30_000, around = (work) => work }: StageOptions): Promise<Stage> {
  const world = await World.create();
  const github = await startGithub(world);
  const app = github.addApp('dockfix');
  const installation = app.install('acme');
  const shop = await world.addRepository('acme/shop', { files });
  world.allow(shop, 'someone', 'write');
  world.allow(shop, 'visitor', 'read');
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-bot-'));
  const credentials = credentialsIn({ DOCKFIX_APP_ID: String(app.id), DOCKFIX_APP_PRIVATE_KEY: app.privateKey });
  const mask = credentialMask([...secretsOf(credentials), SECRET]);
  const log: string[] = [];
  const logger = structuredLog((line) => log.push(line), mask, 'debug');
  const late = new AbortController();
  const work = workWith(skillsOf(credentials, folder, late.signal, logger));
  const bot = await startBot({
    host: '127.0.0.1',
    port: 0,
    webhookSecret: SECRET,
    url: github.url,
    redis,
    concurrency: 2,
    work: around(work),
    log: logger,
    mask,
    grace,
    hurry: () => late.abort(Object.assign(new Error('the process had to end'), { isPassing: true })),
  });
  const scene: Scene = { repository: 'acme/shop', installation, branch: 'main' };
  const answers: Response[] = [];
  const sent = async (name: string, payload: unknown): Promise<Response> => {
    const answer = await deliver(bot.port, name, payload);
    answers.push(answer);
    return answer;
  };
  const metrics = async (): Promise<string> => (await get(bot.port, '/metrics')).text;
  return {
    world,
    github,
    app,
    bot,
    scene,
    shop,
    log,
    answers,
    pushed: (branch) => sent('push', push(scene, branch)),
    changed: (pull, action) => sent('pull_request', pullRequest(scene, action, pull.number, pull.headCommit)),
    says: (pull, author, body) => {
      const { id } = world.comment(pull, world.user(author), body);
      return sent('issue_comment', comment(scene, pull.number, { id, author, body }));
    },
    deliver: sent,
    settled: () =>
      until('all jobs have ended', async () => {
        const bad = log.find((line) => /"msg":"job (?:failed|will be tried again)"/.test(line));
        if (bad !== undefined) throw new Error(bad);
        return /state="waiting"\} 0\n.*state="active"\} 0\n/.test(await metrics());
      }),
    told: (message) =>
      log.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === message),
    metrics,
    close: async () => {
      const left = await bot.close();
      await github.close();
      await world.close();
      rmSync(folder, { recursive: true, force: true });
      return left;
    },
  };
}
