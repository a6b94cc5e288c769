import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { codeOf } from '../repo/file-system.ts';
import { isState, type SideResult, type Verification } from '../verify/verdict.ts';

const HINT = 'Write it with: dockfix verify --format json > verification.json';

/** What `dockfix verify --format json` wrote to a file; a `UserError` when it holds something else. */
export function readVerification(file: string): Verification {
  const value = parsed(file);
  if (!isRecord(value) || value['schemaVersion'] !== 1 || !isSide(value['after']))
    throw new UserError(`${file} is no result of a verification`, HINT);
  const { before, after } = value;
  if (before === undefined) return { after };
  if (!isSide(before)) throw new UserError(`${file} is no result of a verification`, HINT);
  return { before, after };
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserError(`${file} is no JSON`, HINT);
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new UserError(`${file} cannot be read (${code})`, HINT);
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSide = (value: unknown): value is SideResult =>
  isRecord(value) &&
  typeof value['seconds'] === 'number' &&
  Array.isArray(value['notes']) &&
  Array.isArray(value['services']) &&
  value['services'].every((each) => isRecord(each) && typeof each['name'] === 'string' && isState(each['state']));
