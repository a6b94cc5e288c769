import type { CommandJob } from '../jobs/jobs.ts';

/** What a comment can ask for. */
export type Command = CommandJob['command'];

/** A line that speaks to dockfix: at its start, so that a quotation (`> /dockfix apply`) is none. */
const LINE = /^\/dockfix(?:[ \t]+(.*))?$/;
/** As ids of transforms look. */
const ID = /^[a-z\d-]{1,64}$/;

/** What a comment asks for: its first line that speaks to dockfix outside of code; undefined when there is none. */
export function commandIn(comment: string): Command | undefined {
  const line = linesOutsideCode(comment).find((each) => LINE.test(each));
  if (line === undefined) return undefined;
  const [name, argument, ...rest] = (LINE.exec(line)?.[1] ?? '').split(/[ \t]+/).filter(Boolean);
  if (rest.length > 0) return { name: 'help' };
  if (name === 'apply' && argument === undefined) return { name };
  if ((name === 'ignore' || name === 'explain') && argument !== undefined && ID.test(argument))
    return { name, transform: argument };
  return { name: 'help' };
}

function linesOutsideCode(text: string): readonly string[] {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
    } else if (mark !== undefined) fence = mark;
    else lines.push(line.trimEnd());
  }
  return lines;
}
