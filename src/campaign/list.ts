import { UserError } from '../errors.ts';
import { lineNumber } from '../lines.ts';
import { type ComposeNode, readCompose, valueAt } from '../parse/compose.ts';

/** A repository as a list names it. */
export interface Listed {
  /** `owner/name` or the URL that git clones it from. */
  readonly repository: string;
  readonly base?: string;
  /** Where it stands: `repos.txt:3`. */
  readonly at: string;
}

const EXAMPLE = 'One repository in a line, or as YAML or JSON: - acme/shop, or - { repository: acme/shop, base: main }';

/**
 * The repositories that a list names. Text has one in a line, with `#` comments; YAML and JSON have a list of names or of
 * `{ repository, base }`, alone or as `repositories`. A `UserError` names the line that is no repository.
 */
export function readList(path: string, text: string): readonly Listed[] {
  const listed = /\.(ya?ml|json)$/i.test(path) ? fromData(path, text) : fromLines(path, text);
  if (listed.length === 0) throw new UserError(`${path} names no repository`, EXAMPLE);
  return listed;
}

function fromLines(path: string, text: string): readonly Listed[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r\n?|\n/)
    .flatMap((line, index) => {
      const repository = line.replace(/(^|\s)#.*$/, '').trim();
      if (repository === '') return [];
      const at = `${path}:${index + 1}`;
      if (/\s/.test(repository)) throw new UserError(`${at}: "${repository}" is no repository`, EXAMPLE);
      return [{ repository, at }];
    });
}

function fromData(path: string, text: string): readonly Listed[] {
  const { whole, added } = asMapping(text);
  const file = readCompose(path, whole);
  const [problem] = file.problems;
  const placeAt = (offset: number): string => `${path}:${lineNumber(whole, offset) - added}`;
  if (problem) throw new UserError(`${placeAt(problem.at.start)}: ${problem.message}`, problem.hint ?? EXAMPLE);
  const list = file.root?.kind === 'map' ? valueAt(file.root, 'repositories') : file.root;
  if (list?.kind !== 'seq') throw new UserError(`${path} holds no list of repositories`, EXAMPLE);
  return list.items.map(({ value }) => {
    const at = placeAt(value.at.start);
    const repository = wordOf(value.kind === 'map' ? valueAt(value, 'repository') : value);
    const base = value.kind === 'map' ? wordOf(valueAt(value, 'base')) : undefined;
    if (repository === undefined) throw new UserError(`${at}: this is no repository`, EXAMPLE);
    return { repository, at, ...(base !== undefined && { base }) };
  });
}

/** The reader wants a mapping at the top: a list alone becomes the one of `repositories`; `added` counts the lines above it. */
function asMapping(text: string): { readonly whole: string; readonly added: number } {
  const first = /^(?:\s|#.*|---\s)*([[-])/.exec(text)?.[1];
  if (first === '[') return { whole: `{repositories: ${text}\n}`, added: 0 };
  if (first === '-') return { whole: `repositories:\n${text.replace(/^---(?=\s)/m, '#')}`, added: 1 };
  return { whole: text, added: 0 };
}

const wordOf = (node: ComposeNode | undefined): string | undefined =>
  node?.kind === 'scalar' && typeof node.value === 'string' && node.value.trim() !== '' ? node.value.trim() : undefined;
