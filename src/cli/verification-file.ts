import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UserError } from '../errors.ts';
import { readVerification } from '../output/report/verification.ts';
import { codeOf } from '../repo/file-system.ts';
import type { Verification } from '../verify/verdict.ts';

const HINT = 'Write it with: dockfix verify --format json > <file>';

/** What `dockfix verify --format json` wrote to a file; a `UserError` when it holds something else. */
export function verificationIn(cwd: string, file: string): Verification {
  const read = readVerification(textIn(resolve(cwd, file), file));
  if ('why' in read) throw new UserError(`${file} is no verification: ${read.why}`, HINT);
  return read;
}

function textIn(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`${shown} cannot be read (${code})`, HINT);
  }
}
