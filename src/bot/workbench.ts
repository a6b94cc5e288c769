import type { Forge } from '../forge/forge.ts';
import type { Log } from '../jobs/jobs.ts';
import type { Remote } from '../pull-request/git.ts';
import type { Workshop } from '../pull-request/types.ts';
import type { Inspector } from './inspector.ts';

/** What the jobs of the bot are done with. */
export interface Workbench {
  readonly forge: Forge;
  readonly workshop: Workshop;
  readonly inspect: Inspector;
  readonly log: Log;
}

/** Where git fetches a repository from. */
export async function remoteOf(forge: Forge, name: string): Promise<Remote> {
  const { cloneUrl } = await forge.repository(name);
  return { url: cloneUrl, credentials: await forge.gitCredentials(name) };
}
