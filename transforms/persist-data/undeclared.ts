import type { Finding } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import type { Stack } from '../../src/model/stack.ts';
import { listed } from '../../src/words.ts';
import { declaredVolumes, declareStep, declaringFile, editsOf, usedVolumes } from './volumes.ts';

/** Named volumes that services mount and no `volumes` section declares: Compose starts nothing of such a project. */
export function* undeclaredFindings(stack: Stack, project: ComposeProject): Iterable<Finding> {
  const declared = declaredVolumes(project);
  const services = stack.services.filter((service) => service.project === project);
  const mounts = services.flatMap((service) =>
    service.mounts
      .filter(({ kind, source }) => kind === 'volume' && source !== undefined && !declared.includes(source))
      .map((mount) => ({ service, mount, name: mount.source ?? '' })),
  );
  const names = [...new Set(mounts.map(({ name }) => name))];
  const [first] = mounts;
  if (!first || names.some((name) => !/^[A-Za-z\d][\w.-]*$/.test(name))) return;
  const message = `${listed([...new Set(mounts.map(({ service }) => service.name))])} ${mounts.length > 1 ? 'mount' : 'mounts'} ${listed(names)}, which ${names.length > 1 ? 'are' : 'is'} not declared: Compose refuses the whole file (service "${first.service.name}" refers to undefined volume ${first.name}).`;
  const evidence = mounts.map(({ service, mount, name }) => ({
    at: mount.at,
    says: `${service.name} mounts the named volume ${name}`,
  }));
  const base = { message, at: first.mount.at, evidence };
  const title = `Declare ${listed(names)} under volumes`;
  const doubt = doubtOf(stack, project, names, declared);
  if (doubt !== undefined) {
    yield { ...base, fix: { title, safety: 'manual', changes: [] }, advice: doubt };
    return;
  }
  const file = declaringFile(project, first.mount.part.file);
  const edits = editsOf([{ file, step: declareStep(names) }]);
  yield edits
    ? { ...base, fix: { title, safety: 'review', changes: edits } }
    : {
        ...base,
        fix: { title, safety: 'manual', changes: [] },
        advice: `Add ${listed(names)} to the top-level volumes.`,
      };
}

/** A folder of that name, or a declared volume of nearly that name, may be what is meant. */
function doubtOf(
  stack: Stack,
  project: ComposeProject,
  names: readonly string[],
  declared: readonly string[],
): string | undefined {
  const folder = names.find((name) => stack.repo.hasFolder(project.folder === '' ? name : `${project.folder}/${name}`));
  if (folder !== undefined)
    return `The repository has a folder ${folder}: write ./${folder} if that is meant; else declare ${folder} under the top-level volumes.`;
  const bare = (name: string): string => name.toLowerCase().replace(/[^a-z\d]/g, '');
  const used = usedVolumes(stack, project);
  const near = names.flatMap((name) =>
    declared.filter((other) => !used.includes(other) && bare(other) === bare(name)).map((other) => ({ name, other })),
  )[0];
  return near && `${near.other} is declared and not used: mount ${near.other} instead of ${near.name}.`;
}
