import { startingCode } from '../../src/model/env/start.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { escapeRegExp } from '../../src/pattern.ts';
import { baseDirOf } from './django.ts';

/** What takes the name of a file as it is, from the working directory. */
const OPENS = /\b(?:connect|Database|DatabaseSync|SqliteDatabase|Path|abspath|dirname|exists)\(\s*$/;
/** An absolute path wins over what it is joined to. */
const BELOW_BASE_DIR = /\bBASE_DIR\s*\/\s*$|\bos\.path\.join\(\s*BASE_DIR\s*,\s*$/;
const FALLBACK = String.raw`(?:\s*(?:\?\?|\|\|)\s*["'\`][^"'\`\n]*["'\`])?`;
const ENDS = new RegExp(`^${FALLBACK}\\s*[,)}\\]]|^${FALLBACK}[^\\S\\n]*;?[^\\S\\n]*\\r?\\n`);
const ASSIGNED = /(?:^|\n)[ \t]*(?:const\s+|let\s+|var\s+)?(\w+)(?:\s*:\s*\w+)?\s*=\s*$/;

/** A part of a file: the value of a variable, or the name that holds it. */
interface Use {
  readonly path: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Whether a process takes the relative path in a variable from its working directory, and would take an absolute one as well.
 * A source that puts it behind a folder of its own (`f"/app/var/{name}"`) does neither.
 */
export function isTakenAsItIs(stack: Stack, view: ServiceView, name: string): boolean {
  const modules = startingCode(stack, view)?.modules.map(({ path }) => path) ?? [];
  const scripts = stack.repo.paths.filter((path) => /\.[cm]?[jt]s$/.test(path));
  const files = (modules.length > 0 ? modules : scripts).map((path) => ({ path, text: stack.repo.read(path) ?? '' }));
  const find = (pattern: string): readonly Use[] =>
    files.flatMap((file) =>
      [...file.text.matchAll(new RegExp(pattern, 'g'))].map((match) => ({
        ...file,
        start: match.index,
        end: match.index + match[0].length,
      })),
    );
  const isPath = ({ path, text, start, end }: Use): boolean => {
    const before = text.slice(0, start);
    const isJoined = BELOW_BASE_DIR.test(before) && baseDirOf(stack, view, path) === view.container.workdir;
    return (OPENS.test(before) || isJoined) && ENDS.test(text.slice(end));
  };
  const key = escapeRegExp(name);
  const quoted = `["'\`]${key}["'\`]`;
  const reads = find(
    String.raw`(?:\bos\.)?\b(?:environ\.get|getenv)\(\s*${quoted}[^()\n]*\)|(?:\bos\.)?\benviron\[\s*${quoted}\s*\]|\bprocess\.env(?:\.${key}\b|\[${quoted}\])`,
  );
  return (
    reads.length > 0 &&
    reads.every((read) => {
      if (isPath(read)) return true;
      const found = ASSIGNED.exec(read.text.slice(0, read.start));
      const [whole = '', variable] = found ?? [];
      const assigned = (found?.index ?? 0) + whole.search(/\w+(?:\s*:\s*\w+)?\s*=\s*$/);
      if (variable === undefined || !ENDS.test(read.text.slice(read.end))) return false;
      const uses = find(String.raw`\b${escapeRegExp(variable)}\b`).filter(
        ({ path, start }) => path !== read.path || start !== assigned,
      );
      return uses.length > 0 && uses.every(isPath);
    })
  );
}
