import { readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { openJournal, unwrittenJournal } from '../campaign/journal.ts';
import { readList } from '../campaign/list.ts';
import { campaignPage } from '../campaign/page.ts';
import { type Clock, pendingOf, runCampaign } from '../campaign/run.ts';
import { type Summary, summaryJson, summaryOf } from '../campaign/summary.ts';
import { campaignTable, rowLine, totals } from '../campaign/table.ts';
import { type Target, targetKey } from '../campaign/target.ts';
import type { Environment } from '../cli.ts';
import { UserError } from '../errors.ts';
import { type AddressOptions, addressOf, forgeAddressOf } from '../forge/address.ts';
import { forgeAt } from '../forge/connect.ts';
import { type Credentials, credentialsIn, secretsOf } from '../forge/credentials.ts';
import type { Repository } from '../forge/forge.ts';
import { inProcessQueue } from '../jobs/in-process.ts';
import type { Log, Queue } from '../jobs/jobs.ts';
import { redisQueue } from '../jobs/redis.ts';
import { RETRIES } from '../jobs/retry.ts';
import { workWith } from '../jobs/work.ts';
import { credentialMask } from '../log.ts';
import { type CampaignDisplay, campaignDisplay } from './campaign-progress.ts';
import { paletteFor } from './palette.ts';
import { type ProposalFlags, proposalOf } from './proposal-options.ts';
import { redisUrl } from './redis-url.ts';
import { type Stopping, stopping } from './stopping.ts';
import { removeWorkFolder, skillsOf, workFolder } from './work.ts';

/** The options of `dockfix campaign`. */
export interface CampaignFlags extends ProposalFlags {
  readonly org?: string;
  readonly search?: string;
  readonly archived?: true;
  readonly forks?: true;
  readonly redis?: string;
  readonly concurrency: number;
  readonly maxPrsPerHour?: number;
  readonly state: string;
  readonly format: 'table' | 'json' | 'html';
  readonly summary?: string;
}

/** Repairs many repositories; 0 when all are done, 1 when some failed, and more when it was interrupted. */
export async function campaignCommand(
  environment: Environment,
  list: string | undefined,
  flags: CampaignFlags,
): Promise<number> {
  const { cwd, env, stdout, stderr } = environment;
  const credentials = credentialsIn(env);
  const display = campaignDisplay({ ...stderr, columns: process.stderr.columns ?? 80 });
  const targets = await targetsOf(environment, list, flags, credentials, display);
  const request = proposalOf(flags);
  const journal = flags.dryRun ? unwrittenJournal() : openJournal(resolve(cwd, flags.state), request);
  const left = pendingOf(targets, journal);
  if (left.length < targets.length)
    display.say(`${targets.length - left.length} of ${targets.length} are done already, says ${flags.state}: going on`);
  const url = redisUrl(flags.redis, env);
  const stop = stopping(() =>
    display.say(
      url === undefined
        ? 'finishing what is running; once more ends at once'
        : 'giving out no more; the workers go on with what they have',
    ),
  );
  const folder = workFolder();
  let watch: NodeJS.Timeout | undefined;
  try {
    const queue = await queueOf(url, flags, credentials, folder, stop, display);
    const progress = { done: targets.length - left.length, of: targets.length, failed: 0, opened: 0 };
    const closing = closed(queue, stop.finish);
    if (url !== undefined) watch = setTimeout(() => void tellIdle(queue, display), 15_000);
    display.show(progress);
    await runCampaign({
      queue,
      targets,
      request,
      concurrency: flags.concurrency,
      maxPerHour: flags.dryRun ? undefined : flags.maxPrsPerHour,
      journal,
      clock: CLOCK,
      signal: stop.finish,
      onPause: (until) => display.say(`pausing until ${timeOf(until)}: the pull requests of this hour are opened`),
      onEnd: (target) => {
        const [row] = summaryOf([target], journal).repositories;
        if (!row) return;
        progress.done += 1;
        if (row.result === 'failed') progress.failed += 1;
        if (row.result === 'opened') progress.opened += 1;
        display.say(rowLine(row));
        display.show(progress);
      },
    });
    await closing.now();
  } finally {
    clearTimeout(watch);
    display.end();
    stop.end();
    journal.close();
    removeWorkFolder(folder);
  }
  const summary = summaryOf(targets, journal);
  write(environment, flags, summary);
  stdout.write(textOf(summary, flags.format, environment));
  if (flags.format !== 'table') stderr.write(`${totals(summary)}.\n`);
  return stop.status() || (summary.results.some(({ result }) => result === 'failed') ? 1 : 0);
}

const CLOCK: Clock = {
  now: () => Date.now(),
  wait: (milliseconds, signal) =>
    new Promise((done) => {
      if (signal.aborted) return done();
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        done();
      });
    }),
};

