// What action.yml runs: `install` finds or makes the program, `run` calls it and tells the workflow what came of it.
// Inputs arrive in the environment and leave as arguments of a process, never as text of a shell.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const { env } = process;
const OWN_FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** A step's summary may have 1 MiB. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
const MOST_OF_SUMMARY = 1_000_000;

class InputError extends Error {}

function needNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new InputError(
      `dockfix needs Node 20.19 or later, and this is ${process.versions.node}: use actions/setup-node before it`,
    );
}

/** Says where the program is: of a published version, or of the ref of this action, whose sources are built once. */
function install() {
  const version = input('VERSION');
  if (version === '') return output({ program: ofThisRef() });
  // Not more than a version or a tag: npm would take a URL, too.
  if (!/^\w[\w.+-]*$/.test(version)) throw new InputError(`version is no version: ${JSON.stringify(version)}`);
  const folder = mkdtempSync(join(env.RUNNER_TEMP ?? '.', 'dockfix-'));
  call(
    'npm',
    ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', `dockfix@${version}`],
    folder,
  );
  output({ program: join(folder, 'node_modules', 'dockfix', 'dist', 'bin.cjs') });
}

function ofThisRef() {
  const program = join(OWN_FOLDER, 'dist', 'bin.cjs');
  if (existsSync(program)) return program;
  call('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], OWN_FOLDER);
  call('npm', ['run', 'bundle'], OWN_FOLDER);
  return program;
}

function run() {
  const mode = input('MODE');
  if (mode === 'check') check();
  else if (mode === 'apply') apply();
  else throw new InputError(`mode is check or apply, not ${JSON.stringify(mode)}`);
}

function check() {
  const upload = input('UPLOAD_SARIF');
  if (upload !== 'true' && upload !== 'false')
    throw new InputError(`upload-sarif is true or false, not ${JSON.stringify(upload)}`);
  const options = [...chosen(), ...option('baseline', 'BASELINE'), ...option('diff', 'DIFF')];
  const checked = (format) => dockfix(['check', `--format=${format}`, ...options]);
  const { status, stdout, stderr } = checked('json');
  if (stdout === '') throw new InputError(stderr.trim());
  const { problems } = JSON.parse(stdout);
  quietly(stderr);
  quietly(checked('pretty').stdout);
  process.stdout.write(checked('github').stdout);
  summarise(checked('markdown').stdout);
  output({
    findings: problems.filter(({ level }) => level !== 'note').length,
    changed: 'false',
    status,
    ...(upload === 'true' || input('SARIF_FILE') !== '' ? sarifFiles(checked('sarif').stdout, upload === 'true') : {}),
  });
}

/** Writes the log, and what of it goes to code scanning, which shows suppressed results as if they were not. */
function sarifFiles(log, upload) {
  const asked = input('SARIF_FILE');
  const folder = mkdtempSync(join(env.RUNNER_TEMP ?? '.', 'dockfix-'));
  const file = asked === '' ? join(folder, 'dockfix.sarif') : resolve(asked);
  writeFileSync(file, log);
  if (!upload) return { 'sarif-file': file };
  const document = JSON.parse(log);
  for (const each of document.runs) each.results = each.results.filter(({ suppressions }) => suppressions.length === 0);
  const open = join(folder, 'open.sarif');
  writeFileSync(open, JSON.stringify(document));
  return { 'sarif-file': file, 'upload-file': open };
}

function apply() {
  const foreign = ['BASELINE', 'DIFF', 'SARIF_FILE'].filter((name) => input(name) !== '');
  if (input('UPLOAD_SARIF') === 'true') foreign.push('UPLOAD_SARIF');
  const names = foreign.map((name) => name.toLowerCase().replace('_', '-'));
  if (names.length > 0) throw new InputError(`${names.join(', ')}: only mode check has that, and mode is apply`);
  const { status, stdout, stderr } = dockfix(['apply', '--write', '--format=json', ...chosen()]);
  if (stdout === '') throw new InputError(stderr.trim());
  quietly(stderr);
  const { changes, findings, diff } = JSON.parse(stdout);
  const repairs = findings.filter((finding) => finding.status === 'applied').length;
  summarise(
    changes.length === 0
      ? '## dockfix\n\nNothing to change.\n'
      : `## dockfix\n\nRepairs: ${repairs}. Changed files: ${changes.length}.\n\n${fenced(diff)}\n`,
  );
  output({ findings: repairs, changed: changes.length > 0, status });
}

/** A patch as code, in more backticks than it holds, and not longer than a summary may be. */
function fenced(patch) {
  const text =
    patch.length <= MOST_OF_SUMMARY / 4 ? patch : `${patch.slice(0, MOST_OF_SUMMARY / 4)}\n(more was left out)\n`;
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}diff\n${text}${fence}`;
}

const chosen = () => [...option('only', 'ONLY'), ...option('skip', 'SKIP'), ...option('group', 'GROUP')];

function option(name, from) {
  const value = input(from);
  return value === '' ? [] : [`--${name}=${value}`];
}

function input(name) {
  return (env[`INPUT_${name}`] ?? '').trim();
}

/** Calls the program on the folder that was named; answers what it said. */
function dockfix(argv) {
  const path = input('PATH') === '' ? '.' : input('PATH');
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [env.DOCKFIX ?? '', ...argv, '--', path], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (error) throw error;
  return { status: status ?? 2, stdout, stderr };
}

/** Calls a program that has to succeed. Windows starts npm, a script, by a shell only; nothing of an input is in these words but a version. */
function call(program, argv, cwd) {
  const { status, error } = spawnSync(program, argv, { cwd, stdio: 'inherit', shell: process.platform === 'win32' });
  if (error) throw new InputError(`${program} cannot be started: ${error.message}`);
  if (status !== 0) throw new InputError(`${program} ${argv.join(' ')} failed`);
}

/** Writes text of the repository to the log without letting the runner read commands in it. */
function quietly(text) {
  if (text === '') return;
  const token = randomUUID();
  process.stdout.write(`::stop-commands::${token}\n${text}${text.endsWith('\n') ? '' : '\n'}::${token}::\n`);
}

function summarise(markdown) {
  if (env.GITHUB_STEP_SUMMARY === undefined) return;
  const bytes = Buffer.from(markdown);
  const cut = bytes
    .subarray(0, MOST_OF_SUMMARY)
    .toString()
    .replace(/[^\n]*$/, '');
  appendFileSync(
    env.GITHUB_STEP_SUMMARY,
    bytes.length <= MOST_OF_SUMMARY
      ? markdown
      : `${cut}\nMore was found than a summary can hold; the log has it all.\n`,
  );
}

/** Sets outputs of the step. */
function output(values) {
  const file = env.GITHUB_OUTPUT;
  for (const [name, value] of Object.entries(values)) {
    const end = randomUUID();
    if (file === undefined) process.stdout.write(`${name}: ${value}\n`);
    else appendFileSync(file, `${name}<<${end}\n${value}\n${end}\n`);
  }
}

function dataText(text) {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

try {
  needNode();
  const [command] = process.argv.slice(2);
  if (command === 'install') install();
  else if (command === 'run') run();
  else throw new InputError(`There is no command "${command}"`);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stdout.write(`::error title=dockfix::${dataText(error.message)}\n`);
  process.exitCode = 2;
}
