import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Repo } from '../repo/repo.ts';
import { buildSteps, copiedAnew, installCached } from './build-log.ts';
import type { Stack } from './docker.ts';
import { build, type Progress } from './images.ts';
import { type JsonMap, servicesOf } from './project.ts';

const COMMENT: Readonly<Record<string, string>> = {
  py: '#',
  rb: '#',
  js: '//',
  mjs: '//',
  cjs: '//',
  ts: '//',
  jsx: '//',
  tsx: '//',
  go: '//',
  rs: '//',
  java: '//',
  kt: '//',
  cs: '//',
};
const NOT_SOURCE =
  /(?:^|\/)(?:tests?|specs?|__tests__|migrations|docs|setup\.py|[\w.-]*\.config\.\w+|conf(?:ig|test)?\.py)(?:\/|$)|\.(?:test|spec)\.\w+$/;
const TRIES = 4;

/** Whether each built service keeps its install layer when a source file changes. The copy's files are edited. */
export async function probeCache(
  stack: Stack,
  copy: string,
  repo: Repo,
  config: JsonMap,
  built: readonly string[],
  progress: Progress,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, boolean>> {
  const answers = new Map<string, boolean>();
  const known = new Map<string, boolean | undefined>();
  for (const [name, { build: how }] of servicesOf(config)) {
    if (!built.includes(name)) continue;
    const key = JSON.stringify(how);
    if (!known.has(key)) {
      progress({ kind: 'milestone', text: `rebuilding ${name} after a source edit` });
      known.set(key, await probe(stack, name, candidates(repo, copy, how), progress, signal));
    }
    const answer = known.get(key);
    if (answer !== undefined) answers.set(name, answer);
  }
  return answers;
}

/** Edits one file after the other until the build notices. No edit is like an earlier one, which the cache would know. */
async function probe(
  stack: Stack,
  service: string,
  files: readonly string[],
  progress: Progress,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  for (const file of files) {
    appendFileSync(file, `\n${COMMENT[extensionOf(file)] ?? '#'} edited to see what is rebuilt: ${randomUUID()}\n`);
    let output = '';
    // Once an installation runs, the answer is known: no need to wait for its end.
    const { timedOut } = await build(stack, service, progress, signal, (line) => {
      output += `${line}\n`;
      return installCached(buildSteps(output)) === false;
    });
    const steps = buildSteps(output);
    const answer = installCached(steps);
    if (answer === false || timedOut) return answer;
    if (copiedAnew(steps)) return answer;
  }
  return undefined;
}

/** Source files below the build context, the most central ones first. */
function candidates(repo: Repo, copy: string, how: JsonMap[string]): readonly string[] {
  const context = typeof how === 'object' && how !== null && 'context' in how ? String(how['context']) : '';
  const inside = relative(copy, context);
  if (context === '' || inside.startsWith('..')) return [];
  const prefix = inside === '' ? '' : `${inside}/`;
  return repo.paths
    .filter((path) => path.startsWith(prefix) && extensionOf(path) in COMMENT)
    .filter((path) => !NOT_SOURCE.test(path.slice(prefix.length)))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
    .slice(0, TRIES)
    .map((path) => join(copy, path));
}

const extensionOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
const depth = (path: string): number => path.split('/').length;
