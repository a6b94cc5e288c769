import type { Change, Edit, Evidence } from '../../finding.ts';
import { eolOf } from '../../lines.ts';
import { insertEntries, replaceValue, textOf } from '../../parse/compose.ts';
import { execForm } from '../../parse/dockerfile.ts';
import { nameOf, relativeTo } from '../../repo/path.ts';
import { imageFamily } from '../image/base-image.ts';
import type { Image, ImageArgv } from '../image.ts';
import { peel } from '../program.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { canExec, execWords, listedCommand } from './exec-form.ts';
import { imageRuns } from './image-runs.ts';
import { isOneShot } from './start-script.ts';

/** The edits that make a container start through a script, or why they cannot be made. */
export type Wiring =
  | { readonly changes: readonly Change[]; readonly evidence: readonly Evidence[] }
  | { readonly manual: string };

/** Base images whose own ENTRYPOINT is known to be none, or one that can be left out. */
const PLAIN_BASES = /^(?:python|debian|ubuntu|alpine|node|buildpack-deps|pypy|uv)$/;

/** Copies the script into the image and makes it the entrypoint of one service. */
export function wireScript(stack: Stack, view: ServiceView, image: Image, script: string): Wiring {
  const target = targetOf(view, script);
  const argv = view.container.argv;
  if (target === undefined || argv === undefined)
    return { manual: `it cannot be told where the image of ${view.service.name} could keep ${nameOf(script)}` };
  const inherited = inheritedEntrypoint(view, image);
  if ('manual' in inherited) return inherited;
  const there = view.container.fileAt(target);
  const copies = there.kind === 'repo' ? [] : [copyInsertion(image, script, target)];
  const shared = usersOf(stack, view, image);
  const runs = imageRuns(stack, view);
  const composeSets = view.service.parts.has('entrypoint');
  const wired =
    composeSets || shared.length > 0 || runs.length > 0 || isBaseOfAnother(image)
      ? inCompose(view, image, target, inherited.words)
      : inDockerfile(view, image, target, inherited.words);
  if ('manual' in wired) return wired;
  return {
    changes: [...insertionEdits(image, [...copies, ...wired.insertions]), ...wired.edits],
    evidence: [
      ...shared.map((other) => ({
        at: other.service.at,
        says: `${other.service.name} runs the same image and must not do it too, so Compose sets the entrypoint for ${view.service.name} alone`,
      })),
      ...runs.slice(0, 1),
    ],
  };
}

/** Services that would start through the image's ENTRYPOINT as well. */
export function usersOf(stack: Stack, view: ServiceView, image: Image): readonly ServiceView[] {
  return stack.services
    .filter((other) => other !== view.service && !other.parts.has('entrypoint'))
    .map((other) => stack.view(other))
    .filter((other) => !isOneShot(other) && !isSameElsewhere(view, other))
    .filter((other) =>
      other.image?.layers.some(
        ({ instruction, dockerfile }) =>
          dockerfile.path === image.dockerfile.path && instruction.stage === image.stage.index,
      ),
    );
}

/** The same service in another Compose project (development and production files). */
const isSameElsewhere = (view: ServiceView, other: ServiceView): boolean =>
  other.service.project !== view.service.project &&
  other.service.name === view.service.name &&
  other.startup.main?.program.role === view.startup.main?.program.role;

const isBaseOfAnother = (image: Image): boolean =>
  image.dockerfile.stages.some(
    (stage) => stage.index > image.stage.index && image.stage.name !== undefined && stage.base === image.stage.name,
  );

/** Outside every mount, and not a file that the image has already. */
function targetOf(view: ServiceView, script: string): string | undefined {
  const names = [nameOf(script), `${view.service.name}-${nameOf(script)}`];
  return ['/usr/local/bin', '/opt']
    .flatMap((folder) => names.map((name) => `${folder}/${name}`))
    .find((path) => {
      if (view.container.mountOver(path)) return false;
      const there = view.container.fileAt(path);
      return there.kind !== 'repo' || there.path === script;
    });
}

/** The words that an image's own entrypoint puts before the command; Docker's official Node image guesses what to run. */
function inheritedEntrypoint(view: ServiceView, image: Image): { words: readonly string[] } | { manual: string } {
  const own = image.entrypoint;
  if (view.service.parts.has('entrypoint')) return { words: [] };
  if (own?.shell)
    return { manual: `the ENTRYPOINT of ${image.dockerfile.path} is in shell form and so takes no command` };
  if (own) return { words: own.words };
  const family = image.base === undefined ? '' : imageFamily(image.base);
  if (!PLAIN_BASES.test(family))
    return { manual: `the base image ${image.base ?? ''} may bring an entrypoint of its own`.replace('  ', ' ') };
  const first = view.container.argv?.words[0]?.text ?? '';
  return { words: family === 'node' && (/^-|\.[cm]?js$/.test(first) || first === '') ? ['docker-entrypoint.sh'] : [] };
}

/** The entrypoint with the script in it: behind wrappers such as `tini --`, in front of everything else. */
export function withScript(words: readonly string[], target: string): readonly string[] {
  const probe = [...words, 'x'];
  const at = probe.length - peel(probe).argv.length;
  return [...words.slice(0, at), target, ...words.slice(at)];
}

/** Lines to put in at an offset of the Dockerfile. */
interface Insertion {
  readonly offset: number;
  readonly line: string;
}

interface Wired {
  readonly insertions: readonly Insertion[];
  readonly edits: readonly Edit[];
}

