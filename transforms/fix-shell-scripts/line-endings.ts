import type { Change, Finding } from '../../src/finding.ts';
import { eolOf, lineEnd } from '../../src/lines.ts';
import type { StartedBy, StartedScript } from '../../src/model/script/started.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { ShellScript } from '../../src/parse/shell.ts';
import { escapeRegExp } from '../../src/pattern.ts';
import { nameOf } from '../../src/repo/path.ts';
import { startedAt } from './started.ts';

const CONSEQUENCE: Readonly<Record<StartedBy, (owner: string) => string>> = {
  kernel: (owner) =>
    `Linux looks for an interpreter whose name ends in a carriage return and ${owner} dies with "no such file or directory"`,
  shell: (owner) =>
    `Linux looks for an interpreter whose name ends in a carriage return, and ${owner} ends with "not found" (bash: "bad interpreter") although the file is there`,
  interpreter: (owner) =>
    `the shell takes the carriage return for a part of each command, and ${owner} ends with "not found" or "Illegal option -"`,
  sourced: (owner) =>
    `the shell takes the carriage return for a part of each command, and ${owner} ends with "$'\\r': command not found"`,
};

/** Windows line endings of a script, unless the container takes them away itself. */
export function crlfFinding(stack: Stack, script: ShellScript, uses: readonly StartedScript[]): Finding | undefined {
  const use = uses.find((each) => !convertsItself(each));
  if (!use || !script.crlf || !inCommands(script)) return undefined;
  const { path, text } = script;
  const edits: Change[] = [...text.matchAll(/\r(?=\n)/g)].map(({ index }) => ({
    path,
    start: index,
    end: index + 1,
    text: '',
  }));
  const first = Math.max(0, text.indexOf('\r\n'));
  const attributes = keepLf(stack, path);
  return {
    message: `${path} has Windows line endings, so ${CONSEQUENCE[use.by](use.owner)}.`,
    at: { path, start: 0, end: 0 },
    evidence: [
      startedAt(use),
      { at: { path, start: text.lastIndexOf('\n', first - 1) + 1, end: first }, says: 'this line ends in CRLF' },
    ],
    fix: {
      title: `Give ${path} Unix line endings${attributes.length > 0 ? ', and keep git from changing them' : ''}`,
      safety: 'safe',
      changes: [...edits, ...attributes],
    },
  };
}

/** `dos2unix` or a `\r` in a RUN, or before the script is started; what a mount brings no RUN can change. */
const convertsItself = ({ mount, layers, view }: StartedScript): boolean => {
  const atStart = view?.startup.commands.some(({ argv }) => argv.some((word) => /dos2unix|\\r|\\015/.test(word)));
  const inBuild = layers.some(
    ({ instruction }) => instruction.keyword === 'RUN' && /dos2unix|\\r|\\015/.test(instruction.script),
  );
  return atStart === true || (inBuild && mount?.kind !== 'bind');
};

/** A carriage return ends the first line or a command, not just lines of a here-document that wants it so. */
const inCommands = ({ text, commands, problems }: ShellScript): boolean =>
  problems.length > 0 ||
  /^\ufeff?#![^\n]*\r\n/.test(text) ||
  commands.some(({ at }) => text[lineEnd(text, Math.max(at.start, at.end - 1)) - 2] === '\r');

/** A rule in .gitattributes, so that a checkout on Windows does not bring the CRLF back. */
function keepLf(stack: Stack, script: string): readonly Change[] {
  const path = '.gitattributes';
  const text = stack.repo.read(path);
  const rule = `${/\.sh$/.test(script) ? '*.sh' : `/${script}`} text eol=lf`;
  if (text === undefined) return stack.repo.has(path) || /\s/.test(script) ? [] : [{ path, create: `${rule}\n` }];
  if (endsInLf(text, script) || /\s/.test(script)) return [];
  const eol = eolOf(text);
  const lead = text === '' || text.endsWith('\n') ? '' : eol;
  return [{ path, start: text.length, end: text.length, text: `${lead}${rule}${eol}` }];
}

/** The last line that matches and speaks of line endings wins: https://git-scm.com/docs/gitattributes */
function endsInLf(attributes: string, script: string): boolean {
  let keeps = false;
  for (const line of attributes.split(/\r?\n/)) {
    const [pattern = '', ...settings] = line.trim().split(/\s+/);
    if (pattern === '' || pattern.startsWith('#') || !matches(pattern, script)) continue;
    if (settings.includes('eol=lf')) keeps = true;
    else if (settings.some((setting) => /^(?:eol=crlf|-text|binary)$/.test(setting))) keeps = false;
  }
  return keeps;
}

function matches(pattern: string, script: string): boolean {
  const anchored = pattern.replace(/^\//, '').includes('/') || pattern.startsWith('/');
  const source = pattern
    .replace(/^\//, '')
    .split(/(\*\*\/?|\*|\?)/)
    .map((piece) =>
      piece.startsWith('**') ? '.*' : piece === '*' ? '[^/]*' : piece === '?' ? '[^/]' : escapeRegExp(piece),
    )
    .join('');
  return new RegExp(`^${source}$`).test(anchored ? script : nameOf(script));
}
