import type { Environment } from '../cli.ts';
import { UserError } from '../errors.ts';

/** The options of `dockfix pr`. */
export interface PrFlags {
  readonly dryRun?: true;
}

export async function prCommand(_environment: Environment, _target: string, _flags: PrFlags): Promise<number> {
  throw new UserError('to be written');
}
