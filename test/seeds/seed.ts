import { join } from 'node:path';
import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import type { Service } from '../../src/model/service.ts';
import { readStack, type ServiceView, type Stack } from '../../src/model/stack.ts';
import { type Run, run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import type { Repo } from '../../src/repo/repo.ts';
import { selectTransforms } from '../../src/selection.ts';
import type { Transform } from '../../src/transform.ts';
import { transforms } from '../../transforms/index.ts';

/** The repository of a seed, as it is. */
export const before = (name: string): Repo => scan(join('fixtures', 'repos', name, 'before'));

/** What the transforms that run by default make of it, and, with `hygiene`, the others too. */
export const repairedRun = (repo: Repo, groups: readonly Transform['group'][]): Run =>
  run(repo, selectTransforms(transforms, { only: [], skip: [], groups }), {
    allow: new Set(['safe', 'review']),
    named: new Set(),
  });

/** What a repository runs. */
export const stackOf = (repo: Repo): Stack => readStack(repo, undefined);

/** A file's text. */
export function text(repo: Repo, path: string): string {
  const found = repo.read(path);
  if (found === undefined) throw new Error(`there is no ${path}`);
  return found;
}

/** The service of that name. */
export function service(stack: Stack, name: string): Service {
  const found = stack.services.find((each) => each.name === name);
  if (!found) throw new Error(`there is no service ${name}`);
  return found;
}

/** What follows from the service of that name. */
export const view = (stack: Stack, name: string): ServiceView => stack.view(service(stack, name));

/** The value of a variable in a service's environment, as Compose resolves it. */
export const variable = (stack: Stack, name: string, key: string): string | undefined =>
  service(stack, name).environment.get(key)?.value?.text;

/** What a transform says of a repository as it stands. */
export const findings = (repo: Repo, transform: Transform): readonly Finding[] => [...transform.find(stackOf(repo))];

/** The evidence of a finding, place by place. */
export const placed = (repo: Repo, finding: Finding | undefined): readonly string[] =>
  (finding?.evidence ?? []).map(
    ({ at, says }) => `${at.path}:${lineNumber(repo.read(at.path) ?? '', at.start)} ${says}`,
  );
