import type { Edit } from '../../src/finding.ts';
import { eolOf, indentAt, lineContentEnd, lineEnd } from '../../src/lines.ts';
import {
  assignmentsOf,
  type Dockerfile,
  type DockerInstruction,
  type DockerStage,
} from '../../src/parse/dockerfile.ts';

/** Sets variables to 1 in a stage: beside Python's other ones in their style, else at its top, where they rarely break the cache. */
export function setting(dockerfile: Dockerfile, stage: DockerStage, names: readonly string[]): Edit {
  const { path, text } = dockerfile;
  const eol = eolOf(text);
  const sibling = stage.instructions.findLast(
    (each) => each.keyword === 'ENV' && assignmentsOf(each).some(({ name }) => /^(?:PYTHON|PIP_)/.test(name)),
  );
  const keyword = text.slice(stage.from.at.start, stage.from.at.start + 4) === 'from' ? 'env' : 'ENV';
  if (sibling) return beside(dockerfile, sibling, names, keyword);
  const lines = names.map((name) => `${name}=1`).join(` \\${eol}    `);
  const at = stage.from.lines.end;
  const isEnded = text[at - 1] === '\n';
  const isBlank = text.slice(at, lineContentEnd(text, at)).trim() === '' && at < text.length;
  // A blank line below FROM separates it from what follows: the new instruction gets one as well.
  if (isEnded && isBlank) {
    const start = lineEnd(text, at);
    return { path, start, end: start, text: `${keyword} ${lines}${eol}${eol}` };
  }
  return { path, start: at, end: at, text: isEnded ? `${keyword} ${lines}${eol}` : `${eol}${keyword} ${lines}` };
}

function beside(
  { path, text }: Dockerfile,
  sibling: DockerInstruction,
  names: readonly string[],
  keyword: string,
): Edit {
  const eol = eolOf(text);
  const own = text.slice(sibling.at.start, sibling.at.end);
  const isPair = !sibling.words[0]?.source.includes('=');
  const pairs = assignmentsOf(sibling);
  if (own.includes('\n') && !isPair) {
    const last = pairs.at(-1);
    const start = sibling.at.end;
    const indent = indentAt(text, last?.at.start ?? start) || '    ';
    return { path, start, end: start, text: names.map((name) => ` \\${eol}${indent}${name}=1`).join('') };
  }
  if (pairs.length > 1) {
    const start = sibling.at.end;
    return { path, start, end: start, text: names.map((name) => ` ${name}=1`).join('') };
  }
  const lines = names.map((name) => `${keyword} ${name}${isPair ? ' ' : '='}1`).join(eol);
  const at = sibling.lines.end;
  return { path, start: at, end: at, text: text[at - 1] === '\n' ? `${lines}${eol}` : `${eol}${lines}` };
}
