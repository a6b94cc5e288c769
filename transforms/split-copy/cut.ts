import type { ImageLayer } from '../../src/model/image/layer.ts';
import type { DockerInstruction } from '../../src/parse/dockerfile.ts';
import { firstLine } from './described.ts';
import type { RunParts } from './run.ts';

/** The RUN before the code and, when something of it needs the code, the RUN after it. */
export function runTexts(
  layer: ImageLayer,
  parts: RunParts,
): { readonly head: string; readonly tail: string | undefined } | { readonly why: string } {
  const { instruction, dockerfile } = layer;
  const source = dockerfile.text;
  const whole = source.slice(instruction.at.start, instruction.at.end);
  const last = parts.head.at(-1);
  const again = parts.installs.find(
    (install) => install.command === last && install.reading.kind === 'install' && install.reading.first !== undefined,
  );
  if (!last || (parts.tail.length === 0 && !again)) return { head: whole, tail: undefined };
  const from = again ? again.command : parts.tail[0];
  if (!from) return { head: whole, tail: undefined };
  const shared = [...parts.head, ...parts.tail];
  if (!again || parts.commands.length > 1) {
    if (
      instruction.exec ||
      instruction.heredocs.length > 0 ||
      !shared.every(({ plain }) => plain) ||
      !isAndList(source, shared)
    )
      return { why: 'its commands would have to be divided between two RUN instructions' };
  }
  const first =
    again?.reading.kind === 'install' ? again.reading.first?.(again.command.words, again.command.text) : undefined;
  const prefix = source.slice(instruction.at.start, instruction.args.start);
  const state = parts.head
    .filter((command) => command.state && command.at.end <= from.at.start)
    .map(({ text }) => `${text} && `);
  if (instruction.exec) return execTexts(instruction, prefix, whole, first);
  return {
    head: source.slice(instruction.at.start, again ? again.command.at.start : last.at.end) + (first ?? ''),
    tail: `${prefix}${state.join('')}${source.slice(from.at.start, instruction.at.end)}`,
  };
}

const execTexts = (
  instruction: DockerInstruction,
  prefix: string,
  whole: string,
  first: string | undefined,
): { readonly head: string; readonly tail: string | undefined } | { readonly why: string } =>
  first === undefined || /[$&|;<>'"]/.test(first)
    ? { why: `\`${firstLine(instruction)}\` is in exec form` }
    : {
        head: `${prefix}[${first
          .split(' ')
          .map((word) => JSON.stringify(word))
          .join(', ')}]`,
        tail: whole,
      };

/** Only `&&` (and line continuations) stands between the commands. */
const isAndList = (
  source: string,
  commands: readonly { readonly at: { readonly start: number; readonly end: number } }[],
): boolean =>
  commands.every((command, index) => {
    const next = commands[index + 1];
    return !next || /^(?:\s|\\|#[^\n]*\n)*&&(?:\s|\\|#[^\n]*\n)*$/.test(source.slice(command.at.end, next.at.start));
  });
