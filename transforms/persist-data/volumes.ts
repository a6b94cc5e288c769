import type { Edit } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type ComposeFile, entryOf, insertEntries, insertItems, keysOf, valueAt } from '../../src/parse/compose.ts';
import { type ComposeStep, inSequence } from '../../src/parse/compose-sequence.ts';

/** The named volumes that a project declares. */
export const declaredVolumes = (project: ComposeProject): readonly string[] =>
  [...project.files, ...project.overlays].flatMap((file) => keysOf(valueAt(file.root, 'volumes')));

/** The named volumes that a project's services mount. */
export const usedVolumes = (stack: Stack, project: ComposeProject): readonly string[] =>
  stack.services
    .filter((service) => service.project === project)
    .flatMap(({ mounts }) => mounts.flatMap(({ kind, source }) => (kind === 'volume' && source ? [source] : [])));

/** A name for a service's volume: one that is declared for it and not used, else `<service>-data` in the file's own style. */
export function volumeNameFor(stack: Stack, project: ComposeProject, service: Service): string {
  const declared = declaredVolumes(project);
  const used = new Set(usedVolumes(stack, project));
  const base = service.name.toLowerCase().replace(/[^a-z\d]/g, '');
  const idle = declared.filter(
    (name) =>
      !used.has(name) &&
      new RegExp(
        `^${base}(?:[-_]?(?:data|volume|vol|storage|db|store))?$|^${base.replace(/db$|sql$|gres$/, '')}[-_]?data$`,
        'i',
      ).test(name),
  );
  const [only, other] = idle;
  if (only !== undefined && other === undefined) return only;
  const joint = declared.some((name) => name.includes('_')) && !declared.some((name) => name.includes('-')) ? '_' : '-';
  const wanted = `${service.name}${joint}data`;
  const taken = new Set([...declared, ...used]);
  const numbered = [2, 3, 4, 5, 6, 7, 8, 9].map((number) => `${wanted}${joint}${number}`);
  return [wanted, ...numbered].find((name) => !taken.has(name)) ?? `${wanted}${joint}10`;
}

/** A step that gives a service one more mount, in its own `volumes`; `undefined` where others share the list. */
export function mountStep(service: Service, mount: string): { file: ComposeFile; step: ComposeStep } | undefined {
  const parts = service.parts.get('volumes') ?? [];
  const own = parts.find(({ shared }) => !shared);
  if (own)
    return {
      file: own.file,
      step: (file) =>
        insertItems(file, own.path, [own.node.kind === 'seq' && own.node.flow ? JSON.stringify(mount) : mount]),
    };
  const definition = service.definitions.find(({ overlay }) => !overlay);
  // Compose merges lists of several files, but a key of its own hides what a merge key brings in.
  if (!definition || parts.some(({ entry }) => entry.merged)) return undefined;
  const after = ['environment', 'env_file', 'command', 'image', 'build'].find((key) => {
    const found = entryOf(definition.entry.value, key);
    return found && !found.merged;
  });
  return {
    file: definition.file,
    step: (file) => insertEntries(file, definition.path, ['volumes:', `  - ${mount}`], after),
  };
}

/** A step that declares named volumes at the top level. */
export const declareStep =
  (names: readonly string[]): ComposeStep =>
  (file) => {
    const section = entryOf(file.root, 'volumes');
    const flow = section?.value.kind === 'map' && section.value.flow;
    const lines = names.map((name) => (flow ? `${name}: {}` : `${name}:`));
    return section
      ? insertEntries(file, ['volumes'], flow ? [lines.join(', ')] : lines)
      : insertEntries(file, [], ['volumes:', ...lines.map((line) => `  ${line}`)]);
  };

/** The file of a project whose top level declares its volumes: the first that does, else the one that is given. */
export const declaringFile = (project: ComposeProject, fallback: ComposeFile): ComposeFile =>
  project.files.find((file) => entryOf(file.root, 'volumes')) ?? fallback;

/** The edits of all steps; `undefined` when one cannot be made. */
export function editsOf(
  steps: readonly { readonly file: ComposeFile; readonly step: ComposeStep }[],
): readonly Edit[] | undefined {
  const files = [...new Set(steps.map(({ file }) => file))];
  const edits = files.map((file) =>
    inSequence(
      file,
      steps.filter((each) => each.file === file).map(({ step }) => step),
    ),
  );
  return edits.some((edit) => edit === undefined) ? undefined : edits.flatMap((edit) => edit ?? []);
}
