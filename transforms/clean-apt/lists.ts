import type { Edit, Finding } from '../../src/finding.ts';
import { eolOf, indentAt } from '../../src/lines.ts';
import { aptCommands, isCertain } from '../../src/model/image/apt.ts';
import type { Image } from '../../src/model/image.ts';
import type { DockerInstruction } from '../../src/parse/dockerfile.ts';
import { isMounted, readsLists, type Scene } from './scene.ts';

const REMOVAL = 'rm -rf /var/lib/apt/lists/*';

/** A layer that fetches the package lists, uses them, and keeps them. */
export function* keptLists(scene: Scene): Iterable<Finding> {
  const { instruction, script, images } = scene;
  const apt = aptCommands(script);
  const update = apt.find(({ verb }) => verb?.text === 'update');
  const installs = apt.filter(({ verb }) => verb?.text === 'install');
  const certain = apt.every(({ command }) => isCertain(command));
  if (!update || installs.length === 0 || !certain || isMounted(instruction)) return;
  if (/\/var\/lib\/apt|\/var\/lib\/?(?=[\s;&|]|$)/.test(instruction.script)) return;
  const reader = later(scene).find((each) => readsLists(scene, each));
  const edit = reader ? undefined : removal(scene, update.sudo);
  if (!edit) return;
  yield {
    message:
      'This layer keeps the package lists that `apt-get update` fetched, so the image is tens of megabytes larger than it has to be',
    at: instruction.at,
    evidence: [
      { at: update.command.at, says: 'the lists are fetched here' },
      {
        at: instruction.at,
        says: 'nothing in this instruction removes them; a later one cannot make this layer smaller',
      },
      ...images.slice(-1).map(({ stage }) => ({
        at: stage.from.at,
        says: 'no later instruction installs without fetching lists of its own',
      })),
    ],
    fix: { title: 'Remove the package lists in the layer that fetched them', safety: 'safe', changes: [edit] },
  };
}

/** Instructions that build on this layer: those below it, those of stages over it, and of images built over this one. */
function later({ images, image, instruction, stack, dockerfile }: Scene): readonly DockerInstruction[] {
  const below = image.stage.instructions.filter(({ at }) => at.start > instruction.at.start);
  const includes = (other: Image): boolean => other.layers.some((layer) => layer.instruction === instruction);
  const over = images.filter((other) => other !== image && includes(other)).flatMap(({ stage }) => stage.instructions);
  const names = new Set(
    stack.services.flatMap((service) =>
      service.build?.dockerfile === dockerfile.path && service.image ? [service.image.text] : [],
    ),
  );
  const elsewhere = stack.dockerfiles.flatMap((path) => {
    const other = stack.sources.dockerfile(path);
    return other?.stages.some(({ base }) => names.has(base)) ? other.instructions : [];
  });
  return [...below, ...over, ...elsewhere];
}

/** Adds the removal behind the last command, in the style of the RUN; `undefined` when its end is not plain. */
function removal({ instruction, script, dockerfile }: Scene, sudo: boolean): Edit | undefined {
  const { text, path } = dockerfile;
  const last = script.commands.at(-1);
  if (!last || last.background) return undefined;
  const outer = last.within[0];
  const end = Math.max(last.at.end, outer?.at.end ?? 0);
  const own = text.slice(instruction.at.start, instruction.at.end);
  const command = sudo ? `sudo ${REMOVAL}` : REMOVAL;
  const insert = (at: number, added: string): Edit => ({ path, start: at, end: at, text: added });
  const [heredoc] = instruction.heredocs;
  if (heredoc) {
    const isBody = instruction.script === text.slice(heredoc.body.start, heredoc.body.end);
    if (!isBody || instruction.heredocs.length > 1 || /^\s*#!/.test(instruction.script)) return undefined;
    if (!/^\s*$/.test(text.slice(end, heredoc.body.end))) return undefined;
    const stops = /^\s*set -[a-z]*e/.test(instruction.script);
    return insert(end, stops ? `${eolOf(text)}${indentAt(text, last.at.start)}${command}` : ` && ${command}`);
  }
  if (!/^[ \t]*$/.test(text.slice(end, instruction.at.end))) return undefined;
  const eol = eolOf(text);
  const isOneLine = !own.includes('\n');
  const lastLine = indentAt(text, end - 1);
  const leading = [...own.matchAll(/\n([ \t]*)&&/g)].at(-1)?.[1];
  const indent = isOneLine ? '    ' : (leading ?? (lastLine === '' ? '    ' : lastLine));
  const stops = /^\s*set -[a-z]*e/.test(instruction.script) && last.joinedBy === ';' && last.within.length === 0;
  if (stops && /;[ \t]*\\\r?\n/.test(own)) return insert(end, `; \\${eol}${indent}${command}`);
  const isTrailing = leading === undefined && /&&[ \t]*\\\r?\n/.test(own);
  return insert(
    end,
    isTrailing ? ` && \\${eol}${indentAt(text, last.at.start) || '    '}${command}` : ` \\${eol}${indent}&& ${command}`,
  );
}
