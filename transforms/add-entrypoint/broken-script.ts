import type { Change, Evidence, Finding } from '../../src/finding.ts';
import { otherUsers, serverCommand } from '../../src/model/entrypoint/extension.ts';
import { executableIn } from '../../src/model/entrypoint/script-mode.ts';
import type { StartScript } from '../../src/model/process.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { ShellCommand, ShellScript } from '../../src/parse/shell.ts';
import { nameOf } from '../../src/repo/path.ts';
import { isWeb } from './missing-steps.ts';
import { waitingFindings } from './waiting.ts';

/** Start scripts of web services that cannot do their job. */
export function* brokenScripts(stack: Stack): Iterable<Finding> {
  const seen = new Set<string>();
  for (const service of stack.services) {
    const view = stack.view(service);
    if (view.store || !isWeb(view)) continue;
    for (const script of view.startup.scripts) {
      const parsed = stack.sources.shell(script.path);
      if (!parsed || seen.has(script.path)) continue;
      seen.add(script.path);
      yield* findingsFor(stack, view, script, parsed);
    }
  }
}

function* findingsFor(stack: Stack, view: ServiceView, script: StartScript, parsed: ShellScript): Iterable<Finding> {
  const started: Evidence = {
    at: script.at,
    says: `${view.service.name} starts ${script.containerPath}, which is ${script.path}`,
  };
  // New lines follow the file's own line endings: they wait until those are right.
  const crlf = crlfFinding(stack, view, script, parsed, started);
  if (crlf) return yield crlf;
  const direct = !script.interpreted && isContainersProcess(view, script);
  if (direct) {
    const shebang = shebangFinding(view, script, parsed, started);
    if (shebang) yield shebang;
  }
  const mode = script.interpreted ? undefined : modeFinding(stack, view, script, started);
  if (mode) yield mode;
  if (parsed.problems.length > 0) return;
  const exec = execFinding(stack, view, script, parsed, started);
  if (exec) yield exec;
  yield* waitingFindings(stack, view, script, parsed, started);
}

/** Docker itself executes the script: neither a wrapper nor another shell stands between. */
const isContainersProcess = (view: ServiceView, script: StartScript): boolean => {
  const first = view.container.argv?.words[0]?.text;
  return view.startup.scripts[0] === script && first !== undefined && nameOf(first) === nameOf(script.containerPath);
};

const top = (script: StartScript): Evidence['at'] => ({ path: script.path, start: 0, end: 0 });

function crlfFinding(
  stack: Stack,
  view: ServiceView,
  script: StartScript,
  parsed: ShellScript,
  started: Evidence,
): Finding | undefined {
  const runs = view.image?.layers.filter(({ instruction }) => instruction.keyword === 'RUN') ?? [];
  if (!parsed.crlf || runs.some(({ instruction }) => /dos2unix|\\r/.test(instruction.script))) return undefined;
  const edits: Change[] = [...parsed.text.matchAll(/\r(?=\n)/g)].map(({ index }) => ({
    path: script.path,
    start: index,
    end: index + 1,
    text: '',
  }));
  return {
    message: `${script.path} has Windows line endings, so Linux looks for an interpreter whose name ends in a carriage return and ${view.service.name} dies with "no such file or directory".`,
    at: top(script),
    evidence: [
      started,
      {
        at: { path: script.path, start: 0, end: Math.max(0, parsed.text.indexOf('\n')) },
        says: 'this line and others end in CRLF',
      },
    ],
    fix: {
      title: `Give ${script.path} Unix line endings, and keep git from changing them`,
      safety: 'safe',
      changes: [...edits, ...keepLf(stack)],
    },
  };
}

/** A rule for shell scripts in .gitattributes, so that a checkout on Windows does not bring the CRLF back. */
function keepLf(stack: Stack): readonly Change[] {
  const path = '.gitattributes';
  const text = stack.repo.read(path);
  const rule = '*.sh text eol=lf';
  if (text === undefined) return stack.repo.has(path) ? [] : [{ path, create: `${rule}\n` }];
  if (/^\s*(?:\*|\*\.sh|\S*\.sh)\s.*\beol=lf\b/m.test(text)) return [];
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lead = text === '' || text.endsWith('\n') ? '' : eol;
  return [{ path, start: text.length, end: text.length, text: `${lead}${rule}${eol}` }];
}

const BASHISMS = /\[\[|\bpipefail\b|^\s*source\s|^\s*function\s|=\(|<<<|\$\{\w+(?:\^|,|\/)|&>/m;

function shebangFinding(
  view: ServiceView,
  script: StartScript,
  parsed: ShellScript,
  started: Evidence,
): Finding | undefined {
  const bom = parsed.text.startsWith('\ufeff');
  if (parsed.shebang && !bom) return undefined;
  const wantsBash = BASHISMS.test(parsed.text);
  const bash = view.container.hasProgram('bash').is === 'yes';
  if (!parsed.shebang && wantsBash && !bash) return undefined;
  const line = parsed.shebang ? '' : `#!/bin/${wantsBash ? 'bash' : 'sh'}\n`;
  return {
    message: `${script.path} ${parsed.shebang ? 'has a byte order mark in front of #!' : 'does not begin with #!'}, so Docker cannot tell what runs it and ${view.service.name} dies with "exec format error".`,
    at: top(script),
    evidence: [started],
    fix: {
      title: parsed.shebang
        ? `Take the byte order mark off ${script.path}`
        : `Begin ${script.path} with ${line.trim()}`,
      safety: 'safe',
      changes: [{ path: script.path, start: 0, end: bom ? 1 : 0, text: line }],
    },
  };
}

function modeFinding(stack: Stack, view: ServiceView, script: StartScript, started: Evidence): Finding | undefined {
  const answer = executableIn(stack.repo, view, script);
  if (answer.is !== 'no') return undefined;
  return {
    message: `${script.path} is not executable where ${view.service.name} runs it, so the container dies with "permission denied".`,
    at: started.at,
    evidence: [started, ...answer.evidence],
    fix: { title: `Make ${script.path} executable`, safety: 'safe', changes: [{ path: script.path, mode: 0o755 }] },
  };
}

function execFinding(
  stack: Stack,
  view: ServiceView,
  script: StartScript,
  parsed: ShellScript,
  started: Evidence,
): Finding | undefined {
  const { main } = view.startup;
  if (!main || main.script !== script.path || main.background || main.looped || parsed.crlf) return undefined;
  const server = serverCommand(parsed, main);
  const first = server?.words[0];
  if (!server || !first || server.exec || !endsScript(parsed, server)) return undefined;
  if (forwardsSignals(view) || otherUsers(stack, view, script.path).some((other) => other.startup.main?.looped))
    return undefined;
  return {
    message: `${script.path} starts the server without exec, so the shell stays in front of it as process 1 and "docker stop" kills ${view.service.name} after ten seconds instead of letting it end its requests.`,
    at: server.at,
    evidence: [started, { at: server.at, says: 'the last command; exec would hand the process over to it' }],
    fix: {
      title: `exec the server in ${script.path}`,
      safety: 'safe',
      changes: [{ path: script.path, start: first.at.start, end: first.at.start, text: 'exec ' }],
    },
  };
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
