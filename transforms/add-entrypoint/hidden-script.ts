import type { Change, Edit, Finding } from '../../src/finding.ts';
import { usersOf } from '../../src/model/entrypoint/wiring.ts';
import type { Image, ImageArgv } from '../../src/model/image.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { replaceValue, textOf } from '../../src/parse/compose.ts';
import { copyOf, execForm } from '../../src/parse/dockerfile.ts';
import { joinContainer, nameOf, relativeTo, within } from '../../src/repo/path.ts';

/** Start scripts that the image holds but a bind mount of Compose covers. */
export function* hiddenScripts(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    const view = stack.view(service);
    const finding = view.image ? hiddenScript(stack, view, view.image) : undefined;
    if (finding) yield finding;
  }
}

function hiddenScript(stack: Stack, view: ServiceView, image: Image): Finding | undefined {
  const { container, service } = view;
  const word = container.argv?.words.slice(0, 4).find(({ text }) => /\.sh$|entrypoint/.test(text));
  if (!word?.text.includes('/') && !/\.sh$/.test(word?.text ?? '')) return undefined;
  const path = joinContainer(container.workdir ?? '/', word?.text ?? '');
  const mount = container.mountOver(path);
  const inImage = image.fileAt(path);
  if (!word || mount?.kind !== 'bind' || mount.source === undefined || inImage.kind !== 'repo') return undefined;
  if (container.fileAt(path).kind !== 'absent') return undefined;
  const target = `/usr/local/bin/${nameOf(inImage.path)}`;
  const finding = {
    message: `The mount on ${mount.target} hides ${path}, so ${service.name} dies with "${word.text}: no such file or directory" although its image holds the script.`,
    at: word.at,
    evidence: [
      { at: word.at, says: `${service.name} starts ${path}` },
      { at: inImage.at, says: `the image has it from ${inImage.path}` },
      { at: mount.at, says: `${mount.source || 'the repository'} is mounted over it and holds no such file` },
    ],
  };
  const title = `Keep ${nameOf(inImage.path)} at ${target}, outside the mount`;
  const moved =
    container.mountOver(target) || usersOf(stack, view, image).some((other) => other.container.mountOver(target))
      ? undefined
      : moveScript(view, image, path, inImage.path, target);
  if (moved) return { ...finding, fix: { title, safety: 'review', changes: moved } };
  return {
    ...finding,
    fix: { title, safety: 'manual', changes: [] },
    advice: `Copy ${inImage.path} to ${target} with COPY --chmod=755 and start it from there.`,
  };
}

/** Every place that names the old path, changed to the new one; a COPY of a whole folder gets a COPY of the script behind it. */
function moveScript(
  view: ServiceView,
  image: Image,
  path: string,
  source: string,
  target: string,
): readonly Change[] | undefined {
  const edits: Edit[] = [];
  let copied = false;
  for (const { instruction, dockerfile, workdir, context } of image.layers) {
    if (dockerfile !== image.dockerfile) continue;
    const copy = copyOf(instruction);
    if (copy && copy.from === undefined && context !== undefined) {
      const only = copy.sources.length === 1 ? joinContainer('/', copy.sources[0]?.text ?? '').slice(1) : undefined;
      const exact = only !== undefined && [context, only].filter(Boolean).join('/') === source;
      if (!exact) continue;
      edits.push({ ...copy.destination.at, text: instruction.exec ? JSON.stringify(target) : target });
      if (!instruction.flags.some(({ name }) => name === 'chmod')) {
        const at = instruction.at.start + instruction.keyword.length;
        edits.push({ path: dockerfile.path, start: at, end: at, text: ' --chmod=755' });
      }
      copied = true;
    }
    if (instruction.keyword === 'RUN' && instruction.script.includes(nameOf(path))) {
      const found = [...instruction.script.matchAll(/[^\s"';&|]+/g)].filter(
        (match) => joinContainer(workdir, match[0]) === path,
      );
      for (const match of found) {
        const start = instruction.scriptOffset(match.index);
        edits.push({
          path: dockerfile.path,
          start,
          end: instruction.scriptOffset(match.index + match[0].length - 1) + 1,
          text: target,
        });
      }
    }
  }
  const started = startEdits(view, image, path, target);
  if (!started) return undefined;
  if (!copied) {
    const context = image.build.context;
    const last = image.stage.instructions.findLast(({ keyword }) => keyword === 'COPY' || keyword === 'ADD');
    if (
      context === undefined ||
      within(context, source) === undefined ||
      !last ||
      image.dockerfile.text[last.lines.end - 1] !== '\n'
    )
      return undefined;
    const line = `COPY --chmod=755 ${relativeTo(context, source)} ${target}${image.dockerfile.text.includes('\r\n') ? '\r\n' : '\n'}`;
    edits.push({ path: image.dockerfile.path, start: last.lines.end, end: last.lines.end, text: line });
  }
  return [...edits, ...started];
}

/** ENTRYPOINT, CMD and Compose's own words that start the script. */
function startEdits(view: ServiceView, image: Image, path: string, target: string): readonly Edit[] | undefined {
  const workdir = view.container.workdir ?? '/';
  const edits: Edit[] = [];
  const change = (words: readonly string[]): readonly string[] =>
    words.map((text) => (/\.sh$|\//.test(text) && joinContainer(workdir, text) === path ? target : text));
  for (const argv of [image.entrypoint, image.cmd].filter((each): each is ImageArgv => each !== undefined)) {
    const next = change(argv.words);
    if (next.every((text, index) => text === argv.words[index])) continue;
    if (argv.shell || argv.dockerfile !== image.dockerfile) return undefined;
    edits.push({ ...argv.instruction.args, text: execForm(next) });
  }
  for (const key of ['entrypoint', 'command']) {
    const part = view.service.parts.get(key)?.at(-1);
    if (!part) continue;
    const items =
      part.node.kind === 'seq'
        ? part.node.items.map(({ value }) => textOf(value) ?? '')
        : (textOf(part.node) ?? '').split(' ');
    const next = change(items);
    if (next.every((text, index) => text === items[index])) continue;
    const index = next.findIndex((text, at) => text !== items[at]);
    const made =
      part.node.kind === 'seq'
        ? replaceValue(part.file, part.path, `[${next.map((text) => JSON.stringify(text)).join(', ')}]`)
        : replaceValue(part.file, part.path, next.join(' '));
    if (!made || part.shared || index < 0) return undefined;
    edits.push(...made);
  }
  return edits.length > 0 ? edits : undefined;
}
