import type { Finding } from '../../src/finding.ts';
import { otherUsers, serverCommand } from '../../src/model/entrypoint/extension.ts';
import type { StartedScript } from '../../src/model/script/started.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { ShellCommand, ShellScript } from '../../src/parse/shell.ts';
import { escapeRegExp } from '../../src/pattern.ts';
import { nameOf } from '../../src/repo/path.ts';
import { startedAt } from './started.ts';

/** A script whose last command is the server, started without `exec`. */
export function execFinding(stack: Stack, script: ShellScript, uses: readonly StartedScript[]): Finding | undefined {
  for (const use of uses) {
    const server = use.view && isInFront(stack, use, use.view) ? serverWithoutExec(stack, script, use.view) : undefined;
    const first = server?.words[0];
    if (!server || !first) continue;
    return {
      message: `${script.path} starts the server without exec, so the shell stays in front of it as process 1 and "docker stop" kills ${use.owner} after ten seconds instead of letting it end its work.`,
      at: server.at,
      evidence: [startedAt(use), { at: server.at, says: 'the last command; exec would hand the process over to it' }],
      fix: {
        title: `exec the server in ${script.path}`,
        safety: 'review',
        changes: [{ path: script.path, start: first.at.start, end: first.at.start, text: 'exec ' }],
      },
    };
  }
  return undefined;
}

/** Nothing stays in front of the script itself: no script or command line that starts it and goes on waiting for it. */
function isInFront(stack: Stack, use: StartedScript, { startup, container }: ServiceView): boolean {
  if (startup.scripts.some(({ path }) => path === use.at.path && path !== use.path)) {
    const call = stack.sources.shell(use.at.path)?.commands.find(({ at }) => at.start === use.at.start);
    return call?.exec === true;
  }
  const line =
    container.argv?.words.find((_, index, words) => /^-\w*c$/.test(words[index - 1]?.text ?? ''))?.text ?? '';
  return !/[;&|\n]/.test(line) || new RegExp(`\\bexec\\s+\\S*${escapeRegExp(nameOf(use.containerPath))}`).test(line);
}

function serverWithoutExec(stack: Stack, script: ShellScript, view: ServiceView): ShellCommand | undefined {
  const { main } = view.startup;
  if (!main || main.script !== script.path || main.background || main.looped) return undefined;
  if (!/^(?:web|worker|beat|monitor)$/.test(main.program.role)) return undefined;
  const server = serverCommand(script, main);
  if (!server || server.words.length === 0 || server.exec || !endsScript(script, server)) return undefined;
  const looped = otherUsers(stack, view, script.path).some((other) => other.startup.main?.looped);
  return forwardsSignals(view) || looped ? undefined : server;
}

/** Nothing of the script runs after the command, and nothing of it waits for the command's end. */
function endsScript(script: ShellScript, server: ShellCommand): boolean {
  if (server.assignments.length > 0 || server.background || server.joinedBy === '|' || server.joinedBy === '||')
    return false;
  if (server.within.some(({ kind }) => !/^(?:if-body|else-body|case)$/.test(kind))) return false;
  if (script.commands.some(({ words, background }) => words[0]?.text === 'trap' || background)) return false;
  const index = script.commands.indexOf(server);
  const branch = server.within[0]?.at;
  const after = script.commands.slice(index + 1);
  const inSameBranch = (other: ShellCommand): boolean =>
    other.within.at(-1)?.text === server.within.at(-1)?.text &&
    other.within.at(-1)?.kind === server.within.at(-1)?.kind;
  return after.every(
    (other) => branch !== undefined && other.within[0]?.at.start === branch.start && !inSameBranch(other),
  );
}

/** dumb-init, and tini with `-g`, signal the whole process group. */
const forwardsSignals = ({ container }: ServiceView): boolean => {
  const words = container.argv?.words.map(({ text }) => text) ?? [];
  const name = nameOf(words[0] ?? '');
  return name === 'dumb-init' || (name === 'tini' && words.includes('-g'));
};
