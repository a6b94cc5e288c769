import { setImmediate } from 'node:timers/promises';
import { diagnose } from '../../src/diagnose/match.ts';
import { readLog } from '../../src/diagnose/read.ts';
import type { Diagnosis, Reading } from '../../src/diagnose/types.ts';
import { readStack, type Stack } from '../../src/model/stack.ts';
import { originalPlace } from '../../src/output/original-place.ts';
import { type Run, run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import type { Repo } from '../../src/repo/repo.ts';
import { selectTransforms } from '../../src/selection.ts';
import { transforms } from '../../transforms/index.ts';

const runs = new Map<string, { readonly run: Run; readonly stack: Stack }>();

/** What all transforms find in a folder, once per folder. */
export function runOver(folder: string): { readonly run: Run; readonly stack: Stack } {
  const known = runs.get(folder);
  if (known) return known;
  const repo = scan(folder);
  const chosen = selectTransforms(transforms, { only: [], skip: [], groups: ['hygiene'] });
  const made = {
    run: run(repo, chosen, { allow: new Set(['safe', 'review']), named: new Set() }),
    stack: readStack(repo, undefined),
  };
  runs.set(folder, made);
  return made;
}

/** A log as the bytes of a stream, cut where a pipe may cut it. */
export async function* bytesOf(log: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(log);
  for (let at = 0; at < bytes.length; at += 61) {
    await setImmediate();
    yield bytes.subarray(at, at + 61);
  }
}

export const read = (log: string): Promise<Reading> => readLog(bytesOf(log));

/** The diagnoses of a log for the repository in a folder. */
export async function diagnosed(log: string, folder: string): Promise<readonly Diagnosis[]> {
  const { sightings } = await read(log);
  const { run: result, stack } = runOver(folder);
  return diagnose(sightings, result, stack);
}

/** The causes of a diagnosis as `transform path:line`. */
const causesOf = (diagnosis: Diagnosis, before: Repo): readonly string[] =>
  diagnosis.causes.map((cause) => {
    if (cause.kind === 'notice') return `notice ${cause.notice.path}:${cause.notice.line}`;
    const { path, line } = originalPlace(before, cause.outcome.seen, cause.outcome.finding.at);
    return `${cause.transform} ${line === undefined ? path : `${path}:${line}`}`;
  });

/** What a log comes to: `symptom → transform path:line, …` for each message. */
export async function shown(log: string, folder: string): Promise<readonly string[]> {
  const { before } = runOver(folder).run;
  return (await diagnosed(log, folder)).map(
    (each) => `${each.sighting.symptom.id} → ${causesOf(each, before).join(', ')}`,
  );
}
