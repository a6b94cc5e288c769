import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { codeOf } from '../repo/file-system.ts';

/** Writes a text to a file of the user's choice (absolute): all of it, or nothing. */
export function writeOutput(path: string, text: string): void {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text, { flag: 'wx' });
    renameSync(beside, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code !== 'EEXIST') rmSync(beside, { force: true });
    throw new UserError(`${path} cannot be written (${code})`, 'Name a file in a folder that is there, with --output.');
  }
}
