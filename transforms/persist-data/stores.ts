import type { Change, Edit, Evidence, Finding } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import { isTestService } from '../../src/model/of-tests.ts';
import type { Mount, Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import {
  type DataDirectory,
  dataDirectoryOf,
  keptBy,
  postgresVersion,
  storedBy,
} from '../../src/model/store/data-directory.ts';
import { storeOf } from '../../src/model/store.ts';
import { type ComposeFile, insertEntries } from '../../src/parse/compose.ts';
import type { ComposeStep } from '../../src/parse/compose-sequence.ts';
import { declaredVolumes, declareStep, declaringFile, editsOf, mountStep, volumeNameFor } from './volumes.ts';

/** Stores whose data go away with their container, each with the volume that keeps them. */
export function* storeFindings(stack: Stack, project: ComposeProject): Iterable<Finding> {
  for (const service of stack.services) {
    if (service.project !== project || isTestService(service)) continue;
    const found = storedBy(service);
    if (found) {
      const { directory } = found;
      if (keptBy(service, directory) || isLeftToOthers(service, directory)) continue;
      const mistaken = service.mounts.filter((mount) => isMistaken(mount, directory));
      const [only, other] = mistaken;
      if (only && !other) yield mistakenFinding(service, directory, only);
      else if (!only) yield missingFinding(stack, project, service, directory);
    } else if (isUnpinnedPostgres(service)) yield unpinnedFinding(service);
  }
}

const isMistaken = ({ kind, target }: Mount, directory: DataDirectory): boolean =>
  kind === 'volume' && directory.mistaken.includes(target);

/** A tmpfs is there on purpose; an overlay may give the volume; a mount that is not understood may be it. */
const isLeftToOthers = (service: Service, directory: DataDirectory): boolean =>
  service.parts.has('tmpfs') ||
  service.mounts.some(({ kind }) => kind === 'unknown' || kind === 'tmpfs') ||
  service.definitions.some(
    ({ overlay, file, entry }) => overlay && file.text.slice(entry.at.start, entry.at.end).includes(directory.mount),
  );

function missingFinding(stack: Stack, project: ComposeProject, service: Service, directory: DataDirectory): Finding {
  const { mount } = directory;
  const anonymous = service.mounts.find(({ kind, target }) => kind === 'anonymous' && target === mount);
  const where = directory.declared
    ? 'an anonymous volume, which "docker compose down" leaves behind'
    : 'the container itself';
  const message = `${service.name} keeps its data (${mount}) in ${where}: the next container begins with no data.`;
  const evidence: Evidence[] = [
    { at: service.image?.at ?? service.at, says: `this image keeps its data in ${mount}` },
    anonymous
      ? { at: anonymous.at, says: 'this volume has no name, so no later container finds it' }
      : { at: service.at, says: `${service.name} mounts no volume there` },
  ];
  const name = volumeNameFor(stack, project, service);
  const added = anonymous ? namedStep(anonymous, name) : mountStep(service, `${name}:${mount}`);
  const hostname = directory.needsHostname ? hostnameStep(service) : [];
  const title = `Keep the data of ${service.name} in the named volume ${name}`;
  const declaring = added && declaringFile(project, added.file);
  const edits =
    added &&
    declaring &&
    editsOf([
      added,
      ...hostname,
      ...(declaredVolumes(project).includes(name) ? [] : [{ file: declaring, step: declareStep([name]) }]),
    ]);
  const at = service.at;
  if (!edits)
    return {
      message,
      at,
      evidence,
      fix: { title, safety: 'manual', changes: [] },
      advice: `Its volumes stand where others share them: mount ${name}:${mount} there, and declare ${name} under the top-level volumes.`,
    };
  return { message, at, evidence, fix: { title, safety: 'review', changes: edits }, advice: moving(service) };
}

const moving = (service: Service): string =>
  `The new volume begins empty. If ${service.name} holds data that you need, dump them from the running container before, and load them afterwards.`;

/** `- /data` becomes `- name:/data`. */
function namedStep({ at, part }: Mount, name: string): { file: ComposeFile; step: ComposeStep } | undefined {
  const source = part.file.text.slice(at.start, at.end);
  const quote = /^["']/.test(source) ? 1 : 0;
  if (part.shared || !/^["']?\//.test(source)) return undefined;
  const start = at.start + quote;
  return { file: part.file, step: () => [{ path: part.file.path, start, end: start, text: `${name}:` }] };
}

function hostnameStep(service: Service): readonly { file: ComposeFile; step: ComposeStep }[] {
  const definition = service.definitions.find(({ overlay }) => !overlay);
  if (!definition || service.parts.has('hostname')) return [];
  return [
    {
      file: definition.file,
      step: (file) => insertEntries(file, definition.path, [`hostname: ${service.name}`], 'image'),
    },
  ];
}

function mistakenFinding(service: Service, directory: DataDirectory, wrong: Mount): Finding {
  const { mount } = directory;
  const name = wrong.source ?? '';
  const major = postgresVersion(service);
  const refused =
    mount === '/var/lib/postgresql' && storeOf(service)?.kind === 'postgres' && major !== undefined && major >= 18;
  const parent = mount.startsWith(`${wrong.target}/`);
  const message = refused
    ? `${service.name} mounts ${name} on ${wrong.target}, where the image looked for its data before version 18: it does not start like that.`
    : parent
      ? `${service.name} mounts ${name} on ${wrong.target}, but the image has a volume of its own on ${mount}: the data lie in that anonymous one, and are gone with the next "docker compose down".`
      : `${service.name} mounts ${name} on ${wrong.target}, but its data are in ${mount}: ${name} stays empty, and the data are gone with the next "docker compose down".`;
  const evidence: Evidence[] = [
    { at: service.image?.at ?? service.at, says: `this image keeps its data in ${mount}` },
    { at: wrong.at, says: `${name} is mounted on ${wrong.target}` },
  ];
  const title = `Mount ${name} on ${mount}`;
  const edit = wrong.part.shared ? undefined : targetEdit(wrong, mount);
  const changes: readonly Change[] = edit ? [edit] : [];
  const advice = refused
    ? `Data of an older version have to be taken over with pg_upgrade or a dump: https://hub.docker.com/_/postgres#pgdata.`
    : parent
      ? `${moving(service)} ${name} holds just the empty folder that the other volume was mounted on: remove it first (docker compose down, then docker volume rm), or the store refuses a folder that is not empty.`
      : moving(service);
  return {
    message,
    at: wrong.at,
    evidence,
    fix: { title, safety: edit ? 'review' : 'manual', changes },
    advice: edit ? advice : `Others share this list of volumes: mount ${name}:${mount} in one of its own. ${advice}`,
  };
}

/** The edit that puts another target into a mount. */
function targetEdit({ at, part, target }: Mount, mount: string): Edit | undefined {
  const source = part.file.text.slice(at.start, at.end);
  const match = new RegExp(`(?<=[:\\s"'])${target}/?(?=["':,\\s}]|$)`).exec(source);
  if (!match) return undefined;
  const start = at.start + match.index;
  return { path: at.path, start, end: start + match[0].length, text: mount };
}

/** `postgres:latest` is one version today and another tomorrow, with its data elsewhere. */
const isUnpinnedPostgres = (service: Service): boolean => {
  const store = storeOf(service);
  return (
    store?.kind === 'postgres' &&
    dataDirectoryOf(store) === 'unknown' &&
    /^(?:docker\.io\/)?(?:library\/)?postgres(?::(?:latest|alpine|bookworm|trixie))?$/.test(
      service.image?.text ?? '',
    ) &&
    !service.environment.has('PGDATA') &&
    service.mounts.length === 0 &&
    !service.parts.has('tmpfs') &&
    !service.parts.has('volumes_from') &&
    !service.definitions.some(
      ({ overlay, file, entry }) => overlay && /volumes/.test(file.text.slice(entry.at.start, entry.at.end)),
    )
  );
};

const unpinnedFinding = (service: Service): Finding => ({
  message: `${service.name} keeps its data in an anonymous volume, which "docker compose down" leaves behind: the next container begins with no data.`,
  at: service.image?.at ?? service.at,
  evidence: [
    { at: service.image?.at ?? service.at, says: 'the version of postgres is not pinned' },
    { at: service.at, says: `${service.name} mounts no volume` },
  ],
  fix: { title: `Keep the data of ${service.name} in a named volume`, safety: 'manual', changes: [] },
  advice:
    'Where the data lie depends on the version: pin it (postgres:17), then mount a named volume on /var/lib/postgresql/data; from postgres 18 on, on /var/lib/postgresql.',
});
