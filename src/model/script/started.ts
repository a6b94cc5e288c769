import type { Span } from '../../finding.ts';
import { textOf, valueAt } from '../../parse/compose.ts';
import { readShell } from '../../parse/shell.ts';
import { joinContainer, nameOf, within } from '../../repo/path.ts';
import type { ArgvWord } from '../container.ts';
import { imageFamily } from '../image/base-image.ts';
import type { ImageLayer } from '../image/layer.ts';
import { runCommands } from '../image/run-commands.ts';
import { homeOf } from '../image/user-home.ts';
import type { Image } from '../image.ts';
import { loneViews } from '../lone-build.ts';
import { scriptAt } from '../process.ts';
import type { Mount } from '../service.ts';
import type { ServiceView, Stack } from '../stack.ts';

/**
 * Who starts a script: `kernel`: Docker executes it, so it needs `#!`; `shell`: another script or a shell form executes it;
 * `interpreter`: `sh script`; `sourced`: it is read by another one.
 */
export type StartedBy = 'kernel' | 'shell' | 'interpreter' | 'sourced';

/** A shell script of the repository that a container or a build starts. */
export interface StartedScript {
  /** Repository path. */
  readonly path: string;
  readonly containerPath: string;
  /** Where it is called. */
  readonly at: Span;
  readonly by: StartedBy;
  /** `sh` of `sh script`. */
  readonly interpreter: ArgvWord | undefined;
  /** Who is hurt when it fails, in words: `web`, `the healthcheck of web`, `the build of Dockerfile`. */
  readonly owner: string;
  readonly view: ServiceView | undefined;
  readonly image: Image | undefined;
  /** The layers that it meets. */
  readonly layers: readonly ImageLayer[];
  /** The COPY that brings it. */
  readonly copiedAt: Span | undefined;
  /** The mount that brings it. */
  readonly mount: Mount | undefined;
}

/** Every script that the containers and builds of a repository start, service by service, then build by build. */
export function startedScripts(stack: Stack): readonly StartedScript[] {
  const views = [...stack.services.map((service) => stack.view(service)), ...loneViews(stack)];
  const images = new Map(views.flatMap(({ image }) => (image ? [[imageKey(image), image] as const] : [])));
  return [
    ...views.flatMap((view) => [...atStart(stack, view), ...inHealthcheck(stack, view), ...inInitFolder(stack, view)]),
    ...[...images.values()].flatMap((image) => stagesOf(image).flatMap((stage) => inBuild(stack, stage))),
  ];
}

const imageKey = ({ dockerfile, build, stage }: Image): string =>
  [dockerfile.path, build.context, stage.index].join('\0');

const stagesOf = (image: Image): readonly Image[] => [
  ...image.dockerfile.stages
    .filter(({ index }) => index < image.stage.index)
    .flatMap(({ index }) => image.earlierStage(String(index)) ?? []),
  image,
];

type Call = Pick<StartedScript, 'path' | 'containerPath' | 'at' | 'by' | 'interpreter' | 'owner'>;

function seenIn(view: ServiceView, call: Call): StartedScript {
  const { image, container } = view;
  const mount = container.mountOver(call.containerPath);
  const there = image?.fileAt(call.containerPath);
  const copiedAt = there?.kind === 'repo' ? there.at : undefined;
  return { ...call, view, image, layers: image?.layers ?? [], copiedAt, mount };
}

function atStart(stack: Stack, view: ServiceView): readonly StartedScript[] {
  if (view.store) return [];
  const owner = view.service.name;
  return view.startup.scripts.flatMap((script, index) => {
    const first = view.container.argv?.words[0]?.text;
    const own = index === 0 && first !== undefined && nameOf(first) === nameOf(script.containerPath);
    const by: StartedBy = script.interpreter ? 'interpreter' : own ? 'kernel' : 'shell';
    return [seenIn(view, { ...script, by, owner }), ...sourcedBy(stack, view, script.path, owner)];
  });
}

/** `. ./lib.sh` and `source /app/lib.sh` of a script. */
function sourcedBy(stack: Stack, view: ServiceView, script: string, owner: string): readonly StartedScript[] {
  const { container } = view;
  const commands = stack.sources.shell(script)?.commands ?? [];
  return commands.flatMap(({ words: [name, file], at }) => {
    if (!/^(?:\.|source)$/.test(name?.text ?? '') || !file?.literal || !file.text.includes('/')) return [];
    const found = scriptAt(stack.repo, container.fileAt, container.workdir, file.text, true);
    return found ? [seenIn(view, { ...found, at, by: 'sourced', interpreter: undefined, owner })] : [];
  });
}

