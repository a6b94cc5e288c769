import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import { indentAt, lineContentEnd, lineEnd, lineStart } from '../../src/lines.ts';
import { stopsAtErrors } from '../../src/model/entrypoint/extension.ts';
import type { StartScript } from '../../src/model/process.ts';
import { migrationName, peel } from '../../src/model/program.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { addressOf, waiterOf, waitLines } from '../../src/model/store/wait.ts';
import type { ShellCommand, ShellScript } from '../../src/parse/shell.ts';
import { joinContainer, nameOf } from '../../src/repo/path.ts';
import { storeNamed, waitTarget } from './wait-target.ts';

/** Waits of a start script that never end, or that use a program which the image does not have. */
export function* waitingFindings(
  stack: Stack,
  view: ServiceView,
  script: StartScript,
  parsed: ShellScript,
  started: Evidence,
): Iterable<Finding> {
  for (const command of parsed.commands) {
    const missing = missingProgram(view, parsed, command);
    if (missing) yield replaced(stack, view, script, parsed, command, [started, ...missing]);
    const endless = endlessLoop(parsed, command);
    if (endless) yield bounded(view, parsed, endless, started);
  }
}

const PROGRAMS =
  /^(?:pg_isready|psql|nc|ncat|netcat|mysqladmin|redis-cli|wait-for-it(?:\.sh)?|wait-for(?:\.sh)?|dockerize)$/;

/** Proof that a waiting program is not there; `undefined` when it is, or when nobody can say. */
function missingProgram(
  view: ServiceView,
  parsed: ShellScript,
  command: ShellCommand,
): readonly Evidence[] | undefined {
  const word = command.words[0];
  const name = nameOf(word?.text ?? '');
  if (!word || !PROGRAMS.test(name)) return undefined;
  const asks = ({ words }: ShellCommand): boolean =>
    /^(?:command|which|type|hash)$/.test(words[0]?.text ?? '') && words.some(({ text }) => text === name);
  if (parsed.commands.some(asks) || parsed.commands.some(brings)) return undefined;
  if (!word.text.includes('/')) {
    const answer = view.container.hasProgram(name);
    return answer.is === 'no' ? [{ at: word.at, says: `it waits with ${name}` }, ...answer.evidence] : undefined;
  }
  const path = joinContainer(view.container.workdir ?? '/', word.text);
  if (view.container.fileAt(path).kind !== 'absent') return undefined;
  return [{ at: word.at, says: `it waits with ${path}, which nothing puts into the image` }];
}

/** The script fetches programs itself before it waits. */
const brings = ({ words }: ShellCommand): boolean =>
  /^(?:sudo|apt|apt-get|apk|yum|dnf|microdnf|curl|wget)$/.test(words[0]?.text ?? '') &&
  words.some(({ text }) => /^(?:install|add|-o|-O|--output)$/.test(text));

function replaced(
  stack: Stack,
  view: ServiceView,
  script: StartScript,
  parsed: ShellScript,
  command: ShellCommand,
  evidence: readonly Evidence[],
): Finding {
  const name = command.words[0]?.text ?? '';
  const finding = {
    message: `${script.path} waits with ${name}, which the image of ${view.service.name} does not have, so the wait can never succeed.`,
    at: command.at,
    evidence,
  };
  const edits = replacement(stack, view, parsed, command);
  if (edits)
    return {
      ...finding,
      fix: {
        title: `Wait with ${waiterOf(view) === 'node' ? 'Node' : 'Python'} instead of ${name}`,
        safety: 'review',
        changes: edits,
      },
    };
  return {
    ...finding,
    fix: { title: `Wait without ${name}`, safety: 'manual', changes: [] },
    advice: `Install ${nameOf(name)} in the image, or wait with the interpreter that the image has (Python's socket.create_connection, Node's net.connect).`,
  };
}

function replacement(
  stack: Stack,
  view: ServiceView,
  parsed: ShellScript,
  command: ShellCommand,
): readonly Edit[] | undefined {
  const waiter = waiterOf(view);
  const target = waitTarget(view, command);
  const [first, last] = [command.words[0], command.words.at(-1)];
  if (!waiter || !first || !last) return undefined;
  if (command.within.at(-1)?.kind === 'loop-condition' && target) {
    const quiet = /2>|&>/.test(parsed.text.slice(last.at.end, command.at.end)) ? '' : ' 2>/dev/null';
    const probe =
      waiter === 'node'
        ? `node -e "const s = require('net').connect(process.argv[2], process.argv[1]); s.on('connect', () => process.exit(0)); s.on('error', () => process.exit(1))"`
        : `${waiter} -c "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()"`;
    return [
      {
        path: parsed.path,
        start: first.at.start,
        end: last.at.end,
        text: `${probe} ${target.host} ${target.port}${quiet}`,
      },
    ];
  }
  const store = storeNamed(stack, view, command);
  const address = store && addressOf(view, store);
  if (!store || !address) return undefined;
  const indent = indentAt(parsed.text, command.at.start);
  const [head = '', ...body] = waitLines(waiter, address, store);
  const block = [`${head}${stopsAtErrors(parsed) ? '' : ' || exit 1'}`, ...body];
  const dashes = command.words.findIndex(({ text }) => text === '--');
  const server = command.words[dashes + 1];
  if (dashes > 0 && server) {
    const start = lineStart(parsed.text, command.at.start);
    if (parsed.text.slice(start, command.at.start).trim() !== '') return undefined;
    const text = `${block.map((line, index) => (index === 0 ? indent + line : line)).join('\n')}\n`;
    const migration = command.within.length === 0 ? migrationBefore(parsed, command) : undefined;
    const at = migration === undefined ? start : lineStart(parsed.text, migration.at.start);
    return [
      { path: parsed.path, start: at, end: at, text: at === start ? text : `${text}\n` },
      { path: parsed.path, start: first.at.start, end: server.at.start, text: '' },
    ];
  }
  if (!command.lines || command.within.some(({ kind }) => kind.startsWith('loop'))) return undefined;
  return [
    {
      path: parsed.path,
      start: command.at.start,
      end: lineContentEnd(parsed.text, command.at.end),
      text: block.join('\n'),
    },
  ];
}