const keyword = (image: Image, word: string): string => {
  const from = image.dockerfile.text.slice(image.stage.from.at.start, image.stage.from.at.start + 4);
  return from === 'from' ? word.toLowerCase() : word;
};

function copyInsertion(image: Image, script: string, target: string): Insertion {
  const context = image.build.context ?? '';
  const { instructions } = image.stage;
  const last =
    instructions.findLast(({ keyword: name }) => name === 'COPY' || name === 'ADD') ??
    instructions.findLast(
      ({ keyword: name }) => name === 'RUN' || name === 'WORKDIR' || name === 'ENV' || name === 'ARG',
    ) ??
    image.stage.from;
  const line = `${keyword(image, 'COPY')} --chmod=755 ${relativeTo(context, script)} ${target}`;
  return { offset: last.lines.end, line };
}

function inDockerfile(
  view: ServiceView,
  image: Image,
  target: string,
  inherited: readonly string[],
): Wired | { manual: string } {
  const { entrypoint, cmd, stage, dockerfile } = image;
  const words = withScript(inherited, target);
  const isOwn = (argv: ImageArgv | undefined): boolean =>
    argv !== undefined && argv.dockerfile === dockerfile && argv.instruction.stage === stage.index;
  const command = cmd && isOwn(cmd) && view.container.argv?.cmd?.image ? execEdit(cmd) : [];
  if (entrypoint && isOwn(entrypoint))
    return { insertions: [], edits: [{ ...entrypoint.instruction.args, text: execForm(words) }, ...command] };
  const own = stage.instructions.find(({ keyword: name }) => name === 'CMD');
  const end = stage.instructions.at(-1) ?? stage.from;
  const before = own?.comments[0];
  const offset = before ? lineStartOf(dockerfile.text, before.start) : (own?.lines.start ?? end.lines.end);
  const lines: Insertion[] = [{ offset, line: `${keyword(image, 'ENTRYPOINT')} ${execForm(words)}` }];
  // A new ENTRYPOINT drops the CMD that an earlier stage or image left: https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact
  if (cmd && !isOwn(cmd)) lines.push({ offset, line: `${keyword(image, 'CMD')} ${execForm(cmd.words)}` });
  return { insertions: lines, edits: command };
}

const lineStartOf = (text: string, offset: number): number => text.lastIndexOf('\n', offset - 1) + 1;

function execEdit(cmd: ImageArgv): readonly Edit[] {
  if (!cmd.shell) return [];
  const { args, script } = cmd.instruction;
  const words = execWords(script);
  if (words) return [{ ...args, text: execForm(words) }];
  return canExec(script) ? [{ path: args.path, start: args.start, end: args.start, text: 'exec ' }] : [];
}

function inCompose(
  view: ServiceView,
  image: Image,
  target: string,
  inherited: readonly string[],
): Wired | { manual: string } {
  const { service } = view;
  const manual = {
    manual: `the entrypoint of ${service.name} cannot be written into ${service.at.path} by a plain insertion`,
  };
  const list = (words: readonly string[]): string =>
    `[${words.map((word) => JSON.stringify(word.replaceAll('$', '$$$$'))).join(', ')}]`;
  const part = service.parts.get('entrypoint')?.at(-1);
  if (part && !part.shared) {
    const words =
      view.container.argv?.words.slice(0, view.container.argv.words.length - view.container.argv.command.length) ?? [];
    const texts =
      part.node.kind === 'seq' ? part.node.items.map(({ value }) => textOf(value) ?? '') : [textOf(part.node) ?? ''];
    if (texts.some((text) => text.includes('$'))) return manual;
    const edits = replaceValue(
      part.file,
      part.path,
      list(
        withScript(
          words.map(({ text }) => text),
          target,
        ),
      ),
    );
    return edits ? { insertions: [], edits } : manual;
  }
  if (part) return manual;
  const definition = service.definitions.find(
    ({ overlay, entry }) => !overlay && !entry.value.aliasAt && entry.value.kind === 'map',
  );
  if (definition?.entry.value.kind !== 'map') return manual;
  const lines = [`entrypoint: ${list(withScript(inherited, target))}`];
  // An entrypoint in Compose clears the image's CMD: https://docs.docker.com/reference/compose-file/services/#entrypoint
  if (!service.parts.has('command') && image.cmd) lines.push(`command: ${list(listedCommand(image.cmd))}`);
  const keys = definition.entry.value.own.map(({ key }) => String(key.value));
  const command = keys.indexOf('command');
  const after =
    command > 0
      ? keys[command - 1]
      : command === 0
        ? 'command'
        : keys.findLast((key) => key === 'build' || key === 'image');
  const usable = after === '<<' ? undefined : after;
  const edits =
    insertEntries(definition.file, definition.path, lines, usable) ??
    insertEntries(definition.file, definition.path, lines);
  return edits ? { insertions: [], edits } : manual;
}

/** Insertions as edits, those at one place joined; the last line of a file without newline gets one first. */
function insertionEdits(image: Image, insertions: readonly Insertion[]): readonly Edit[] {
  const { text, path } = image.dockerfile;
  const eol = eolOf(text);
  const offsets = [...new Set(insertions.map(({ offset }) => offset))];
  return offsets.map((offset) => {
    const lines = insertions.filter((each) => each.offset === offset).map(({ line }) => line);
    const open = offset > 0 && text[offset - 1] !== '\n';
    const joined = open ? lines.map((line) => eol + line).join('') : lines.map((line) => line + eol).join('');
    return { path, start: offset, end: offset, text: joined };
  });
}
