import { UserError } from '../errors.ts';
import { runChild } from './child.ts';
import type { Limits } from './limits.ts';

/** What a process of its own is asked. Plain data. */
export interface Question {
  /** Where `layDown` put a tree. */
  readonly folder: string;
  /** How people name the repository. */
  readonly name: string;
}

/** What it answers: what it was asked for, or a `UserError`. */
type Answer<T> = { readonly result: T } | { readonly wrong: { readonly message: string; readonly hint?: string } };

const OUTPUT_BYTES = 256_000_000;

/**
 * Asks a process of its own, which has no environment and is killed when it takes more than it may. `program` is the bundle that
 * exports the function `entry`, which calls `answerQuestion`. Rejects with a `UserError` when that did, or when a limit is reached.
 */
export async function askOwnProcess<T>(
  program: string,
  entry: string,
  question: Question,
  limits: Limits,
  signal: AbortSignal,
): Promise<T> {
  const ended = await runChild({
    program: process.execPath,
    argv: [`--max-old-space-size=${limits.repairMegabytes}`, '-e', `require(process.argv[1]).${entry}()`, program],
    cwd: question.folder,
    env: {},
    input: JSON.stringify(question),
    seconds: limits.repairSeconds,
    outputBytes: OUTPUT_BYTES,
    disk: { folder: question.folder, bytes: limits.diskBytes },
    signal,
  });
  if (ended.stopped === 'time')
    throw new UserError(
      `Working out the repairs of ${question.name} takes longer than ${limits.repairSeconds} seconds`,
      'Nothing was changed: leave out with "exclude" in dockfix.yml what is no file of the project.',
    );
  if (ended.stopped || /heap out of memory|Array buffer allocation failed/.test(ended.stderr))
    throw new UserError(
      `Working out the repairs of ${question.name} takes more than ${limits.repairMegabytes} MB of memory`,
      'Nothing was changed: leave out with "exclude" in dockfix.yml what is no file of the project.',
    );
  if (ended.status !== 0)
    throw new Error(`the repairs of ${question.name} could not be worked out: ${ended.stderr.trim() || ended.status}`);
  const answer = JSON.parse(ended.stdout.toString()) as Answer<T>;
  if ('wrong' in answer) throw new UserError(answer.wrong.message, answer.wrong.hint);
  return answer.result;
}

/** In the process of its own: reads the question from standard input, and answers it on standard output. */
export async function answerQuestion<Q extends Question>(work: (question: Q) => Promise<unknown>): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  const question = JSON.parse(Buffer.concat(chunks).toString()) as Q;
  process.stdout.write(JSON.stringify(await answerOf(() => work(question))));
}

async function answerOf(work: () => Promise<unknown>): Promise<Answer<unknown>> {
  try {
    return { result: await work() };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { message, hint } = error;
    return { wrong: { message, ...(hint !== undefined && { hint }) } };
  }
}
