import type { Finding } from '../../src/finding.ts';
import { isComposePath } from '../../src/model/compose/project.ts';
import { defineTransform } from '../../src/transform.ts';
import { type WrongShape, wrongShapes } from './shapes.ts';
import { unreadable } from './unreadable.ts';

/** Writes values that Compose rejects, and whose meaning is plain, in the shape that it takes. */
export default defineTransform({
  id: 'fix-compose-shape',
  group: 'repair',
  summary: 'Write values that Compose rejects in the shape that it takes, where their meaning is plain',
  *find(stack) {
    for (const path of stack.repo.paths) {
      const file = isComposePath(stack.repo, path) ? stack.sources.compose(path) : undefined;
      if (!file) continue;
      const broken = unreadable(file);
      // Only a file that can be read shows what else is wrong.
      const shapes = broken.length > 0 || file.problems.length > 0 ? broken : wrongShapes(file);
      for (const shape of shapes) yield findingOf(path, shape);
    }
  },
});

function findingOf(path: string, { at, words, means, changes, title }: WrongShape): Finding {
  const base = {
    message: `Compose rejects ${path} ("${words}"), so no service of it starts`,
    at,
    evidence: [{ at, says: means }],
  };
  if (changes && changes.length > 0) return { ...base, fix: { title, safety: 'safe', changes } };
  return {
    ...base,
    advice: `Compose says "${words}": ${means}. Write what is meant here; nothing else of the file is read before.`,
    fix: { title, safety: 'manual', changes: [] },
  };
}
