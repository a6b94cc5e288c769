import type { Span } from '../finding.ts';
import { cleanPath, compilePattern, type PathTest } from './dockerignore/go-pattern.ts';

/** The rules of a `.dockerignore` file. */
export interface Dockerignore {
  readonly path: string;
  /** The lines that hold a pattern, in order. */
  readonly lines: readonly IgnoreLine[];
  /** True when Docker leaves the path (relative to the context, `/`-separated, no leading `./`) out of the build context. */
  readonly ignores: (path: string) => boolean;
}

/** A line of a `.dockerignore` that holds a pattern. */
export interface IgnoreLine {
  /** The whole line, newline included. */
  readonly at: Span;
  /** As Docker reads it: without `!`, blanks, `./` and a slash at either end. */
  readonly pattern: string;
  readonly restores: boolean;
}

interface Rule {
  readonly matches: PathTest;
  /** `!pattern`: what matches comes back. */
  readonly restores: boolean;
}

/**
 * Docker's own pattern rules (Go filepath.Match plus `**`, `!`, comments, last match wins), not git's. A malformed
 * pattern, with which Docker refuses to build, ignores nothing.
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function readDockerignore(path: string, text: string): Dockerignore {
  const rules = text
    .replace(/^\ufeff/, '')
    .split('\n')
    .flatMap(readRule);
  const lines = [...text.matchAll(/[^\n]*(?:\n|$)/g)].flatMap((match): readonly IgnoreLine[] => {
    const [line] = match;
    const found = ruleOf(match.index === 0 ? line.replace(/^\ufeff/, '') : line);
    const at = { path, start: match.index, end: match.index + line.length };
    return found ? [{ at, ...found }] : [];
  });
  const ignores = (file: string): boolean => {
    const parts = cleanPath(file).split('/');
    let matched: readonly boolean[] = [];
    let ignored = false;
    for (let depth = 1; depth <= parts.length; depth += 1) {
      ({ ignored, matched } = step(rules, parts.slice(0, depth).join('/'), matched));
    }
    return ignored;
  };
  return { path, lines, ignores };
}

/**
 * The rules applied to one path, given which of them matched its parent directory. A rule is asked only while it can
 * change the answer, and what it says about a directory holds for all below: so a build walks the context.
 */
const step = (
  rules: readonly Rule[],
  path: string,
  parent: readonly boolean[],
): { readonly ignored: boolean; readonly matched: readonly boolean[] } => {
  let ignored = false;
  const matched = rules.map(({ matches, restores }, index) => {
    const match = parent[index] === true || (restores === ignored && matches(path));
    if (match) ignored = !restores;
    return match;
  });
  return { ignored, matched };
};

const ruleOf = (line: string): { readonly pattern: string; readonly restores: boolean } | undefined => {
  if (line.startsWith('#')) return undefined;
  const trimmed = line.trim();
  const restores = trimmed.startsWith('!');
  const pattern = restores ? trimmed.slice(1).trim() : trimmed;
  if (pattern === '') return undefined;
  const cleaned = cleanPath(pattern);
  return { pattern: cleaned.length > 1 ? cleaned.replace(/^\//, '') : cleaned, restores };
};

const readRule = (line: string): readonly Rule[] => {
  const rule = ruleOf(line);
  const matches = rule && compilePattern(rule.pattern);
  return rule && matches ? [{ matches, restores: rule.restores }] : [];
};
