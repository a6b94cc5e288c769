import { isComposePath } from '../model/compose/project.ts';
import { danglingNames, type Fault, faultsOf } from '../model/faults.ts';
import type { Stack } from '../model/stack.ts';
import { schemaFaults } from './compose-schema.ts';

/** Why a change is rolled back. */
export type Breakage = Fault;

/** Problems that `paths` have (or cause) in `after` and had not in `before`. Fewer problems of one kind than before is progress. */
export function newBreakages(before: Stack, after: Stack, paths: readonly string[]): readonly Breakage[] {
  const inFiles = paths.flatMap((path) => worsened(allFaults(before, path), allFaults(after, path)));
  const compose = paths.some((path) => isCompose(after, path) || isCompose(before, path));
  return compose ? [...inFiles, ...worsened(danglingNames(before), danglingNames(after))] : inFiles;
}

const isCompose = (stack: Stack, path: string): boolean => stack.repo.has(path) && isComposePath(stack.repo, path);

function allFaults(stack: Stack, path: string): readonly Fault[] {
  if (!stack.repo.has(path)) return [];
  return isComposePath(stack.repo, path)
    ? [...faultsOf(stack, path), ...schemaFaults(stack, path)]
    : faultsOf(stack, path);
}

/** The faults of `after` beyond as many of the same words as `before` had. */
function worsened(before: readonly Fault[], after: readonly Fault[]): readonly Fault[] {
  const left = new Map<string, number>();
  for (const { path, message } of before) left.set(`${path}\0${message}`, (left.get(`${path}\0${message}`) ?? 0) + 1);
  return after.filter(({ path, message }) => {
    const key = `${path}\0${message}`;
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}
