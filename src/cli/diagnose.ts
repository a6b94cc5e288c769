import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { transforms } from '../../transforms/index.ts';
import type { Environment } from '../cli.ts';
import { NotTextError } from '../diagnose/lines.ts';
import { diagnose } from '../diagnose/match.ts';
import { readLog } from '../diagnose/read.ts';
import type { Reading } from '../diagnose/types.ts';
import { UserError } from '../errors.ts';
import { readStack } from '../model/stack.ts';
import { type DiagnosisStory, diagnosisJson, diagnosisText, isExplained } from '../output/diagnosis.ts';
import { repairOf } from './apply.ts';
import { paletteFor } from './palette.ts';
import { progressOutput, type Spinner, spinner } from './progress.ts';

const BEAT_MS = 100;

/** The options of `dockfix diagnose`. */
export interface DiagnoseFlags {
  readonly path: string;
  readonly format: 'pretty' | 'json';
}

/** Runs `dockfix diagnose`: 0 when a cause was named, 1 when none is known. */
export async function diagnoseCommand(
  environment: Environment,
  log: string | undefined,
  flags: DiagnoseFlags,
): Promise<number> {
  const { stdout, env } = environment;
  const busy = spinner(progressOutput(environment), () => performance.now());
  const reading = await read(environment, log, busy).finally(busy.end);
  if (reading.lines === 0)
    throw new UserError(
      'The log is empty',
      'What docker writes to stderr needs 2>&1: docker compose up 2>&1 | dockfix diagnose',
    );
  const { result } = await repairOf(environment, flags.path, { only: [], skip: [], group: ['hygiene'] });
  const hygiene = new Set(transforms.filter(({ group }) => group === 'hygiene').map(({ id }) => id));
  const diagnoses = diagnose(reading.sightings, result, readStack(result.before, undefined));
  const story: DiagnosisStory = { reading, diagnoses, run: result, hygiene };
  stdout.write(flags.format === 'json' ? diagnosisJson(story) : diagnosisText(story, paletteFor(stdout, env)));
  return isExplained(story) ? 0 : 1;
}

async function read(environment: Environment, log: string | undefined, busy: Spinner): Promise<Reading> {
  const isInput = log === undefined || log === '-';
  const name = isInput ? 'Standard input' : log;
  const chunks = isInput ? fromInput(environment) : fromFile(resolve(environment.cwd, log), log);
  // Who types has the line for himself.
  const watched = isInput && environment.stdin?.isTTY ? chunks : counted(chunks, busy);
  try {
    return await readLog(watched);
  } catch (error) {
    if (error instanceof NotTextError)
      throw new UserError(`${name} is not text`, 'If it is compressed: gunzip -c <file> | dockfix diagnose');
    throw error;
  }
}

/** The same chunks; says how much of them has come, also while none comes: a build may be silent for minutes. */
async function* counted(chunks: AsyncIterable<Uint8Array>, busy: Spinner): AsyncIterable<Uint8Array> {
  let bytes = 0;
  const timer = setInterval(() => busy.step(`reading the log (${(bytes / 1e6).toFixed(1)} MB)`), BEAT_MS);
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      yield chunk;
    }
  } finally {
    clearInterval(timer);
  }
}

function fromInput({ stdin, stderr }: Environment): AsyncIterable<Uint8Array> {
  if (!stdin)
    throw new UserError('There is no log', 'Name a file, or pipe it in: docker compose logs 2>&1 | dockfix diagnose');
  if (stdin.isTTY) stderr.write('Paste the log, then press Ctrl-D.\n');
  return stdin.read();
}

function fromFile(path: string, shown: string): AsyncIterable<Uint8Array> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found)
    throw new UserError(`There is no log file ${shown}`, 'The folder of the repository is given with --path.');
  if (found.isDirectory())
    throw new UserError(
      `${shown} is a folder, not a log`,
      `For the repository in it: dockfix diagnose <logfile> --path ${shown}`,
    );
  return createReadStream(path);
}