const timeOf = (time: number): string => new Date(time).toTimeString().slice(0, 5);

/** The repositories that were named, each once. */
async function targetsOf(
  { cwd }: Environment,
  list: string | undefined,
  flags: CampaignFlags,
  credentials: Credentials,
  display: CampaignDisplay,
): Promise<readonly Target[]> {
  const { org, search } = flags;
  if ([list, org, search].filter((each) => each !== undefined).length !== 1)
    throw new UserError(
      'A campaign goes over one list of repositories',
      'Name a file, or use --org <name>, or --search <query>.',
    );
  const options = { kind: flags.forge, url: flags.forgeUrl, anyHost: false };
  const found =
    list === undefined ? await fromForge(flags, options, credentials, display) : fromFile(resolve(cwd, list), options);
  const unique = new Map(found.map((target) => [targetKey(target), target]));
  if (unique.size === 0) throw new UserError('There is no repository to repair', 'See --archived and --forks.');
  return [...unique.values()];
}

function fromFile(path: string, options: AddressOptions): readonly Target[] {
  return readList(basename(path), textIn(path)).map(({ repository, base, at }) => {
    try {
      const found = addressOf(repository, options);
      return { forge: found.address, repository: found.repository, ...(base !== undefined && { base }) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`${at}: ${error.message}`, error.hint, error.choices);
    }
  });
}

function textIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The list of repositories cannot be read: ${reason}`);
  }
}

async function fromForge(
  { org, search, archived, forks }: CampaignFlags,
  options: AddressOptions,
  credentials: Credentials,
  display: CampaignDisplay,
): Promise<readonly Target[]> {
  const address = forgeAddressOf(options);
  const forge = forgeAt(address, credentials);
  const repositories = org === undefined ? forge.search(search ?? '') : forge.repositoriesOf(org);
  const wanted: Target[] = [];
  const left: Repository[] = [];
  for await (const repository of repositories) {
    const isWanted = !repository.empty && (archived || !repository.archived) && (forks || !repository.fork);
    if (isWanted) wanted.push({ forge: address, repository: repository.name });
    else left.push(repository);
  }
  if (left.length > 0) display.say(`${left.length} left out: archived, forks or empty`);
  return wanted;
}

async function queueOf(
  url: string | undefined,
  flags: CampaignFlags,
  credentials: Credentials,
  folder: string,
  stop: Stopping,
  display: CampaignDisplay,
): Promise<Queue> {
  const mask = credentialMask(secretsOf(credentials));
  const tell = (fields: Readonly<Record<string, unknown>>, message: string): void =>
    display.say(mask([message, ...['repository', 'reason'].flatMap((name) => fields[name] ?? [])].join(': ')));
  const log: Log = { info: () => {}, warn: tell, error: () => {} };
  if (url !== undefined) return redisQueue(url, log);
  const work = workWith(skillsOf(credentials, folder, stop.atOnce, log));
  return inProcessQueue({ work, concurrency: flags.concurrency, retries: RETRIES, mask, log });
}

/** Closes the queue once: when the campaign is asked to end, or when it has ended. */
function closed(queue: Queue, finish: AbortSignal): { readonly now: () => Promise<void> } {
  let closing: Promise<void> | undefined;
  const now = (): Promise<void> => {
    closing ??= queue.close();
    return closing;
  };
  finish.addEventListener('abort', () => void now());
  return { now };
}

/** Nobody may be there to do the jobs: that looks like a campaign that hangs. */
async function tellIdle(queue: Queue, display: CampaignDisplay): Promise<void> {
  const { active, waiting } = await queue.counts();
  if (active === 0 && waiting > 0) display.say('no worker takes the jobs: start one with dockfix worker');
}

function write({ cwd }: Environment, flags: CampaignFlags, summary: Summary): void {
  if (flags.summary === undefined) return;
  try {
    writeFileSync(resolve(cwd, flags.summary), campaignPage(summary));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The summary cannot be written: ${reason}`, 'What was done is in the state of the campaign.');
  }
}

function textOf(summary: Summary, format: CampaignFlags['format'], { stdout, env }: Environment): string {
  if (format === 'json') return summaryJson(summary);
  return format === 'html' ? campaignPage(summary) : campaignTable(summary, paletteFor(stdout, env));
}
