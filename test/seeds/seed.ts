import type { Finding } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import type { Service } from '../../src/model/service.ts';
import { readStack, type ServiceView, type Stack } from '../../src/model/stack.ts';
import { run } from '../../src/pipeline/run.ts';
import { scan } from '../../src/repo/disk.ts';
import type { Repo } from '../../src/repo/repo.ts';
import type { Transform } from '../../src/transform.ts';

/** The repository of a seed as it was. */
export const before = (name: string): Repo => scan(`fixtures/repos/${name}/before`);

/** A repository as transforms leave it. */
export const after = (repo: Repo, chosen: readonly Transform[]): Repo =>
  run(repo, chosen, { allow: new Set(['safe', 'review']), named: new Set() }).after;

export const stackOf = (repo: Repo): Stack => readStack(repo, undefined);

/** A service of the stack by its name. */
export function serviceOf(stack: Stack, name: string): Service {
  const service = stack.services.find((each) => each.name === name);
  if (!service) throw new Error(`no service ${name}`);
  return service;
}

export const viewOf = (stack: Stack, name: string): ServiceView => stack.view(serviceOf(stack, name));

/** The evidence of a finding as `file:line what stands there`. */
export const placed = (repo: Repo, finding: Finding | undefined): readonly string[] =>
  (finding?.evidence ?? []).map(
    ({ at, says }) => `${at.path}:${lineNumber(repo.read(at.path) ?? '', at.start)} ${says}`,
  );

/** What a service waits for: name and condition. */
export const waits = (stack: Stack, name: string): Readonly<Record<string, string>> =>
  Object.fromEntries(serviceOf(stack, name).dependsOn.map((edge) => [edge.name, edge.condition]));
