import type { Edit } from '../../finding.ts';
import { eolOf, indentAt, lineStart } from '../../lines.ts';
import { quoteWord, type ShellCommand, type ShellScript, type ShellWithin } from '../../parse/shell.ts';
import type { EntrypointPlan, EntrypointRequest, StartStep } from '../entrypoint.ts';
import type { StartCommand } from '../process.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { isOneShot, linesToRun, linesToWait, titleFor } from './start-script.ts';

/** Puts what is missing into a service's own start script, in front of its server (or of a later step that it has already). */
export function extendScript(
  stack: Stack,
  request: EntrypointRequest,
  wanted: readonly StartStep[],
  script: ShellScript,
  main: StartCommand,
): EntrypointPlan {
  const { view } = request;
  const refuse = (why: string): EntrypointPlan => ({ manual: `${script.path} cannot be extended by a splice: ${why}` });
  if (script.problems.length > 0) return refuse('it cannot be read');
  const suffix = stopsAtErrors(script) ? '' : ' || exit 1';
  const server = serverCommand(script, main);
  if (!server) return refuse('the command that starts the server was not found in it');
  const target = laterStep(view, script, request.steps, wanted) ?? server;
  const waits = waitsBefore(stack, view, script, target) ? { lines: [] } : linesToWait(view, request.waitFor);
  if ('manual' in waits) return waits;
  const runs = linesToRun(stack, view, request.steps, suffix);
  if ('manual' in runs) return runs;
  const added = [...waits.lines.map((line) => line.replace(/^(\w+ - <<'(?:PY|JS)')$/, `$1${suffix}`)), ...runs.lines];
  if (added.length === 0) return { changes: [], title: titleFor(request), evidence: [] };
  const others = otherUsers(stack, view, script.path);
  const guard = others.length > 0 && main.passed ? guardFor(view, others) : undefined;
  if (others.length > 0 && !guard)
    return refuse(`${others.map((other) => other.service.name).join(', ')} starts through it as well`);
  const line = startOf(script, target, main, view);
  const at = line === undefined ? undefined : aboveRemarks(script.text, line);
  if (at === undefined) return refuse('the server starts in the middle of a line');
  const lines = guard ? [guard, ...indented(added, '  '), 'fi'] : added;
  const indent = indentAt(script.text, at);
  const eol = eolOf(script.text);
  // Steps that open a paragraph of the script get one of their own.
  const opens = /(?:^|\n)[ \t]*\r?\n$/.test(script.text.slice(0, at)) && lines.at(-1) !== '';
  const text = indented(opens ? [...lines, ''] : lines, indent)
    .map((line) => line + eol)
    .join('');
  return {
    changes: [...describedAnew(script, request.steps, at), { path: script.path, start: at, end: at, text }],
    title: titleFor(request),
    evidence: [
      { at: server.at, says: `${view.service.name} starts its server here` },
      ...others.map((other) => ({
        at: other.service.at,
        says: `${other.service.name} starts through the same script and must not do it too`,
      })),
    ],
  };
}

/** The first comment of a script as dockfix writes it goes on telling all that the script does. */
function describedAnew(script: ShellScript, steps: readonly StartStep[], before: number): readonly Edit[] {
  const header = /^# Start of \S+: (.*)(?=then hand over to the server\.)/m.exec(script.text);
  const words = [
    ...(steps.some(({ kind }) => kind === 'migrate') ? ['migrate, '] : []),
    ...(steps.some(({ kind }) => kind === 'init') ? ['initialise, '] : []),
  ].filter((word) => !header?.[1]?.includes(word));
  const at = header ? header.index + header[0].length : before;
  return words.length === 0 || at >= before ? [] : [{ path: script.path, start: at, end: at, text: words.join('') }];
}

/** Indents shell lines; the bodies of here-documents stay as they are. */
function indented(lines: readonly string[], indent: string): string[] {
  let inside: string | undefined;
  return lines.map((line) => {
    const written = inside !== undefined || line === '' ? line : indent + line;
    if (inside === line) inside = undefined;
    else inside ??= /<<'(\w+)'/.exec(line)?.[1];
    return written;
  });
}

/** True when a script ends at the first command that fails. */
export const stopsAtErrors = (script: ShellScript): boolean =>
  / -\w*e/.test(script.shebang?.interpreter ?? '') ||
  script.commands.some(
    ({ words, within }) =>
      words[0]?.text === 'set' &&
      within.length === 0 &&
      words
        .slice(1)
        .some(({ text }, index) => /^-[a-z]*e/.test(text) || (text === 'errexit' && words[index]?.text === '-o')),
  );

/** Words that only scripts which wait for something use. */
const WAITING =
  /pg_isready|wait[-_]for|dockerize|\bnc +-|\/dev\/tcp\/|create_connection|connect_ex|mysqladmin +ping|net\.connect|createConnection|select 1|\bpsql\b|psycopg2?\.connect/i;

