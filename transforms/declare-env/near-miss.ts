import type { Evidence } from '../../src/finding.ts';
import { isNear } from '../../src/model/env/near-name.ts';
import { envOf } from '../../src/model/env.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';

/** A variable that looks like the wanted one under another name, and that the source does not read. */
export interface NearMiss {
  readonly name: string;
  readonly evidence: Evidence;
}

/** `DATABASE_URI` where the source reads `DATABASE_URL`: in the service's environment or in the `.env` beside its Compose file. */
export function nearMissOf(stack: Stack, service: Service, wanted: string): NearMiss | undefined {
  const read = new Set(envOf(stack, stack.view(service)).reads.flatMap(({ names }) => names));
  const folder = service.project.folder;
  const file = stack.sources.dotenv(folder === '' ? '.env' : `${folder}/.env`);
  const candidates = [
    ...[...service.environment.values()].map(({ name, at }) => ({ name, at })),
    ...(file?.entries ?? []).map(({ name, at }) => ({ name, at: { ...at, end: at.start + name.length } })),
  ];
  const near = candidates.find(({ name }) => name !== wanted && !read.has(name) && isNear(name, wanted));
  return (
    near && { name: near.name, evidence: { at: near.at, says: `${near.name} is set, but the source reads ${wanted}` } }
  );
}
