import type { Evidence } from '../../src/finding.ts';
import type { StartedScript } from '../../src/model/script/started.ts';

/** The first link of each chain: who starts the script, and where that is written. */
export const startedAt = ({ at, owner, containerPath, path, by }: StartedScript): Evidence => ({
  at,
  says: `${owner} ${by === 'sourced' ? 'reads' : 'starts'} ${containerPath}, which is ${path}`,
});
