import type { Evidence } from '../../src/finding.ts';
import type { EnvRead } from '../../src/model/env/read.ts';
import { envOf, overridingFile, provisionOf } from '../../src/model/env.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';

/** A variable that a service's source requires and nothing gives to it. */
export interface Missing {
  readonly service: Service;
  readonly read: EnvRead;
  /** `hidden`: an env file that the service names is not here; it may hold the variable. */
  readonly how: 'absent' | 'hidden';
  /** A file that beats what Compose sets. */
  readonly overriding: Evidence | undefined;
}

/** Variables that Docker, a shell or a platform sets by itself. */
const GIVEN =
  /^(?:PATH|HOME|HOSTNAME|PWD|TERM|LANG|LC_\w+|SHLVL|_|PYTHON\w*|VIRTUAL_ENV|GPG_KEY|NODE_VERSION|YARN_VERSION)$/;

/** What a service's source requires and nothing gives to it. */
export function missingOf(stack: Stack, service: Service): readonly Missing[] {
  const view = stack.view(service);
  const env = envOf(stack, view);
  const found = new Map<string, Missing>();
  for (const read of env.reads) {
    if (read.need !== 'required' || found.has(read.name) || GIVEN.test(read.name) || isInOverlay(service, read))
      continue;
    const is = provisionOf(stack, view, env, read).is;
    const overriding = overridingFile(stack, view, env);
    if (is === 'no') found.set(read.name, { service, read, how: 'absent', overriding });
    else if (is === 'unknown' && service.hiddenEnvironment && view.startup.complete)
      found.set(read.name, { service, read, how: 'hidden', overriding });
  }
  return [...found.values()];
}

/** An overlay (`-f docker-compose.prod.yml`) that names the variable may be the only way in which the stack is started. */
const isInOverlay = (service: Service, { names }: EnvRead): boolean =>
  service.definitions.some(
    ({ overlay, file, entry }) =>
      overlay && names.some((name) => new RegExp(`\\b${name}\\b`).test(file.text.slice(entry.at.start, entry.at.end))),
  );