/** A migration that the script runs on a line of its own before it waits for the database: the wait belongs in front of it. */
const migrationBefore = (parsed: ShellScript, wait: ShellCommand): ShellCommand | undefined =>
  parsed.commands.find(
    ({ at, words, within, joinedBy }) =>
      at.start < wait.at.start &&
      within.length === 0 &&
      joinedBy === ';' &&
      parsed.text.slice(lineStart(parsed.text, at.start), at.start).trim() === '' &&
      migrationName(peel(words.map(({ text }) => text)).argv) !== undefined,
  );

interface Loop {
  readonly start: number;
  readonly end: number;
  /** Offset just behind `do`. */
  readonly body: number;
}

/** Words by which a loop ends on its own, whatever it waits for. */
const ENDS = /\b(?:break|exit|return|timeout|kill)\b|-(?:lt|le|gt|ge|eq|ne)\b|(?:^|[\s$])\(\(/;

/** `until X; do sleep 1; done` and `while ! X`, whose body does nothing but wait. */
function endlessLoop(parsed: ShellScript, command: ShellCommand): Loop | undefined {
  const own = command.within.at(-1);
  if (own?.kind !== 'loop-condition' || !/^(?:until\b|while\s+!)/.test(own.text.trim())) return undefined;
  const inLoop = parsed.commands.filter(({ at }) => at.start >= own.at.start && at.end <= own.at.end);
  const conditions = inLoop.filter(({ within }) =>
    within.some((each) => each.kind === 'loop-condition' && each.at.start === own.at.start),
  );
  const body = inLoop.filter((each) => !conditions.includes(each));
  const [firstBody, lastCondition] = [body[0], conditions.at(-1)];
  if (conditions[0] !== command || !firstBody || !lastCondition) return undefined;
  const text = parsed.text.slice(own.at.start, own.at.end);
  const waits = body.every(({ words }) => /^(?:sleep|echo|printf|date|:|true)$/.test(words[0]?.text ?? ':'));
  if (!waits || !body.some(({ words }) => words[0]?.text === 'sleep') || ENDS.test(text)) return undefined;
  const between = parsed.text.slice(lastCondition.at.end, firstBody.at.start);
  const word = /(?:^|[;\s])do(?=\s)/.exec(between);
  if (!word) return undefined;
  return { start: own.at.start, end: own.at.end, body: lastCondition.at.end + word.index + word[0].length };
}

/** Seconds after which a bounded wait gives up. */
const LIMIT = 60;

function bounded(view: ServiceView, parsed: ShellScript, loop: Loop, started: Evidence): Finding {
  const { text, path } = parsed;
  const at = { path, start: loop.start, end: loop.end };
  const pause = Number(/\bsleep\s+(\d+(?:\.\d+)?)/.exec(text.slice(loop.start, loop.end))?.[1] ?? 1) || 1;
  const tries = Math.max(5, Math.ceil(LIMIT / pause));
  const count = text.includes('attempts') ? 'wait_attempts' : 'attempts';
  const eol = parsed.crlf ? '\r\n' : '\n';
  const line = lineStart(text, loop.start);
  const indent = indentAt(text, loop.start);
  const oneLine = text.slice(loop.body, lineEnd(text, loop.body)).trim() !== '';
  const seconds = Math.round(tries * pause);
  const give = `echo "Nothing answered within ${seconds} s, giving up." >&2`;
  const inner = oneLine
    ? ` ${count}=$((${count} + 1)); [ "$${count}" -le ${tries} ] || { ${give}; exit 1; };`
    : `${eol}${[`${count}=$((${count} + 1))`, `if [ "$${count}" -gt ${tries} ]; then`, `  ${give}`, '  exit 1', 'fi'].map((each) => `${indent}  ${each}`).join(eol)}`;
  const own = text.slice(line, loop.start).trim() === '';
  const changes: Edit[] = [
    {
      path,
      start: own ? line : loop.start,
      end: own ? line : loop.start,
      text: own ? `${indent}${count}=0${eol}` : `${count}=0; `,
    },
    { path, start: loop.body, end: loop.body, text: inner },
  ];
  return {
    message: `${path} waits in a loop without end, so ${view.service.name} hangs without a word when what it waits for never comes.`,
    at,
    evidence: [started, { at, says: 'nothing but success ends this loop' }],
    fix: { title: `Give the wait in ${path} a limit of ${seconds} seconds`, safety: 'review', changes },
  };
}
