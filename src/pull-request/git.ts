import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { GitCredentials } from '../forge/forge.ts';
import { ForgeError } from '../forge/forge-error.ts';
import { maskShapes } from '../model/secret/mask.ts';
import { codeOf } from '../repo/file-system.ts';
import { runChild } from './child.ts';
import { bytesText, type Limits } from './limits.ts';

/** Where git fetches from and pushes to. */
export interface Remote {
  /** An http or https URL without credentials. */
  readonly url: string;
  readonly credentials: GitCredentials | undefined;
}

/** Commands of git in a bare repository of our own. All reject with a `UserError` when a limit is reached. */
export interface Git {
  /** The output of a command that needs no network. */
  readonly run: (argv: readonly string[], input: string | Uint8Array) => Promise<Buffer>;
  /** The same, with the output in a file (descriptor). */
  readonly into: (output: number, argv: readonly string[], input: string | Uint8Array) => Promise<void>;
  /** A command that speaks to a remote; rejects with a `ForgeError`, but for a status of 1, which `push` has for a refused ref. */
  readonly remote: (
    remote: Remote,
    argv: readonly string[],
  ) => Promise<{ readonly refused: boolean; readonly output: string }>;
}

/** A command of git failed; its message holds no credential. */
export class GitError extends Error {
  override readonly name = 'GitError';
}

const OUTPUT_BYTES = 64_000_000;

/**
 * The configuration of every command, whatever else says otherwise: nothing of a repository is run, nothing follows a
 * redirect (the header with the credentials would, https://curl.se/docs/CVE-2018-1000007.html), nothing is asked for.
 */
const CONFIG: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.askPass', ''],
  ['core.attributesFile', '/dev/null'],
  ['core.excludesFile', '/dev/null'],
  ['core.logAllRefUpdates', 'false'],
  ['core.bigFileThreshold', '16m'],
  ['core.deltaBaseCacheLimit', '32m'],
  ['credential.helper', ''],
  ['credential.interactive', 'false'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['fetch.writeCommitGraph', 'false'],
  ['transfer.unpackLimit', '1'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['pack.threads', '1'],
  ['http.followRedirects', 'false'],
  ['http.lowSpeedLimit', '500'],
  ['http.lowSpeedTime', '60'],
  ['protocol.allow', 'never'],
  ['protocol.version', '2'],
];
const NETWORK_CONFIG: readonly (readonly [string, string])[] = [
  ['protocol.http.allow', 'always'],
  ['protocol.https.allow', 'always'],
];

/** What a company's network needs; it comes from who runs the program, never from a repository. */
const NETWORK_VARIABLES = [
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
];

/** Makes an empty bare repository below a folder, without templates, and answers git for it. */
export async function gitIn(folder: string, limits: Limits, signal: AbortSignal): Promise<Git> {
  const gitDir = join(folder, 'repository.git');
  const home = join(folder, 'home');
  for (const each of [gitDir, home]) mkdirSync(each, { mode: 0o700 });
  const call = async (
    argv: readonly string[],
    input: string | Uint8Array,
    more: { readonly output?: number; readonly remote?: Remote },
  ) => {
    const { output, remote } = more;
    const ended = await runChild({
      program: 'git',
      argv: ['--no-pager', ...argv],
      cwd: gitDir,
      env: environmentOf(gitDir, home, remote),
      input,
      ...(output !== undefined && { output }),
      seconds: limits.gitSeconds,
      outputBytes: OUTPUT_BYTES,
      disk: { folder, bytes: limits.diskBytes },
      signal,
    }).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error;
      throw new UserError('git cannot be run', 'Install it: pull requests are made with it.');
    });
    if (ended.stopped) throw refusal(ended.stopped, limits);
    return { ...ended, stderr: withoutCredentials(ended.stderr, remote?.credentials) };
  };
  const run: Git['run'] = async (argv, input) => {
    const { status, stdout, stderr } = await call(argv, input, {});
    if (status !== 0) throw new GitError(`git ${argv[0]}: ${lastLine(stderr)}`);
    return stdout;
  };
  await run(['init', '--quiet', '--bare', '--template='], '');
  await refuseOldGit(run);
  return {
    run,
    into: async (output, argv, input) => {
      const { status, stderr } = await call(argv, input, { output });
      if (status !== 0) throw new GitError(`git ${argv[0]}: ${lastLine(stderr)}`);
    },
    remote: async (remote, argv) => {
      const { status, stdout, stderr } = await call(argv, '', { remote });
      if (status !== 0 && status !== 1) throw failureOf(`git ${argv[0]}`, stderr);
      return { refused: status === 1, output: `${stdout.toString()}${stderr}` };
    },
  };
}

