import type { Edit, Finding } from '../../src/finding.ts';
import { lineContentEnd, lineStart } from '../../src/lines.ts';
import { isForSwarm, usesOldCompose } from '../../src/model/compose/deployed-with.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type ComposeFile, deleteEntry, entryOf } from '../../src/parse/compose.ts';
import { defineTransform } from '../../src/transform.ts';

/** Takes out the top-level `version`, which Compose 2 does not read and warns of at each command. */
export default defineTransform({
  id: 'drop-compose-version',
  group: 'hygiene',
  summary: 'Take out the top-level version, which Compose ignores and warns of',
  *find(stack) {
    const done = new Set<string>();
    const old = stack.projects.some((project) => versioned(project).length > 0) && usesOldCompose(stack);
    for (const project of old ? [] : stack.projects) {
      const files = versioned(project).filter(({ path }) => !done.has(path));
      for (const { path } of files) done.add(path);
      const finding = findingOf(stack, project, files);
      if (finding) yield finding;
    }
  },
});

/** The files of a project that have a version. */
const versioned = ({ files, overlays }: ComposeProject): readonly ComposeFile[] => [
  ...new Map(
    [...files, ...overlays].filter(({ root }) => entryOf(root, 'version')).map((file) => [file.path, file]),
  ).values(),
];

/** A comment that says why the line is there. */
const DELIBERATE = /keep|need|requir|swarm|stack|podman|\bv1\b|nécessaire|requis|garder|laisser|ne pas|do not|don't/i;

function findingOf(stack: Stack, project: ComposeProject, files: readonly ComposeFile[]): Finding | undefined {
  if (files.length === 0 || isForSwarm(stack, project)) return undefined;
  const edits: Edit[] = [];
  for (const file of files) {
    const entry = entryOf(file.root, 'version');
    const removed = deleteEntry(file, ['version']);
    // All files of a project change together, or none: Compose would go on warning.
    if (!entry || !removed || entry.value.kind !== 'scalar' || file.duplicates.length > 0) return undefined;
    if (removed.some(({ start, end }) => isDeliberate(file.text.slice(start, end)))) return undefined;
    edits.push(...removed);
  }
  const entries = files.flatMap(({ root }) => entryOf(root, 'version') ?? []);
  const [first] = entries;
  if (!first) return undefined;
  const names = files.map(({ path }) => path).join(', ');
  return {
    message: `The top-level version of ${names} means nothing to Compose any more, so each command warns that "the attribute \`version\` is obsolete".`,
    at: first.at,
    evidence: entries.map(({ at }) => ({
      at,
      says: 'Compose 2 reads the file by one specification, whatever stands here',
    })),
    fix: { title: `Take version out of ${names}`, safety: 'safe', changes: edits },
  };
}

const isDeliberate = (removed: string): boolean =>
  [...removed.matchAll(/#/g)].some(({ index }) =>
    DELIBERATE.test(removed.slice(Math.max(index, lineStart(removed, index)), lineContentEnd(removed, index))),
  );