/** Whether something that runs before a command of the script waits already. In doubt yes: Compose's own conditions remain. */
function waitsBefore(stack: Stack, { startup }: ServiceView, script: ShellScript, target: ShellCommand): boolean {
  const inScript = startup.commands.some(
    ({ source, looped, program }) =>
      source?.at.path === script.path && source.at.start < target.at.start && (looped || program.role === 'wait'),
  );
  const before = (path: string): string =>
    path === script.path ? script.text.slice(0, target.at.start) : (stack.repo.read(path) ?? '');
  return inScript || startup.scripts.some(({ path }) => WAITING.test(before(path).replace(/^[ \t]*#.*$/gm, '')));
}

/** Whether anything that a service runs at start waits for something: a loop, a waiting program or wrapper, a script with such words. */
export const waitsAlready = (stack: Stack, { startup }: ServiceView): boolean =>
  startup.commands.some(
    ({ program, looped, wrappers }) => program.role === 'wait' || looped || wrappers.some((name) => WAITING.test(name)),
  ) || startup.scripts.some(({ path }) => WAITING.test(stack.repo.read(path) ?? ''));

/** The command of a script that the server comes from: itself, or the `"$@"` that stands for it. */
export function serverCommand(script: ShellScript, main: StartCommand): ShellCommand | undefined {
  const { source } = main;
  if (source && source.at.path === script.path)
    return script.commands.find((command) => command.at.start === source.at.start);
  return script.commands.findLast(
    ({ words, background }) => words.length === 1 && /^\$\{?[@*]\}?$/.test(words[0]?.text ?? '') && !background,
  );
}

/** A step that the script has and that belongs behind one that is missing. */
function laterStep(
  view: ServiceView,
  script: ShellScript,
  missing: readonly StartStep[],
  wanted: readonly StartStep[],
): ShellCommand | undefined {
  // Without a step of its own a wait goes in front of the first one that the script has.
  if (wanted.length === 0) {
    const migrates = view.startup.commands.find(
      ({ source, program }) => source?.at.path === script.path && program.role === 'migration',
    );
    return script.commands.find((command) => migrates?.source && command.at.start === migrates.source.at.start);
  }
  const last = missing.at(-1);
  const later = last
    ? wanted.slice(wanted.findIndex((step) => step.kind === last.kind && step.argv.at(-1) === last.argv.at(-1)) + 1)
    : [];
  const present = view.startup.commands.find(
    ({ argv, source }) =>
      source?.at.path === script.path && later.some((step) => step.argv.join('\0') === argv.join('\0')),
  );
  return script.commands.find((command) => present?.source && command.at.start === present.source.at.start);
}

/** Other services that stay and that start through the same script. */
export function otherUsers(stack: Stack, view: ServiceView, path: string): readonly ServiceView[] {
  return stack.services
    .filter((other) => other !== view.service)
    .map((other) => stack.view(other))
    .filter((other) => other.startup.main?.script === path && !isOneShot(other))
    .filter(
      (other) =>
        other.startup.main?.source === undefined ||
        other.startup.main.source.at.start === view.startup.main?.source?.at.start,
    )
    .filter(
      (other) =>
        other.service.name !== view.service.name ||
        other.startup.main?.program.role !== view.startup.main?.program.role,
    );
}

/** `if` for the commands that this service passes and none of the others does; only for the container's own entrypoint. */
function guardFor(view: ServiceView, others: readonly ServiceView[]): string | undefined {
  const first = (each: ServiceView): string | undefined =>
    each.startup.scripts[0]?.path === each.startup.main?.script ? each.container.argv?.command[0]?.text : undefined;
  const own = first(view);
  const theirs = others.map(first);
  if (own === undefined || theirs.some((word) => word === undefined || word === own)) return undefined;
  return `if [ "\${1:-}" = ${quoteWord(own)} ]; then`;
}

/** Where lines go so that they run before a command: its own line, or the construct around it when no other process starts there. */
function startOf(script: ShellScript, target: ShellCommand, main: StartCommand, view: ServiceView): number | undefined {
  const outer = target.within[0];
  const at = outer && !choosesProcess(outer, view, main) ? outer.at.start : chainStart(script, target);
  const start = at === undefined ? undefined : lineStart(script.text, at);
  return start === undefined || at === undefined || script.text.slice(start, at).trim() !== '' ? undefined : start;
}

/** Comments and messages that announce the server stay with it. */
function aboveRemarks(text: string, line: number): number {
  let at = line;
  while (at > 0) {
    const above = lineStart(text, at - 1);
    if (!/^[ \t]*(?:#(?!!)|echo\b|printf\b)/.test(text.slice(above, at)) || /[\\]\r?\n$/.test(text.slice(above, at)))
      return at;
    at = above;
  }
  return at;
}

/** A construct whose other branches start another process (`case "$1" in worker)`), or that is a function. */
function choosesProcess(outer: ShellWithin, view: ServiceView, main: StartCommand): boolean {
  if (outer.kind === 'function' || outer.kind === 'case') return true;
  return view.startup.commands.some(
    ({ source, program }) =>
      source !== undefined &&
      source.at.path === main.script &&
      source.at.start >= outer.at.start &&
      source.at.end <= outer.at.end &&
      /^(?:worker|beat|monitor)$/.test(program.role),
  );
}

/** The first command of `a && b && server`; `undefined` behind `||` or in a pipe. */
function chainStart(script: ShellScript, target: ShellCommand): number | undefined {
  let index = script.commands.indexOf(target);
  while (index >= 0) {
    const command = script.commands[index];
    if (!command || command.joinedBy === '||' || command.joinedBy === '|') return undefined;
    if (command.joinedBy === ';') return command.at.start;
    index -= 1;
  }
  return undefined;
}
