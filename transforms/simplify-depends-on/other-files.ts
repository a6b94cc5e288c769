import { isComposePath } from '../../src/model/compose/project.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { textOf, valueAt } from '../../src/parse/compose.ts';

/**
 * Whether a name that a project lacks may come from another file: one of the repository that defines it (given with `-f`), one
 * that cannot be read, or an `include` that leads out of the repository.
 */
export function definedElsewhere(stack: Stack, { project }: Service, name: string): boolean {
  const files = stack.repo.paths
    .filter((path) => isComposePath(stack.repo, path))
    .flatMap((path) => stack.sources.compose(path) ?? []);
  const defined = files.some(
    ({ root, problems, text }) =>
      valueAt(root, 'services', name) !== undefined || (problems.length > 0 && text.includes(`${name}:`)),
  );
  const known = new Set(files.map(({ path }) => path));
  return (
    defined ||
    project.files.some(({ root }) => {
      const include = valueAt(root, 'include');
      const items = include?.kind === 'seq' ? include.items.map(({ value }) => value) : [];
      return items.some((item) => {
        const path = textOf(item) ?? textOf(valueAt(item, 'path'));
        return path === undefined || ![...known].some((each) => each.endsWith(path.replace(/^(?:\.\.?\/)+/, '')));
      });
    })
  );
}