function inHealthcheck(stack: Stack, view: ServiceView): readonly StartedScript[] {
  const owner = `the healthcheck of ${view.service.name}`;
  const { container } = view;
  const find = (words: readonly string[], at: Span, first: 'kernel' | 'shell'): readonly StartedScript[] => {
    const [name = ''] = words;
    const shell = /^(?:ba|da|a)?sh$/.test(nameOf(name)) ? name : undefined;
    const word = shell ? words.slice(1).find((each) => !each.startsWith('-')) : name;
    if (!word || (shell && words.some((each) => /^-\w*c/.test(each)))) return [];
    const found = scriptAt(stack.repo, container.fileAt, container.workdir, word, shell !== undefined);
    if (!found) return [];
    const interpreter = shell === undefined ? undefined : { text: shell, at };
    return [seenIn(view, { ...found, at, by: shell ? 'interpreter' : first, interpreter, owner })];
  };
  const inText = (text: string, at: Span): readonly StartedScript[] =>
    readShell(at.path, text).commands.flatMap(({ words }) =>
      find(
        words.map((word) => word.text),
        at,
        'shell',
      ),
    );
  const test = view.service.healthcheck ? valueAt(view.service.healthcheck.node, 'test') : undefined;
  if (test?.kind === 'seq') {
    const [mode, ...words] = test.items.map(({ value }) => textOf(value) ?? '');
    return mode === 'CMD'
      ? find(words, test.at, 'kernel')
      : mode === 'CMD-SHELL'
        ? inText(words[0] ?? '', test.at)
        : [];
  }
  const text = test && textOf(test);
  if (test && text !== undefined) return inText(text, test.at);
  const check = view.service.healthcheck
    ? undefined
    : view.image?.layers.findLast(({ instruction }) => instruction.keyword === 'HEALTHCHECK')?.instruction;
  if (!check) return [];
  return check.exec ? find(check.exec, check.at, 'kernel') : inText(check.script, check.at);
}

const INIT_FOLDER = '/docker-entrypoint-initdb.d';
/** The official images of these run `*.sh` of that folder: https://hub.docker.com/_/postgres#initialization-scripts */
const INITIALISES = /^(?:postgres|postgis|pgvector|timescaledb|mysql|mariadb|mongo)$/;

function inInitFolder(stack: Stack, view: ServiceView): readonly StartedScript[] {
  const { service, image } = view;
  const base = image ? image.base : service.image?.text;
  if (base === undefined || !INITIALISES.test(imageFamily(base))) return [];
  const owner = service.name;
  const call = (path: string, containerPath: string, at: Span): StartedScript =>
    seenIn(view, { path, containerPath, at, by: 'sourced', interpreter: undefined, owner });
  const mounted = service.mounts.flatMap((mount) => {
    const { source } = mount;
    if (mount.kind !== 'bind' || source === undefined || within(INIT_FOLDER, mount.target) === undefined) return [];
    if (stack.repo.has(source)) return mount.target.endsWith('.sh') ? [call(source, mount.target, mount.at)] : [];
    return stack.repo.paths
      .filter((path) => /^[^/]+\.sh$/.test(within(source, path) ?? ''))
      .map((path) => call(path, joinContainer(mount.target, nameOf(path)), mount.at));
  });
  const copied = stack.repo.paths
    .filter((path) => image !== undefined && path.endsWith('.sh'))
    .flatMap((path) =>
      (image?.placesOf(path) ?? []).flatMap((place) => {
        const there = image?.fileAt(place);
        return within(INIT_FOLDER, place) !== undefined && there?.kind === 'repo' ? [call(path, place, there.at)] : [];
      }),
    );
  return [...mounted, ...copied];
}

/** `RUN ./setup.sh` and `RUN sh setup.sh` of one stage. */
function inBuild(stack: Stack, image: Image): readonly StartedScript[] {
  const owner = `the build of ${image.dockerfile.path}`;
  return image.layers.flatMap((layer, index) => {
    const { instruction, dockerfile } = layer;
    if (instruction.keyword !== 'RUN' || dockerfile !== image.dockerfile || instruction.stage !== image.stage.index)
      return [];
    const layers = image.layers.slice(0, index + 1);
    const fileAt = (path: string) => image.fileBefore(index, path);
    return (runCommands(layer, homeOf(layers, layer.user)) ?? []).flatMap(({ program, words, cwd, at }) => {
      const shell = /^(?:ba|da|a)?sh$/.test(nameOf(program)) ? program : undefined;
      const args = words.slice(1);
      if (shell && args.some((word) => word === undefined || /^-\w*c/.test(word))) return [];
      const word = shell ? args.find((each) => !each?.startsWith('-')) : program;
      if (word === undefined || (!shell && !word.includes('/'))) return [];
      const found = scriptAt(stack.repo, fileAt, cwd, word, shell !== undefined);
      if (!found) return [];
      const by: StartedBy = shell ? 'interpreter' : instruction.exec ? 'kernel' : 'shell';
      const interpreter = shell === undefined ? undefined : { text: shell, at };
      const there = fileAt(found.containerPath);
      const copiedAt = there.kind === 'repo' ? there.at : undefined;
      return [{ ...found, at, by, interpreter, owner, view: undefined, image, layers, copiedAt, mount: undefined }];
    });
  });
}
