import type { Edit, Span } from '../../src/finding.ts';
import { withVariables } from '../../src/model/env/environment-edit.ts';
import { type Listener, listenersOf } from '../../src/model/network/listening.ts';
import type { StartCommand } from '../../src/model/process.ts';
import { rehearse, sameService } from '../../src/model/rehearsal.ts';
import type { Part } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { insertItems } from '../../src/parse/compose.ts';
import { escapeRegExp } from '../../src/pattern.ts';

const LOOPBACK = /\blocalhost\b|\b127\.\d+\.\d+\.\d+\b|\[::1\]|(?<![\w:])::1(?![\w:])/;
const ALL = '0.0.0.0';

/** The edits that make a server listen on every interface: wherever its address is written; `undefined` when they do not achieve it. */
export function rebound(stack: Stack, view: ServiceView, listener: Listener): readonly Edit[] | undefined {
  const edits = editsFor(stack, view, listener);
  return edits && edits.length > 0 && reaches(stack, view, listener, edits) ? edits : undefined;
}

function editsFor(stack: Stack, view: ServiceView, { host, port }: Listener): readonly Edit[] | undefined {
  const main = view.startup.main;
  if (!main) return undefined;
  switch (host.kind) {
    case 'argument':
      return inCommand(stack, view, main, host.value);
    case 'variable':
      return inEnvironment(stack, view, host.name);
    case 'source':
      return inText(stack, host.at, undefined);
    case 'default':
      return host.call ? inCall(stack, host.call) : appended(stack, view, main, optionsFor(main, port));
    case 'unknown':
      return undefined;
  }
}

/** The one loopback address of a stretch of text. */
function inText(stack: Stack, { path, start, end }: Span, only: string | undefined): readonly Edit[] | undefined {
  const text = (stack.repo.read(path) ?? '').slice(start, end);
  const found = [...text.matchAll(new RegExp(LOOPBACK, 'g'))].filter(
    ({ index }) => only === undefined || text.startsWith(only, index - only.search(LOOPBACK)),
  );
  const [match, ...more] = found;
  if (!match || more.length > 0) return undefined;
  return [{ path, start: start + match.index, end: start + match.index + match[0].length, text: ALL }];
}

/** Where the whole command is written, and the part of Compose that holds it. */
function placeOf(view: ServiceView, main: StartCommand): { readonly at: Span; readonly part: Part | undefined } {
  if (main.source) return { at: main.source.at, part: undefined };
  const parts = [view.container.argv?.cmd?.part, view.container.argv?.entrypoint?.part];
  const part = parts.find(
    (each) =>
      each &&
      each.node.at.path === main.at.path &&
      each.node.at.start <= main.at.start &&
      main.at.end <= each.node.at.end,
  );
  return { at: part?.node.at ?? main.at, part };
}

function inCommand(stack: Stack, view: ServiceView, main: StartCommand, value: string): readonly Edit[] | undefined {
  const { at, part } = placeOf(view, main);
  if (part?.shared) return undefined;
  if (LOOPBACK.test(value)) return inText(stack, at, value);
  // `runserver 8000`: Django's default host is the loopback.
  if (!/^\d+$/.test(value)) return undefined;
  const text = (stack.repo.read(at.path) ?? '').slice(at.start, at.end);
  const [match, ...more] = [...text.matchAll(new RegExp(`(?<![\\w.:])${value}(?![\\w.:])`, 'g'))];
  if (!match || more.length > 0) return undefined;
  const start = at.start + match.index;
  return [{ path: at.path, start, end: start, text: `${ALL}:` }];
}

function inEnvironment(stack: Stack, view: ServiceView, name: string): readonly Edit[] | undefined {
  const variable = view.service.environment.get(name);
  if (variable) return variable.value ? inText(stack, variable.value.at, undefined) : undefined;
  const own = view.startup.main?.assignments.some((each) => each.name === name);
  const main = view.startup.main;
  if (own && main) return inText(stack, placeOf(view, main).at, undefined);
  const image = view.image?.env.get(name);
  // A default in the source is right for local runs: the container gets the variable.
  return image ? inText(stack, image.at, undefined) : withVariables(new Map([[view.service, [{ name, value: ALL }]]]));
}

