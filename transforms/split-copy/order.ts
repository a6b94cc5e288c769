import type { Span } from '../../src/finding.ts';
import { eolOf, lineStart } from '../../src/lines.ts';
import type { DockerInstruction } from '../../src/parse/dockerfile.ts';

/** An instruction with the comments above it. */
export interface Block {
  readonly instruction: DockerInstruction;
  /** Comments (attached or in the gap before it) and whole lines, without the last newline. */
  readonly text: string;
  /** Where `instruction` starts in `text`. */
  readonly offset: number;
  /** Blank lines before it. */
  readonly gap: string;
  /** The newline behind it; empty at the end of a file that has none there. */
  readonly end: string;
}

/** The instructions of a region as blocks, and the region's span: whole lines. */
export function blocksOf(
  path: string,
  text: string,
  instructions: readonly DockerInstruction[],
): { readonly blocks: readonly Block[]; readonly at: Span } {
  const blocks: Block[] = [];
  const first = instructions[0];
  const start = first ? lineStart(text, first.comments[0]?.start ?? first.at.start) : 0;
  let from = start;
  for (const instruction of instructions) {
    const end = instruction.at.end + (/^[ \t]*/.exec(text.slice(instruction.at.end))?.[0].length ?? 0);
    const lead = text.slice(from, instruction.at.start);
    const gap = /^(?:[ \t]*\r?\n)*/.exec(lead)?.[0] ?? '';
    const newline = /^\r?\n/.exec(text.slice(end, end + 2))?.[0] ?? '';
    const block = text.slice(from + gap.length, end);
    blocks.push({ instruction, gap, text: block, offset: lead.length - gap.length, end: newline });
    from = end + newline.length;
  }
  return { blocks, at: { path, start, end: from } };
}

/** What is written in place of a RUN: new lines above it (below its comment), its own text, and a RUN that follows the code. */
export interface Rewritten {
  readonly above: readonly string[];
  readonly head: string;
  readonly tail: string | undefined;
}

/**
 * The region with `moved` blocks below its last one. Every block keeps its comments and the blank lines before it,
 * except that the first moved one trades places (and blank lines) with what now comes first.
 */
export function reordered(
  text: string,
  blocks: readonly Block[],
  moved: ReadonlySet<DockerInstruction>,
  rewritten: Rewritten,
): string {
  const eol = eolOf(text);
  const install = blocks.at(-1);
  if (!install) return '';
  const indent = /[^\r\n]*$/.exec(install.text.slice(0, install.offset))?.[0] ?? '';
  const rest = install.text.slice(install.offset + install.instruction.at.end - install.instruction.at.start);
  const staying = blocks.filter((block) => !moved.has(block.instruction));
  const following = blocks.filter((block) => moved.has(block.instruction));
  const order = [...staying, ...following];
  const parts = order.map((block, index) => {
    const gap = index === 0 ? '' : block === blocks[0] ? (staying[0]?.gap ?? '') : block.gap;
    const own =
      block === install
        ? installText(block, rewritten, eol, indent) + (rewritten.tail === undefined ? rest : '')
        : block.text;
    return `${gap}${own}${block.end || eol}`;
  });
  const tail = rewritten.tail === undefined ? '' : `${indent}${rewritten.tail}${rest}${install.end || eol}`;
  const all = parts.join('') + tail;
  return install.end === '' ? all.replace(/\r?\n$/, '') : all;
}

const installText = (block: Block, { above, head }: Rewritten, eol: string, indent: string): string =>
  block.text.slice(0, block.offset) + [...above, head].join(`${eol}${indent}`);
