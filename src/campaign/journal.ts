import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { UserError } from '../errors.ts';
import type { CampaignRequest, Outcome } from './target.ts';

/** What is known of a repository; times are in milliseconds since the epoch. */
export interface Known {
  /** When it was last given out. */
  readonly started?: number;
  readonly ended?: { readonly at: number; readonly outcome: Outcome };
}

/** What a campaign has done so far, on disk. */
export interface Journal {
  readonly known: ReadonlyMap<string, Known>;
  readonly started: (key: string, at: number) => void;
  readonly ended: (key: string, at: number, outcome: Outcome) => void;
  readonly close: () => void;
}

interface Head {
  readonly dockfix: 'campaign';
  readonly version: 1;
  readonly request: CampaignRequest;
}

type Line =
  | { readonly repository: string; readonly started: number }
  | { readonly repository: string; readonly ended: number; readonly outcome: Outcome };

/**
 * Opens the state of a campaign, or begins one. Each event is a line that is on the disk before anything else happens; a line that
 * was cut off by a kill is left out. A `UserError` when the file is something else, or the state of a campaign with other options.
 */
export function openJournal(path: string, request: CampaignRequest): Journal {
  const known = new Map<string, Known>();
  const head: Head = { dockfix: 'campaign', version: 1, request };
  const old = existsSync(path) ? read(path, head) : [];
  for (const line of old) take(known, line);
  // Rewritten once: without what was cut off, and with one line for each event that still counts.
  const lines = [head, ...[...known].flatMap(([repository, each]) => linesOf(repository, each))];
  const beside = `${path}.${process.pid}.new`;
  try {
    writeFileSync(beside, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    renameSync(beside, path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The state of the campaign cannot be written: ${reason}`, 'Name another file with --state.');
  }
  const file = openSync(path, 'a');
  const append = (line: Line): void => {
    take(known, line);
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
  };
  return {
    known,
    started: (repository, at) => append({ repository, started: at }),
    ended: (repository, at, outcome) => append({ repository, ended: at, outcome }),
    close: () => closeSync(file),
  };
}

/** A journal in memory, for what shall leave no trace. */
export function unwrittenJournal(): Journal {
  const known = new Map<string, Known>();
  return {
    known,
    started: (repository, at) => take(known, { repository, started: at }),
    ended: (repository, at, outcome) => take(known, { repository, ended: at, outcome }),
    close: () => {},
  };
}

function take(known: Map<string, Known>, line: Line): void {
  const before = known.get(line.repository);
  if ('started' in line) known.set(line.repository, { ...before, started: line.started });
  else known.set(line.repository, { ...before, ended: { at: line.ended, outcome: line.outcome } });
}

const linesOf = (repository: string, { started, ended }: Known): readonly Line[] => [
  ...(started === undefined ? [] : [{ repository, started }]),
  ...(ended === undefined ? [] : [{ repository, ended: ended.at, outcome: ended.outcome }]),
];

function read(path: string, wanted: Head): readonly Line[] {
  const [first = '', ...rest] = readFileSync(path, 'utf8').split('\n');
  const head = parsed(first);
  if (typeof head !== 'object' || head === null || !('dockfix' in head) || head.dockfix !== 'campaign')
    throw new UserError(`${path} is not the state of a campaign`, 'Name another file with --state.');
  if (JSON.stringify(head) !== JSON.stringify(wanted))
    throw new UserError(
      `${path} is the state of a campaign with other options`,
      'Run it with the same ones to go on with it, or name another file with --state.',
    );
  return rest.flatMap((text) => {
    const line = parsed(text);
    return typeof line === 'object' && line !== null && 'repository' in line ? [line as Line] : [];
  });
}

/** What stands in a line; undefined when it is not whole. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
