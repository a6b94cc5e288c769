import { appendFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { repairOf } from '../../src/cli/apply.ts';
import { verificationTable } from '../../src/output/verification.ts';
import type { Repo } from '../../src/repo/repo.ts';
import type { Stack } from '../../src/verify/docker.ts';
import { isHealthy, passed, type Side, type SideResult, type Verification } from '../../src/verify/verdict.ts';
import { type Verified, verify } from '../../src/verify/verify.ts';
import { copyOf, treeOf } from '../harness.ts';
import type { Fault, Mend, Proof } from './proof.ts';
import { running } from './running.ts';

const REPOS = join('fixtures', 'repos');
/** Without a patch there is nothing to repair. */
const isBroken = (name: string): boolean => existsSync(join(REPOS, name, 'expected.patch'));
const [broken, healthy] = [true, false].map((is) => readdirSync(REPOS).filter((name) => isBroken(name) === is));
const PLAIN = (text: string): string => text;
const PALETTE = { bold: PLAIN, dim: PLAIN, underline: PLAIN, red: PLAIN, green: PLAIN, yellow: PLAIN, cyan: PLAIN };
const noEngine = inject('noEngine');

if (noEngine !== '')
  test(`not run: ${noEngine}`, () => {
    expect(noEngine).not.toBe('');
  });
else
  describe('a whole repository fails before, with the error of its story, and is healthy after', () => {
    // Two at a time: they wait for health most of the time.
    test.concurrent.for(broken ?? [])('fixtures/repos/%s', async (name, { expect }) => {
      const proof = await proofOf(name);
      const folder = copyOf(join(REPOS, name, 'before'));
      const start = treeOf(folder);
      try {
        const { result } = await repairOf({ cwd: folder }, '.', { only: [], skip: [], group: proof.groups });
        const [first, ...later] = proof.faults;
        const verification = await trial(folder, result.before, result.after, {
          services: [],
          settleSeconds: proof.settleSeconds,
          afterOnly: false,
          whileUp: async (side, stack, seen) => {
            if (side === 'before') return first.whileUp?.(running(stack));
            expect(isHealthy(seen), JSON.stringify(seen, undefined, 2)).toBe(true);
            await proof.works(running(stack));
          },
        });
        record(name, verificationTable(verification, PALETTE));
        const { before, after } = verification;
        expectFault(before, first);
        expect(passed(verification), JSON.stringify(verification, undefined, 2)).toBe(true);
        expectReach(after, proof.outOfReach);
        expect(cachedIn(after)).toMatchObject(proof.cached);
        let repo = result.before;
        for (const fault of later) {
          repo = mended(repo, fault.mends);
          const { services, whileUp } = fault;
          const { after: seen } = await trial(folder, result.before, repo, {
            services,
            settleSeconds: proof.settleSeconds,
            afterOnly: true,
            ...(whileUp && { whileUp: (_: Side, stack: Stack) => whileUp(running(stack)) }),
          });
          record(`${name}, ${fault.mends.map(({ path }) => path).join(' and ')} mended`, `  ${shown(seen)}\n`);
          expectFault(seen, fault);
        }
        expect(treeOf(folder)).toEqual(start);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test.concurrent.for(healthy ?? [])('fixtures/repos/%s needs no repair', async (name, { expect }) => {
      const folder = copyOf(join(REPOS, name, 'before'));
      try {
        const { result } = await repairOf({ cwd: folder }, '.', { only: [], skip: [], group: [] });
        const how = { services: [], settleSeconds: 10, afterOnly: true };
        const verification = await trial(folder, result.before, result.after, how);
        record(name, verificationTable(verification, PALETTE));
        expect(passed(verification), JSON.stringify(verification, undefined, 2)).toBe(true);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

async function proofOf(name: string): Promise<Proof> {
  const file = join('test', 'e2e', 'proofs', `${name}.ts`);
  if (!existsSync(file)) throw new Error(`${file} must say what proves the repair of ${name}`);
  const { proof } = (await import(`./proofs/${name}.ts`)) as { readonly proof: Proof };
  return proof;
}

async function trial(
  root: string,
  before: Repo,
  after: Repo,
  how: Pick<Parameters<typeof verify>[0], 'services' | 'afterOnly' | 'settleSeconds' | 'whileUp'>,
): Promise<Verification> {
  const { verification, leftover }: Verified = await verify({
    root,
    before,
    after,
    timeoutSeconds: 300,
    buildOnly: false,
    signal: AbortSignal.timeout(900_000),
    progress: () => undefined,
    ...how,
  });
  expect(leftover.what).toEqual([]);
  return verification;
}

function expectFault(side: SideResult | undefined, fault: Fault): void {
  if (!side) throw new Error('there is no such side');
  expect(shown(side)).toContain(fault.shows);
  const states = Object.fromEntries(side.services.map(({ name, state }) => [name, state]));
  expect(states, shown(side)).toMatchObject(fault.states);
  expect(cachedIn(side)).toMatchObject(fault.cached);
}

/** Everything that a side tells of what went wrong. */
const shown = (side: SideResult): string =>
  [side.stopped, ...side.services.map(({ name, reason }) => reason && `${name}: ${reason}`)]
    .filter(Boolean)
    .join('\n  ');

const cachedIn = (side: SideResult): Readonly<Record<string, boolean | undefined>> =>
  Object.fromEntries(side.services.map(({ name, installCached }) => [name, installCached]));

function expectReach(side: SideResult, outOfReach: readonly string[]): void {
  const unavailable = side.services.filter(({ state }) => state === 'unavailable').map(({ name }) => name);
  expect(outOfReach).toEqual(expect.arrayContaining(unavailable));
}

/** The repository with texts replaced by hand; each must be there. */
function mended(repo: Repo, mends: readonly Mend[]): Repo {
  return mends.reduce((current, { path, from, to }) => {
    const file = current.file(path);
    if (!('text' in file)) throw new Error(`${path}: ${file.reason}`);
    const text = file.text.replaceAll(from, to);
    expect(text, `${path} holds ${from}`).not.toBe(file.text);
    return current.with(new Map([[path, { ...file, text }]]));
  }, repo);
}

const record = (title: string, text: string): void => appendFileSync(inject('seen'), `== ${title}\n${text}\n`);