/** Git takes its configuration from the environment since 2.31; an older one would not even say that it does not. */
async function refuseOldGit(run: Git['run']): Promise<void> {
  const found = (await run(['config', '--default', '', '--get', 'protocol.allow'], '')).toString().trim();
  if (found !== 'never') throw new UserError('git is too old', 'Pull requests need git 2.31 or newer.');
}

function environmentOf(gitDir: string, home: string, remote: Remote | undefined): Readonly<Record<string, string>> {
  const config = [...CONFIG, ...(remote ? [...NETWORK_CONFIG, ...headerOf(remote)] : [])];
  const inherited = ['PATH', ...(remote ? NETWORK_VARIABLES : [])].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(inherited),
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_DIR: gitDir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_PROTOCOL_FROM_USER: '0',
    GIT_ALLOW_PROTOCOL: remote ? 'http:https' : 'none',
    GIT_LFS_SKIP_SMUDGE: '1',
    LC_ALL: 'C',
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

/** The header goes to this URL alone, and is seen in no list of processes. */
const headerOf = ({ url, credentials }: Remote): readonly (readonly [string, string])[] =>
  credentials ? [[`http.${url}.extraHeader`, `Authorization: Basic ${basicOf(credentials)}`]] : [];

const basicOf = ({ username, password }: GitCredentials): string =>
  Buffer.from(`${username}:${password}`).toString('base64');

function withoutCredentials(text: string, credentials: GitCredentials | undefined): string {
  if (!credentials || credentials.password === '') return maskShapes(text);
  return maskShapes(text.replaceAll(credentials.password, '***').replaceAll(basicOf(credentials), '***'));
}

function refusal(stopped: 'time' | 'output' | 'disk', limits: Limits): UserError {
  if (stopped === 'time')
    return new UserError(
      `git took longer than ${limits.gitSeconds} seconds`,
      'The repository is too large, or the connection too slow.',
    );
  if (stopped === 'disk')
    return new UserError(
      `The repository takes more than ${bytesText(limits.diskBytes)}`,
      'Nothing was changed: it is larger than dockfix takes on.',
    );
  return new UserError(
    `The list of files is longer than ${bytesText(OUTPUT_BYTES)}`,
    'Nothing was changed: the repository has more files than dockfix takes on.',
  );
}

/** https://git-scm.com/docs/git-http-backend and libcurl word these. */
function failureOf(what: string, stderr: string): ForgeError {
  const line = lastLine(stderr);
  const message = `${what}: ${line}`;
  if (/could not read (?:Username|Password)|Authentication failed|error: 401/i.test(stderr))
    return new ForgeError('unauthorised', message, undefined);
  if (/error: 403/.test(stderr)) return new ForgeError('forbidden', message, undefined);
  if (/repository '.*' not found|error: 404|[Cc]ouldn't find remote ref/.test(stderr))
    return new ForgeError('not found', message, undefined);
  if (/error: 429/.test(stderr)) return new ForgeError('rate limited', message, undefined);
  if (/transport '.*' not allowed|unsupported protocol|not valid|invalid refspec/i.test(stderr))
    return new ForgeError('invalid', message, undefined);
  return new ForgeError('unavailable', message, undefined);
}

/** What git says last that is no advice. */
function lastLine(stderr: string): string {
  const lines = stderr
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('hint:'));
  return lines.findLast((line) => /^(?:fatal|error|remote: error|! \[)/.test(line)) ?? lines.at(-1) ?? 'it failed';
}
