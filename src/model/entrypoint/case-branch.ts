import type { ShellCommand } from '../../parse/shell.ts';

/**
 * True for commands in a branch of `case "$1" in` that a call with this first argument does not take.
 * False whenever that cannot be told: another subject, an argument with an expansion, arguments that the script changes.
 */
export function isBranchNotTaken(
  command: ShellCommand,
  script: readonly ShellCommand[],
  argument: string | undefined,
): boolean {
  return command.within.some((branch) => {
    if (branch.kind !== 'case') return false;
    const own = patternsOf(branch.text, argument);
    if (!own || changesArguments(script, branch.at.start)) return false;
    if (!own.matches) return true;
    const earlier = script
      .filter((other) => other.at.start < command.at.start)
      .flatMap(({ within }) => within.filter((each) => each.kind === 'case' && each.at.start === branch.at.start))
      .filter(({ text }) => text !== branch.text);
    return earlier.some(({ text }) => patternsOf(text, argument)?.matches);
  });
}

/** `case "$1" in web|serve)` → whether the argument matches; `undefined` for any other subject. */
function patternsOf(head: string, argument: string | undefined): { readonly matches: boolean } | undefined {
  const read = /^case\s+"?\$(?:1|\{1(?::?-([^}]*))?\})"?\s+in\s+\(?(.*?)\)?$/s.exec(head.trim());
  const value = argument === undefined || argument === '' ? (read?.[1] ?? '') : argument;
  if (!read || /[$`]/.test(value)) return undefined;
  const patterns = (read[2] ?? '').split('|').map((pattern) => pattern.trim().replace(/^(["'])(.*)\1$/, '$2'));
  if (patterns.some((pattern) => /[$`[]/.test(pattern))) return undefined;
  return { matches: patterns.some((pattern) => globOf(pattern).test(value)) };
}

const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );

const changesArguments = (script: readonly ShellCommand[], before: number): boolean =>
  script.some(
    ({ words, at }) =>
      at.start < before &&
      (words[0]?.text === 'shift' || (words[0]?.text === 'set' && words.some(({ text }) => text === '--'))),
  );
