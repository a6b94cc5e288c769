import type { Span } from '../../finding.ts';
import type { ShellCommand, ShellScript, ShellWord } from '../../parse/shell.ts';

/** What the `sh` of Debian and Ubuntu, and that of Alpine, make of a script. */
export type PlainShell = 'dash' | 'busybox';

/** A place where a script uses what POSIX shells need not understand. */
export interface BashSyntax {
  readonly at: Span;
  /** In words: `an array`, `[[ … ]]`. */
  readonly what: string;
  /** `stops`: the shell refuses the script or ends at it; `errs`: it goes on with the wrong result; `works`: it understands bash here. */
  readonly dash: 'stops' | 'errs';
  readonly busybox: 'stops' | 'errs' | 'works' | 'unknown';
}

type Kind = Omit<BashSyntax, 'at'>;

const kind = (what: string, dash: BashSyntax['dash'], busybox: BashSyntax['busybox']): Kind => ({
  what,
  dash,
  busybox,
});

/** BusyBox is built with ASH_BASH_COMPAT in Alpine: https://git.busybox.net/busybox/tree/shell/ash.c */
const ARRAY = kind('an array', 'stops', 'stops');
const CONDITION = kind('[[ … ]]', 'errs', 'works');
const SOURCE = kind('source', 'errs', 'works');
const FUNCTION = kind('the word function', 'stops', 'works');
const PROCESS = kind('a process substitution', 'stops', 'stops');
const HERE_STRING = kind('a here-string (<<<)', 'stops', 'stops');
const BOTH_STREAMS = kind('&>', 'errs', 'works');
const CASE = kind('a change of case (${x,,}, ${x^^})', 'stops', 'stops');
const REPLACE = kind('${x/a/b}', 'stops', 'works');
const SLICE = kind('${x:0:2}', 'stops', 'works');
const INDIRECT = kind('${!x}', 'stops', 'stops');
const ANSI_QUOTES = kind("$'…'", 'errs', 'works');
const PIPEFAIL = kind('pipefail', 'stops', 'works');
const EQUALS = kind('== inside [ … ]', 'errs', 'works');
const LOOP = kind('for ((…))', 'stops', 'stops');
const APPEND = kind('+=', 'errs', 'unknown');
const ERR_TRAP = kind('trap … ERR', 'errs', 'unknown');
const BUILTIN = (name: string): Kind => kind(name, 'errs', 'stops');

const EXPANSIONS: readonly (readonly [RegExp, Kind])[] = [
  [/\$\{!\w/, INDIRECT],
  [/\$\{#?\w+\[/, ARRAY],
  [/\$\{(?:\w+|[@*])(?:,,?|\^\^?)/, CASE],
  [/\$\{(?:\w+|[@*])\//, REPLACE],
  [/\$\{(?:\w+|[@*]):(?:\d| -|\$)/, SLICE],
];

/** Uses of bash in a script, in order; a script that turns to bash by itself, or asks which shell it runs in, has none. */
export function bashSyntaxOf(script: ShellScript): readonly BashSyntax[] {
  if (/\bBASH(?:_VERSION)?\b|\bexec\s+(?:\/\S*\/)?(?:env\s+)?bash\s+["']?\$\{?[0B]/.test(script.text)) return [];
  const found = script.commands.flatMap((command) =>
    [...inCommand(script, command), ...around(script, command)].map((each) => ({ ...each, at: command.at })),
  );
  const seen = new Set<string>();
  return found.filter(({ at, what }) => !seen.has(`${at.start} ${what}`) && seen.add(`${at.start} ${what}`));
}

/** Whether plain `sh` can run the script as it is. */
export const stopsIn = (uses: readonly BashSyntax[], shell: PlainShell): readonly BashSyntax[] =>
  uses.filter((use) => use[shell] === 'stops' || use[shell] === 'errs');

function inCommand({ text }: ShellScript, command: ShellCommand): readonly Kind[] {
  const { words, assignments, at } = command;
  const texts = words.map((word) => word.text);
  const [name] = texts;
  const kinds: Kind[] = [];
  if (words[0]?.source === '[[') kinds.push(CONDITION);
  if (name === '[' && words.some(({ source }) => source === '==')) kinds.push(EQUALS);
  if (name === 'source') kinds.push(SOURCE);
  if (name === 'set' && texts.includes('pipefail')) kinds.push(PIPEFAIL);
  if (name === 'trap' && texts.includes('ERR')) kinds.push(ERR_TRAP);
  if (/^(?:declare|typeset|mapfile|readarray|shopt|pushd|popd)$/.test(name ?? '')) kinds.push(BUILTIN(name ?? ''));
  if (name === 'local' && words.some(({ text: word }) => /^-[aAn]|=\(/.test(word))) kinds.push(ARRAY);
  for (const assignment of assignments) {
    const source = text.slice(assignment.at.start, assignment.at.end);
    if (/^\w+(?:\[[^\]]*\]\+?=|\+?=\()/.test(source)) kinds.push(ARRAY);
    else if (/^\w+\+=/.test(source)) kinds.push(APPEND);
    kinds.push(...inWord(source.replace(/^\w+(?:\[[^\]]*\])?\+?=/, '')));
  }
  // Inside of [[ … ]] a regular expression may look like anything.
  if (words[0]?.source !== '[[') for (const word of words) kinds.push(...inWord(word.source));
  const rest = betweenWords(text, at, [...words, ...assignments]);
  if (/(?:^|[^<])<<<(?!<)/.test(rest)) kinds.push(HERE_STRING);
  if (/&>/.test(rest) && !/>&>/.test(rest)) kinds.push(BOTH_STREAMS);
  return kinds;
}

/** What stands between the words of a command: its redirections. */
function betweenWords(text: string, at: Span, words: readonly Pick<ShellWord, 'at'>[]): string {
  let rest = '';
  let from = at.start;
  for (const word of [...words].sort((a, b) => a.at.start - b.at.start)) {
    rest += `${text.slice(from, word.at.start)} `;
    from = Math.max(from, word.at.end);
  }
  return rest + text.slice(from, at.end);
}

function inWord(source: string): readonly Kind[] {
  if (/^(?:[^"'\\]|\\.)*\$'/.test(source)) return [ANSI_QUOTES];
  const expanding = source.replace(/\\.|^'[^']*'$|(?<=^[^"]*)'[^']*'/g, ' ');
  return EXPANSIONS.flatMap(([pattern, found]) => (pattern.test(expanding) ? [found] : []));
}

/** Constructs around a command that only bash has. */
function around({ text }: ShellScript, { within }: ShellCommand): readonly Kind[] {
  return within.flatMap(({ kind: construct, text: head, at }) => {
    if (construct === 'function' && /^function\s/.test(text.slice(at.start, at.start + 9))) return [FUNCTION];
    if (construct === 'substitution' && /^[<>]\(/.test(head)) return [PROCESS];
    return construct === 'loop-body' && /^for\s*\(\(/.test(head) ? [LOOP] : [];
  });
}