/** `app.run()` gets `host="0.0.0.0"`, Fastify's `listen({ port })` its `host`. */
function inCall(stack: Stack, call: Span): readonly Edit[] | undefined {
  const module = call.path.endsWith('.py') ? stack.sources.python(call.path) : undefined;
  const found = module?.calls.find(({ at }) => at.start === call.start && at.end === call.end);
  if (found) {
    const plain = found.args.findLast(({ name, star }) => name === undefined && star === '');
    const text = stack.repo.read(call.path) ?? '';
    const open = text.indexOf('(', found.calleeAt.end) + 1;
    const start = plain?.at.end ?? open;
    const host = `host="${ALL}"`;
    const first = found.args.length === 0 ? host : `${host}, `;
    return [{ path: call.path, start, end: start, text: plain ? `, ${host}` : first }];
  }
  const text = stack.repo.read(call.path) ?? '';
  const object = /^\s*\{\s*port\s*(?::[^,}]*[^,}\s])?/.exec(text.slice(call.end));
  if (!object) return undefined;
  const start = call.end + object[0].length;
  const quote = text.includes("'") ? "'" : '"';
  return [{ path: call.path, start, end: start, text: `, host: ${quote}${ALL}${quote}` }];
}

function optionsFor({ program }: StartCommand, port: number | undefined): readonly string[] | undefined {
  switch (program.name) {
    case 'gunicorn':
    case 'hypercorn':
      return ['--bind', `${ALL}:${port ?? 8000}`];
    case 'daphne':
      return ['-b', ALL];
    case 'runserver':
      return [`${ALL}:${port ?? 8000}`];
    default:
      return ['--host', ALL];
  }
}

/** Words behind the last one of a command, in the form in which it is written. */
function appended(
  stack: Stack,
  view: ServiceView,
  main: StartCommand,
  words: readonly string[] | undefined,
): readonly Edit[] | undefined {
  const { at, part } = placeOf(view, main);
  if (!words || part?.shared) return undefined;
  // ENTRYPOINT ["gunicorn"] with CMD ["app:app"]: the words of CMD are the last ones.
  const { cmd, entrypoint, command = [] } = view.container.argv ?? {};
  const last = cmd?.image?.instruction.args;
  const isSplit = !main.script && entrypoint?.image?.shell === false && last && command.length > 0;
  if (isSplit && main.argv.length > command.length)
    return behind(
      stack,
      last,
      command.map(({ text }) => text),
      words,
      false,
    );
  if (part?.node.kind === 'seq' && !part.node.flow && main.argv.length === part.node.items.length)
    return insertItems(part.file, part.path, words);
  return behind(stack, at, main.argv, words, part?.node.kind === 'seq' && part.node.flow);
}

function behind(
  stack: Stack,
  at: Span,
  argv: readonly string[],
  words: readonly string[],
  inFlow: boolean,
): readonly Edit[] | undefined {
  const text = stack.repo.read(at.path) ?? '';
  const between = `(?:(["'])?(?:[\\s\\\\]+|\\s*,\\s*)["']?)`;
  const pattern = new RegExp(`(?<![\\w./-])${argv.map(escapeRegExp).join(between)}(?![\\w./:-])`, 'g');
  const [match, ...more] = [...text.slice(at.start, at.end).matchAll(pattern)];
  if (!match || more.length > 0) return undefined;
  const end = at.start + match.index + match[0].length;
  const quote = text[end] ?? '';
  // A shell's text inside of a list has its words apart by blanks.
  const isListed = /^["']\s*[,\]]/.test(text.slice(end)) && (argv.length === 1 || match[0].includes(','));
  if (isListed) {
    const added = words.map((word) => `, ${quote}${word}${quote}`).join('');
    return [{ path: at.path, start: end + 1, end: end + 1, text: added }];
  }
  return [
    {
      path: at.path,
      start: end,
      end,
      text: words
        .map((word) => (inFlow && !/\s/.test(match[0].replace(/,\s*/g, ',')) ? `, ${word}` : ` ${word}`))
        .join(''),
    },
  ];
}

/** After the edits the same port is open on every interface, and no service of the stack starts another program. */
function reaches(stack: Stack, view: ServiceView, { port }: Listener, edits: readonly Edit[]): boolean {
  const next = rehearse(stack, edits);
  const after = sameService(next, view);
  const listeners = after && listenersOf(next, after);
  const before = view.startup.main?.argv[0];
  return (
    after?.startup.main?.argv[0] === before &&
    listeners?.some((each) => each.port === port && each.reach === 'all') === true
  );
}
