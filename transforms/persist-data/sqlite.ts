import type { Change, Evidence, Finding } from '../../src/finding.ts';
import { eolOf } from '../../src/lines.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import { stepsFor } from '../../src/model/env/environment-edit.ts';
import { ownsFolder } from '../../src/model/image/folder-owner.ts';
import { isRoot } from '../../src/model/image/user-home.ts';
import type { Mount, Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { sqliteFilesOf } from '../../src/model/store/sqlite-files.ts';
import type { ComposeFile } from '../../src/parse/compose.ts';
import type { ComposeStep } from '../../src/parse/compose-sequence.ts';
import { folderOf, nameOf, within } from '../../src/repo/path.ts';
import { listed } from '../../src/words.ts';
import { type Database, databasesOf } from './databases.ts';
import { declaredVolumes, declareStep, declaringFile, editsOf, mountStep, volumeNameFor } from './volumes.ts';

/** SQLite files that go away with their container; services that share one get the same volume. */
export function* sqliteFindings(stack: Stack, project: ComposeProject): Iterable<Finding> {
  const groups = new Map<string, Database[]>();
  for (const service of stack.services.filter((each) => each.project === project))
    for (const found of databasesOf(stack, service)) {
      // Two codebases that call their file alike have two files.
      const context = stack.view(service).image?.build.context;
      const key = `${found.variable}\0${found.files[0]}\0${context}`;
      groups.set(key, [...(groups.get(key) ?? []), found]);
    }
  for (const all of groups.values()) {
    const group = all.filter(({ opens }) => opens === 'yes');
    const others = all.filter(({ opens }) => opens !== 'yes');
    if (group.length > 0 && !all.some(({ service }) => isInOverlay(service)))
      yield findingOf(stack, project, group, others);
  }
}

/** An overlay may mount what is missing here. */
const isInOverlay = (service: Service): boolean =>
  service.definitions.some(
    ({ overlay, file, entry }) => overlay && /\bvolumes\b/.test(file.text.slice(entry.at.start, entry.at.end)),
  );

/** `others` get the name of the file and do not open it, as far as anybody knows: a new name is theirs as well, a volume is not. */
function findingOf(
  stack: Stack,
  project: ComposeProject,
  group: readonly Database[],
  others: readonly Database[],
): Finding {
  const [first] = group;
  if (!first) throw new Error('a group of databases has one at least');
  const [file = ''] = first.files;
  const services = group.map(({ service }) => service);
  const names = listed(services.map(({ name }) => name));
  const home = homeOf(stack, project, first);
  const own = `${services.length > 1 ? ', each its own' : ''}${home ? `, and ${home.service.name} has another one in the volume ${home.volume}` : ''}`;
  const message = `${names} ${services.length > 1 ? 'keep' : 'keeps'} an SQLite database (${file}) in the container itself${own}: the next container begins with no data.`;
  const evidence = group.flatMap((each) => each.evidence);
  const plan = planFor(stack, group, home);
  const title = plan
    ? `Keep ${nameOf(file)} in a named volume on ${plan.folder}`
    : `Keep ${nameOf(file)} in a named volume`;
  const isSafe = !plan?.moves || others.every(({ opens }) => opens === 'no');
  const changes = plan && isSafe ? changesFor(stack, project, group, others, plan) : undefined;
  if (!plan || !changes)
    return {
      message,
      at: first.evidence[0]?.at ?? first.service.at,
      evidence,
      fix: { title, safety: 'manual', changes: [] },
      advice: `Give the file a folder of its own that the process may write to (/app/data), set ${first.variable} to it, and mount a named volume there. ${saving(first, undefined)}`,
    };
  return {
    message,
    at: first.evidence[0]?.at ?? first.service.at,
    evidence: [...evidence, ...plan.evidence],
    fix: { title, safety: 'review', changes },
    advice: home
      ? `What ${names} wrote so far is in no other place: if it is needed, take it out before the container is replaced (docker compose cp ${first.service.name}:${file} ./${nameOf(file)}).`
      : saving(first, plan),
  };
}

/** The volume in which another service of the same code keeps the same file. */
interface Home {
  readonly service: Service;
  readonly volume: string;
  readonly mount: Mount;
}

function homeOf(stack: Stack, project: ComposeProject, { service, files }: Database): Home | undefined {
  const context = stack.view(service).image?.build.context;
  const [file, ...unsure] = files;
  if (context === undefined || file === undefined || unsure.length > 0) return undefined;
  for (const other of stack.services) {
    const view = stack.view(other);
    if (other === service || other.project !== project || view.image?.build.context !== context) continue;
    const mount = view.container.mountOver(file);
    const names = sqliteFilesOf(stack, view).some((each) => each.files.length === 1 && each.files[0] === file);
    if (names && mount?.kind === 'volume' && mount.source !== undefined && !mount.readOnly)
      return { service: other, volume: mount.source, mount };
  }
  return undefined;
}

const saving = ({ service, files: [file = ''] }: Database, plan: Plan | undefined): string => {
  const out = `To keep the present data, copy them before the container is replaced: docker compose cp ${service.name}:${file} ./${nameOf(file)}`;
  return plan
    ? `${out}, and back afterwards: docker compose cp ./${nameOf(file)} ${service.name}:${plan.file}`
    : `${out}.`;
};

interface Plan {
  readonly folder: string;
  /** The volume that is there for it already. */
  readonly volume: string | undefined;
  readonly file: string;
  /** The path that the variable names has to change. */
  readonly moves: boolean;
  readonly dockerfile: readonly Change[];
  readonly evidence: readonly Evidence[];
}

/** Steps of a build that may write the database into the image: a volume elsewhere would begin without it. */
const FILLS = /\b(?:migrate|upgrade|init[_-]?db|create_all|createdb|seed|loaddata|sqlite3)\b/;

function planFor(stack: Stack, group: readonly Database[], home: Home | undefined): Plan | undefined {
  const [first] = group;
  if (!first) return undefined;
  const views = group.map(({ service }) => stack.view(service));
  const images = views.flatMap(({ image }) => image ?? []);
  const filled = images.some(({ layers }) =>
    layers.some(({ instruction }) => instruction.keyword === 'RUN' && FILLS.test(instruction.script)),
  );
  if (filled || images.length !== group.length) return undefined;
  const [file = ''] = first.files;
  const workdir = views[0]?.container.workdir ?? '/';
  const free = (folder: string): boolean =>
    images.every((image) =>
      stack.repo.paths.every((path) => image.placesOf(path).every((place) => within(folder, place) === undefined)),
    ) && views.every(({ container }) => container.mountOver(folder) === undefined);
  const own = folderOf(file);
  const isOwn = first.files.length === 1 && isDedicated(own, workdir) && free(own);
  if (home) {
    const { target, at } = home.mount;
    const prepared = free(target) ? preparedIn(stack, group, target) : undefined;
    const says = `${home.service.name} keeps it in the volume ${home.volume}`;
    return (
      prepared && {
        folder: target,
        volume: home.volume,
        file,
        moves: false,
        dockerfile: prepared,
        evidence: [{ at, says }],
      }
    );
  }
  const folder = isOwn ? own : [workdir === '/' ? '/data' : `${workdir}/data`, '/data'].find(free);
  if (folder === undefined) return undefined;
  const prepared = preparedIn(stack, group, folder);
  const says = isOwn
    ? `nothing of the image lies in ${folder}, so a volume hides nothing there`
    : `a volume on ${own} would hide the code; ${folder} holds nothing`;
  const from = images[0]?.stage.from.at ?? first.service.at;
  return (
    prepared && {
      folder,
      volume: undefined,
      file: `${folder}/${nameOf(file)}`,
      moves: !isOwn,
      dockerfile: prepared,
      evidence: [{ at: from, says }],
    }
  );
}

/** A folder that can be there for the data alone: not the working directory, nothing above it, no folder of the system. */
const isDedicated = (folder: string, workdir: string): boolean =>
  within(folder, workdir) === undefined &&
  !/^\/(?:usr|etc|bin|sbin|lib|lib64|opt|root|home|var|srv|run|proc|sys|dev|tmp|mnt|media|app|code|src)?(?:\/(?:lib|local|src|log|cache|share|bin))*$/.test(
    folder,
  ) &&
  !/^\/home\/[^/]+$/.test(folder);

/**
 * What the Dockerfile needs so that the process may write to a new volume: it takes the owner of the folder that the image has
 * there, else root. https://docs.docker.com/engine/storage/volumes/#populate-a-volume-using-a-container
 */
function preparedIn(stack: Stack, group: readonly Database[], folder: string): readonly Change[] | undefined {
  const changes = new Map<string, Change>();
  for (const { service } of group) {
    const { image } = stack.view(service);
    if (!image || service.parts.has('user')) return undefined;
    const { user, layers, dockerfile, stage } = image;
    if (isRoot(user) || ownsFolder(image, folder)) continue;
    const layer = layers.findLast(({ instruction }) => instruction.keyword === 'USER');
    const isOwn = layer?.dockerfile === dockerfile && layer.instruction.stage === stage.index;
    if (!layer || !isOwn || !isRoot(layer.user) || !/^[\w.-]+(?::[\w.-]+)?$/.test(user ?? '')) return undefined;
    const [comment] = layer.instruction.comments;
    const start = comment?.start ?? layer.instruction.lines.start;
    const eol = eolOf(dockerfile.text);
    const text = `RUN mkdir -p ${folder} && chown ${user} ${folder}${eol}`;
    changes.set(`${dockerfile.path}:${start}`, { path: dockerfile.path, start, end: start, text });
  }
  return [...changes.values()];
}

function changesFor(
  stack: Stack,
  project: ComposeProject,
  group: readonly Database[],
  others: readonly Database[],
  plan: Plan,
): readonly Change[] | undefined {
  const [first] = group;
  if (!first) return undefined;
  const volume = plan.volume ?? volumeNameFor(stack, project, first.service);
  const steps: { readonly file: ComposeFile; readonly step: ComposeStep }[] = [];
  if (plan.moves) {
    const places = new Map(
      [...group, ...others].flatMap(({ written }) =>
        written ? [[`${written.path}:${written.start}`, written] as const] : [],
      ),
    );
    for (const at of [...places.values()].sort((a, b) => b.start - a.start)) {
      const file = stack.sources.compose(at.path);
      const offset = file?.text.slice(at.start, at.end).indexOf(first.text) ?? -1;
      // A value that is put together from `${…}` is written somewhere else.
      if (!file || offset < 0) return undefined;
      const start = at.start + offset;
      const edit = { path: at.path, start, end: start + first.text.length, text: first.movedTo(plan.file) };
      steps.push({ file, step: () => [edit] });
    }
    const added = stepsFor(
      new Map(
        group
          .filter(({ written }) => !written)
          .map((each) => [each.service, [{ name: each.variable, value: each.movedTo(plan.file) }]]),
      ),
    );
    if (!added) return undefined;
    for (const [file, each] of added) steps.push(...each.map((step) => ({ file, step })));
  }
  for (const { service } of group) {
    const mount = mountStep(service, `${volume}:${plan.folder}`);
    if (!mount) return undefined;
    steps.push(mount);
  }
  const last = steps.at(-1);
  if (!last) return undefined;
  if (!declaredVolumes(project).includes(volume))
    steps.push({ file: declaringFile(project, last.file), step: declareStep([volume]) });
  const edits = editsOf(steps);
  return edits && [...edits, ...plan.dockerfile];
}
