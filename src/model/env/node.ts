import { lineStart } from '../../lines.ts';
import { folderOf, joinContainer, resolveIn } from '../../repo/path.ts';
import type { ServiceView, Stack } from '../stack.ts';
import type { EnvRead } from './read.ts';

const IMPORTED = /(?:\brequire\(\s*|\bfrom\s+|\bimport\s+)['"](\.{1,2}\/[^'"]+)['"]/g;
const READ = /\bprocess\.env(?:\.([A-Za-z_]\w*)|\[\s*['"]([A-Za-z_]\w*)['"]\s*\])/g;
const MAX_FILES = 200;

/** What a Node process reads from `process.env`, in its main file and what that imports: a scan of the text. */
export function nodeReads(stack: Stack, view: ServiceView): readonly EnvRead[] {
  return nodeFiles(stack, view).flatMap(({ path, text }) => readsIn(path, text));
}

/** True when the sources load a `.env` by themselves. */
export const loadsDotenv = (stack: Stack, view: ServiceView): boolean =>
  nodeFiles(stack, view).some(({ text }) => /['"]dotenv(?:\/config|-flow|-expand)?['"]|loadEnvFile\(/.test(text));

function readsIn(path: string, text: string): readonly EnvRead[] {
  return [...text.matchAll(READ)].flatMap((match): EnvRead[] => {
    const name = match[1] ?? match[2] ?? '';
    const start = match.index;
    const end = start + match[0].length;
    if (/^\s*(?:\/\/|\*|\/\*)/.test(text.slice(lineStart(text, start), start + 2))) return [];
    if (/^\s*(?:[|&?]{2}=|=(?!=))/.test(text.slice(end, end + 5))) return [];
    const at = { path, start, end };
    const literal = /^\s*(?:\|\||\?\?)\s*(['"`])([^'"`\n$]*)\1/.exec(text.slice(end, end + 300));
    const from = end + (literal?.[0].indexOf(literal[1] ?? '') ?? 0);
    const fallback = literal
      ? { text: literal[2] ?? '', at: { path, start: from, end: end + literal[0].length } }
      : undefined;
    const stop = fallback ? undefined : demandAfter(text, match[0], start, end);
    const evidence = [{ at, says: `the source reads ${name}` }];
    if (stop !== undefined)
      evidence.push({ at: { path, start: stop, end: stop + 5 }, says: `the process stops when ${name} is missing` });
    return [
      {
        name,
        names: [name],
        anyCase: false,
        at,
        need: stop === undefined ? 'optional' : 'required',
        fallback,
        evidence,
      },
    ];
  });
}

/** Where `if (!process.env.X) throw …` or `const x = process.env.X; if (!x) throw …` stops, at the top level of a file. */
function demandAfter(text: string, read: string, start: number, end: number): number | undefined {
  const line = text.slice(lineStart(text, start), start);
  const bound = /^(?:export\s+)?(?:const|let|var)\s+(\w+)\s*(?::[^=]+)?=\s*$/.exec(line)?.[1];
  if (bound === undefined && !/^if\s*\(\s*!\s*$/.test(line)) return undefined;
  if (bound !== undefined && !/^\s*(?:;|\r?\n)/.test(text.slice(end, end + 3))) return undefined;
  const operand = (bound ?? read).replace(/[.[\]$]/g, '\\$&');
  const check = new RegExp(
    `^if\\s*\\(\\s*(?:!\\s*${operand}|${operand}\\s*===?\\s*(?:undefined|null))\\s*\\)\\s*\\{?\\s*(?:[\\w.]+\\([^\\n]*\\);?\\s*)?(throw\\b|process\\.exit\\()`,
    'm',
  ).exec(text);
  return check ? check.index + check[0].length - (check[1]?.length ?? 0) : undefined;
}

function nodeFiles(stack: Stack, view: ServiceView): readonly { readonly path: string; readonly text: string }[] {
  const module = view.startup.main?.program.app?.module;
  if (module === undefined || view.container.workdir === undefined || module.endsWith('.py')) return [];
  const file = view.container.fileAt(joinContainer(view.container.workdir, module));
  if (file.kind !== 'repo') return [];
  const found = new Map<string, string>();
  const queue = [file.path];
  for (let path = queue.shift(); path !== undefined && found.size < MAX_FILES; path = queue.shift()) {
    const text = found.has(path) || !/\.[cm]?[jt]sx?$/.test(path) ? undefined : stack.repo.read(path);
    if (text === undefined) continue;
    found.set(path, text);
    for (const [, relative = ''] of text.matchAll(IMPORTED)) {
      const base = resolveIn(folderOf(path), relative);
      const ends = ['', '.js', '.ts', '.mjs', '.cjs', '/index.js', '/index.ts'];
      const next = base === undefined ? undefined : ends.map((end) => base + end).find((each) => stack.repo.has(each));
      if (next !== undefined) queue.push(next);
    }
  }
  return [...found].map(([path, text]) => ({ path, text }));
}
