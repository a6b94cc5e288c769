import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { checkEngine } from '../../src/verify/engine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why there is no engine; empty when there is one. */
    noEngine: string;
    /** A file that collects what was seen, for the table at the end. */
    seen: string;
  }
}

/** Looks for an engine once, and prints what was seen when all is done. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-e2e-'));
  const seen = join(folder, 'seen');
  const noEngine = await checkEngine(AbortSignal.timeout(60_000)).then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
  project.provide('noEngine', noEngine);
  project.provide('seen', seen);
  if (noEngine !== '') process.stdout.write(`\nThe proof in a real engine was NOT run: ${noEngine}.\n`);
  return () => {
    if (existsSync(seen)) process.stdout.write(`\n${readFileSync(seen, 'utf8')}`);
    rmSync(folder, { recursive: true });
  };
}
