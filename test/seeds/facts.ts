import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { Repo } from '../../src/repo/repo.ts';
import { selectTransforms } from '../../src/selection.ts';
import type { Transform } from '../../src/transform.ts';
import { transforms } from '../../transforms/index.ts';
import { after, serviceOf, stackOf } from './seed.ts';

/** What `dockfix apply` makes of a repository; with `hygiene`, `dockfix apply --group hygiene`. */
export const repairedWith = (repo: Repo, groups: readonly Transform['group'][]): Repo =>
  after(repo, selectTransforms(transforms, { only: [], skip: [], groups }));

/** A file's text. */
export function text(repo: Repo, path: string): string {
  const found = repo.read(path);
  if (found === undefined) throw new Error(`there is no ${path}`);
  return found;
}

/** The value of a variable in a service's environment, as Compose resolves it. */
export const variable = (stack: Stack, name: string, key: string): string | undefined =>
  serviceOf(stack, name).environment.get(key)?.value?.text;

/** What a transform says of a repository as it stands. */
export const findings = (repo: Repo, transform: Transform): readonly Finding[] => [...transform.find(stackOf(repo))];
