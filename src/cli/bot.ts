import { readFileSync } from 'node:fs';
import { type Bot, startBot } from '../bot/bot.ts';
import type { Environment } from '../cli.ts';
import { UserError } from '../errors.ts';
import { forgeAddressOf } from '../forge/address.ts';
import { forgeAt } from '../forge/connect.ts';
import { type Credentials, credentialsIn, secretsOf } from '../forge/credentials.ts';
import type { ForgeAddress } from '../forge/forge.ts';
import { ForgeError } from '../forge/forge-error.ts';
import type { Log } from '../jobs/jobs.ts';
import { workWith } from '../jobs/work.ts';
import { credentialMask, structuredLog } from '../log.ts';
import { codeOf } from '../repo/file-system.ts';
import type { BotFlags } from './bot-options.ts';
import { redisPasswords, redisUrl } from './redis-url.ts';
import { stopping } from './stopping.ts';
import { removeWorkFolder, skillsOf, workFolder } from './work.ts';

/** A shorter secret can be guessed from one delivery that somebody sees. */
const SHORTEST_SECRET = 16;

/** Runs the bot until it is asked to end; 0 when nothing is lost, 2 when jobs were not done. The log goes to stdout. */
export async function botCommand({ env, stdout }: Environment, flags: BotFlags): Promise<number> {
  const webhookSecret = webhookSecretIn(env);
  const credentials = appCredentialsIn(env);
  const address = forgeAddressOf({ kind: 'github', url: flags.forgeUrl, anyHost: false });
  const redis = redisUrl(flags.redis, env);
  const mask = credentialMask([...secretsOf(credentials), webhookSecret, ...redisPasswords(redis)]);
  const log = structuredLog((line) => stdout.write(line), mask, flags.logLevel);
  await greet(address, credentials, log);
  const late = new AbortController();
  const stop = stopping(() => log.info({}, 'finishing what is running; once more ends at once'));
  const folder = workFolder();
  try {
    const ended = AbortSignal.any([stop.atOnce, late.signal]);
    const bot = await startBot({
      host: flags.host,
      port: flags.port,
      webhookSecret,
      url: address.url,
      redis,
      concurrency: flags.concurrency,
      work: workWith(skillsOf(credentials, folder, ended, log)),
      log,
      mask,
      grace: flags.grace * 1000,
      hurry: () => late.abort(new OutOfTime('the process had to end')),
    });
    return (await closed(bot, stop.finish)) > 0 ? 2 : 0;
  } finally {
    stop.end();
    removeWorkFolder(folder);
  }
}

/** A job did not end in time. A queue that outlives the process lets it be done by others. */
class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
  readonly isPassing = true;
}

const closed = (bot: Bot, finish: AbortSignal): Promise<number> =>
  new Promise((resolve, reject) => {
    const close = (): void => void bot.close().then(resolve, reject);
    if (finish.aborted) close();
    else finish.addEventListener('abort', close);
  });

/** Says who we are; a `UserError` when the forge does not take the key. A forge that is away now may be back later. */
async function greet(address: ForgeAddress, credentials: Credentials, log: Log): Promise<void> {
  try {
    log.info({ app: await forgeAt(address, credentials).self(), forge: address.url }, 'starting');
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    if (!error.isPassing)
      throw new UserError(
        `${address.url} does not know this App: ${error.message}`,
        'DOCKFIX_APP_ID and DOCKFIX_APP_PRIVATE_KEY have to be of the same App, and --forge-url of its server.',
      );
    log.warn({ forge: address.url, reason: error.message }, 'the forge does not answer: starting nevertheless');
  }
}

function appCredentialsIn(env: Environment['env']): Credentials {
  const credentials = credentialsIn(env);
  if (credentials.github?.kind === 'app') return credentials;
  throw new UserError(
    'The bot is a GitHub App, and which one was not said',
    'Set DOCKFIX_APP_ID, and DOCKFIX_APP_PRIVATE_KEY or DOCKFIX_APP_PRIVATE_KEY_FILE.',
  );
}

function webhookSecretIn(env: Environment['env']): string {
  const [inline, file] = ['DOCKFIX_WEBHOOK_SECRET', 'DOCKFIX_WEBHOOK_SECRET_FILE'].map((name) => env[name]?.trim());
  if (inline && file)
    throw new UserError(
      'DOCKFIX_WEBHOOK_SECRET and DOCKFIX_WEBHOOK_SECRET_FILE are both set',
      'Leave one of them out, so that it is clear which secret counts.',
    );
  const secret = inline || (file && fileText(file));
  if (!secret)
    throw new UserError(
      'The secret of the webhook is not set',
      'Set DOCKFIX_WEBHOOK_SECRET, or DOCKFIX_WEBHOOK_SECRET_FILE, to what stands in the settings of the App.',
    );
  if (secret.length < SHORTEST_SECRET)
    throw new UserError(
      `DOCKFIX_WEBHOOK_SECRET is shorter than ${SHORTEST_SECRET} characters`,
      'Make a new one, and set it in the App, too: openssl rand -hex 32',
    );
  return secret;
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(
      `The secret of the webhook cannot be read from ${path} (${code})`,
      'Set DOCKFIX_WEBHOOK_SECRET_FILE to a file that holds it.',
    );
  }
}
