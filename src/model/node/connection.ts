import type { Span } from '../../finding.ts';
import { lineStart } from '../../lines.ts';
import { folderOf, joinContainer, resolveIn } from '../../repo/path.ts';
import type { ServiceView, Stack } from '../stack.ts';
import type { StoreKind } from '../store.ts';

const SQL =
  /\b(?:(?:sequelize|db|orm|database)(?:\.\w+)*\.(?:authenticate|sync)|(?:app)?dataSource\.(?:initialize|runMigrations)|createConnection|migrate\.latest|\w+\.\$connect|(?:pg)?client\.connect)\s*\(/i;
const CONNECTS: Readonly<Partial<Record<StoreKind, RegExp>>> = {
  postgres: SQL,
  mysql: SQL,
  mariadb: SQL,
  mongo: /\b(?:mongoose\.connect|(?:mongo)?client\.connect)\s*\(/i,
};

const IMPORTED = /(?:\brequire\(\s*|\bfrom\s+|\bimport\s+)['"](\.{1,2}\/[^'"]+)['"]/g;
const MAX_FILES = 200;

/**
 * Where a Node process connects to a kind of store when it starts: in its main file or one that it imports, outside request
 * handlers; `undefined` also when it tries again by itself.
 */
export function nodeConnection(stack: Stack, view: ServiceView, kind: StoreKind): Span | undefined {
  const pattern = CONNECTS[kind];
  const start = mainFile(view);
  if (pattern === undefined || start === undefined) return undefined;
  const seen = new Set<string>();
  const queue = [start];
  for (let path = queue.shift(); path !== undefined && seen.size < MAX_FILES; path = queue.shift()) {
    const text = seen.has(path) ? undefined : stack.repo.read(path);
    seen.add(path);
    if (text === undefined) continue;
    for (const match of text.matchAll(new RegExp(pattern, 'gi')))
      if (!isComment(text, match.index) && !isInHandler(text, match.index))
        return triesAgain(text, match.index)
          ? undefined
          : { path, start: match.index, end: match.index + match[0].length };
    queue.push(...importedFrom(stack, path, text));
  }
  return undefined;
}

function mainFile(view: ServiceView): string | undefined {
  const { container, startup } = view;
  const module = startup.main?.program.app?.module;
  if (module === undefined || container.workdir === undefined) return undefined;
  const file = container.fileAt(joinContainer(container.workdir, module));
  return file.kind === 'repo' ? file.path : undefined;
}

const importedFrom = (stack: Stack, path: string, text: string): readonly string[] =>
  [...text.matchAll(IMPORTED)].flatMap(([, relative = '']) => {
    const base = resolveIn(folderOf(path), relative);
    const names =
      base === undefined
        ? []
        : [base, ...['.js', '.ts', '.mjs', '.cjs', '/index.js', '/index.ts'].map((end) => base + end)];
    return names.find((name) => stack.repo.has(name)) ?? [];
  });

const isComment = (text: string, at: number): boolean =>
  /^\s*(?:\/\/|\*|\/\*)/.test(text.slice(lineStart(text, at), at + 2));

/** True inside a block whose opening line takes a request, and in scripts that run only when they are called directly. */
const isInHandler = (text: string, at: number): boolean =>
  headsAround(text, at).some((head) => /\b(?:req|request|ctx|res|response|reply)\b|require\.main/.test(head));

/** In a loop around a `try`, or in a function that a timer calls again (`setTimeout(connect, 5000)`). */
function triesAgain(text: string, at: number): boolean {
  const heads = headsAround(text, at);
  if (heads.some((head) => /\btry\s*$/.test(head)) && heads.some((head) => /\b(?:for|while)\s*\(|\bdo\s*$/.test(head)))
    return true;
  const names = heads.flatMap(
    (head) => /\bfunction\s+(\w+)|\b(?:const|let|var)\s+(\w+)\s*=/.exec(head)?.slice(1) ?? [],
  );
  return names.some((name) => name !== undefined && new RegExp(`\\bsetTimeout\\(\\s*${name}\\b`).test(text));
}

/** What stands before the `{` of each block around a place, innermost first. */
function headsAround(text: string, at: number): readonly string[] {
  const heads: string[] = [];
  let open = 0;
  for (let index = at - 1; index >= 0; index -= 1) {
    if (text[index] === '}') open += 1;
    if (text[index] !== '{') continue;
    if (open > 0) open -= 1;
    else heads.push(text.slice(lineStart(text, index), index));
  }
  return heads;
}
