import type { Span } from '../finding.ts';

/** What one logical line of a requirements file asks for. `local`: something on disk other than another requirements file. */
export interface Requirement {
  readonly kind: 'package' | 'requirements' | 'constraints' | 'local' | 'option';
  /** The package's specifier, or the path as written. */
  readonly text: string;
  readonly at: Span;
}

/** Lines of a pip requirements file in order. https://pip.pypa.io/en/stable/reference/requirements-file-format/ */
export function readRequirements(path: string, text: string): readonly Requirement[] {
  return [...text.matchAll(/(?:[^\r\n\\]|\\(?:\r?\n)?|\r(?!\n))+/g)].flatMap((match): Requirement[] => {
    const line = match[0]
      .replace(/\\\r?\n/g, ' ')
      .replace(/(?:^|\s)#.*$/, '')
      .replace(/^\ufeff/, '')
      .trim();
    if (line === '') return [];
    return [{ ...kindOf(line), at: { path, start: match.index, end: match.index + match[0].length } }];
  });
}

function kindOf(line: string): Pick<Requirement, 'kind' | 'text'> {
  const [, option = '', value = ''] = /^(--?[A-Za-z-]+?)(?:\s*=\s*|\s+|(?<=^-[a-z]))(.*)$/.exec(line) ?? [];
  const path = value.replace(/^(["'])(.*)\1$/, '$2');
  if (option === '-r' || option === '--requirement')
    return { kind: isUrl(path) ? 'option' : 'requirements', text: path };
  if (option === '-c' || option === '--constraint') return { kind: isUrl(path) ? 'option' : 'constraints', text: path };
  if (option === '-e' || option === '--editable') return { kind: isUrl(path) ? 'package' : 'local', text: path };
  if (option === '-f' || option === '--find-links') return { kind: isUrl(path) ? 'option' : 'local', text: path };
  if (line.startsWith('-')) return { kind: 'option', text: line };
  return { kind: isLocalRequirement(line) ? 'local' : 'package', text: line };
}

/** True for a requirement that is a path: `.`, `./lib[extra]`, `libs/x`, `dist/x.whl`, `x @ file:///app/x`. */
export function isLocalRequirement(text: string): boolean {
  const target = (/^[\w.[\],-]+\s*@\s*(\S+)/.exec(text)?.[1] ?? text).split(/\s*;|\s+--/)[0] ?? '';
  if (target.startsWith('file:')) return true;
  if (isUrl(target)) return false;
  return (
    /^\.{0,2}\//.test(target) ||
    /^\.{1,2}(?:$|\[)/.test(target) ||
    target.includes('/') ||
    /\.(?:whl|tar\.gz|zip)$/.test(target)
  );
}

const isUrl = (text: string): boolean => /^(?:[\w+.-]+:\/\/|git@)/.test(text) && !text.startsWith('file:');
