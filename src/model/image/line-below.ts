import type { Edit } from '../../finding.ts';
import { eolOf } from '../../lines.ts';
import type { Dockerfile, DockerInstruction } from '../../parse/dockerfile.ts';

/** Puts a line directly below an instruction; the instruction's own line end stays as it is. */
export function lineBelow({ text, path }: Dockerfile, { lines }: DockerInstruction, line: string): Edit {
  const eol = eolOf(text);
  const isEnded = text[lines.end - 1] === '\n';
  return { path, start: lines.end, end: lines.end, text: isEnded ? `${line}${eol}` : `${eol}${line}` };
}
