import { folderOf, joinContainer, resolveIn } from '../../repo/path.ts';
import type { StartCommand } from '../process.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { type HostSource, type Listener, portOf, reachOf } from './listening.ts';

const LISTEN = /(?<![\w$])([\w$]+(?:\([^()]*\))?)\s*\.\s*listen\(/g;
const IMPORTED = /(?:\brequire\(\s*|\bfrom\s+|\bimport\s+)['"](\.{1,2}\/[^'"]+)['"]/g;
const MAX_FILES = 200;

/** The sockets of a Node process, by the one `listen` call of its files; `undefined` when it is not the only one, or not plain. */
export function nodeListeners(stack: Stack, view: ServiceView, main: StartCommand): readonly Listener[] | undefined {
  if (!/^(?:node|nodemon|ts-node|tsx)$/.test(main.program.name)) return undefined;
  const calls = nodeFilesOf(stack, view).flatMap(({ path, text }) =>
    [...text.matchAll(LISTEN)].map((match) => ({
      path,
      text,
      start: match.index,
      open: match.index + match[0].length,
    })),
  );
  const [only, ...more] = calls.filter(({ text, start }) => !/^\s*(?:\/\/|\*)/.test(lineAt(text, start)));
  if (!only || more.length > 0) return undefined;
  const { path, text, start, open } = only;
  const args = argumentsAt(text, open);
  if (!args) return undefined;
  const [first, second] = args;
  const isObject = first?.text.startsWith('{') === true;
  const given = (name: string): Argument | undefined =>
    isObject && first ? propertyIn(first, name) : name === 'port' ? first : plainHost(second);
  const [portArgument, hostArgument] = [given('port'), given('host')];
  const port = portArgument && plainOf(view, text, portArgument.text);
  const host = hostArgument && plainOf(view, text, hostArgument.text);
  // https://fastify.dev/docs/latest/Reference/Server/#listen: localhost, where Node's own default is every interface.
  const isFastify = /['"]fastify['"]/.test(text);
  const shown = hostArgument ? host?.text : isFastify ? 'localhost' : '::';
  const from: HostSource = !hostArgument
    ? { kind: 'default', call: { path, start, end: open } }
    : host?.literal === true
      ? { kind: 'source', at: { path, start: hostArgument.start, end: hostArgument.start + hostArgument.text.length } }
      : host?.variable === undefined
        ? { kind: 'unknown' }
        : { kind: 'variable', name: host.variable };
  const number = portOf(port?.text);
  const says = `the process listens on ${shown ?? '?'} port ${number ?? '?'} here`;
  return [{ reach: reachOf(shown), port: number, host: from, evidence: [{ at: { path, start, end: open }, says }] }];
}

const lineAt = (text: string, at: number): string => text.slice(text.lastIndexOf('\n', at - 1) + 1, at);

/** The files of the repository that a Node process loads through relative imports, the first one first. */
export function nodeFilesOf(
  stack: Stack,
  view: ServiceView,
): readonly { readonly path: string; readonly text: string }[] {
  const named = view.startup.main?.program.app?.module;
  if (named === undefined || view.container.workdir === undefined) return [];
  const first = [named, `${named}.js`, `${named}/index.js`]
    .map((each) => view.container.fileAt(joinContainer(view.container.workdir ?? '/', each)))
    .find((each) => each.kind === 'repo' && /\.[cm]?[jt]s$/.test(each.path));
  const found = new Map<string, string>();
  const queue = first?.kind === 'repo' ? [first.path] : [];
  for (let path = queue.shift(); path !== undefined && found.size < MAX_FILES; path = queue.shift()) {
    const text = found.has(path) ? undefined : stack.repo.read(path);
    if (text === undefined) continue;
    found.set(path, text);
    for (const [, relative = ''] of text.matchAll(IMPORTED)) {
      const base = resolveIn(folderOf(path), relative);
      const stem = base?.replace(/\.[cm]?js$/, '');
      const names = [base, ...['.js', '.ts', '.mjs', '.cjs', '/index.js', '/index.ts'].map((end) => `${stem}${end}`)];
      const next = names.find((each) => each !== undefined && /\.[cm]?[jt]s$/.test(each) && stack.repo.has(each));
      if (next !== undefined) queue.push(next);
    }
  }
  return [...found].map(([path, text]) => ({ path, text }));
}

interface Argument {
  readonly text: string;
  readonly start: number;
}

/** The arguments of a call whose bracket opens just before `open`, as written. */
function argumentsAt(text: string, open: number): readonly Argument[] | undefined {
  const found: Argument[] = [];
  let depth = 0;
  let from = open;
  let quote = '';
  const take = (end: number): void => {
    const raw = text.slice(from, end);
    if (raw.trim() !== '') found.push({ text: raw.trim(), start: from + raw.indexOf(raw.trim()) });
    from = end + 1;
  };
  for (let at = open; at < text.length && at < open + 4000; at += 1) {
    const character = text[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if (/["'`]/.test(character)) quote = character;
    else if (/[([{]/.test(character)) depth += 1;
    else if (/[)\]}]/.test(character)) {
      if (depth === 0) {
        take(at);
        return found;
      }
      depth -= 1;
    } else if (character === ',' && depth === 0) take(at);
  }
  return undefined;
}

function propertyIn({ text, start }: Argument, name: string): Argument | undefined {
  const match = new RegExp(`[{,]\\s*${name}\\s*(?::\\s*([^,}]+?))?\\s*(?=[,}])`).exec(text);
  if (!match) return undefined;
  const value = match[1] ?? name;
  return { text: value, start: start + match.index + match[0].lastIndexOf(value) };
}

/** The second argument is a host unless it is a callback. */
const plainHost = (argument: Argument | undefined): Argument | undefined =>
  argument && !/=>|^(?:async\s+)?function\b|^(?:\(\)|\w*(?:callback|cb|done|onListen)\w*$)/i.test(argument.text)
    ? argument
    : undefined;

interface NodeValue {
  readonly text: string;
  readonly literal: boolean;
  readonly variable: string | undefined;
}

/** `3000`, `'localhost'`, `PORT`, `process.env.PORT || 3000`, `Number(…)`. */
function plainOf(view: ServiceView, text: string, expression: string): NodeValue | undefined {
  const plain = expression.trim();
  const literal = /^(?:(\d+)|'([^']*)'|"([^"]*)")$/.exec(plain);
  if (literal) return { text: literal[1] ?? literal[2] ?? literal[3] ?? '', literal: true, variable: undefined };
  const wrapped = /^(?:Number|parseInt|String)\(\s*(.*?)\s*(?:,\s*10\s*)?\)$/s.exec(plain) ?? /^\((.*)\)$/s.exec(plain);
  if (wrapped?.[1] !== undefined) return plainOf(view, text, wrapped[1]);
  const read = /^(?:\+\s*)?process\.env(?:\.(\w+)|\[['"](\w+)['"]\])(?:\s*(?:\|\||\?\?)\s*(.+))?$/s.exec(plain);
  if (read) {
    const name = read[1] ?? read[2] ?? '';
    const value = view.container.variable(name);
    if (value !== undefined) return { text: value, literal: false, variable: name };
    const mayBe = view.service.environment.has(name) || view.service.hiddenEnvironment;
    const fallback =
      read[3] === undefined || mayBe || /['"]dotenv/.test(text) ? undefined : plainOf(view, text, read[3]);
    return fallback && { ...fallback, literal: false, variable: name };
  }
  if (!/^[A-Za-z_$][\w$]*$/.test(plain)) return undefined;
  const bindings = [
    ...text.matchAll(
      new RegExp(`(?:const|let|var)\\s+${plain.replace(/\$/g, '\\$')}\\s*(?::\\s*\\w+\\s*)?=\\s*([^;\\n]+)`, 'g'),
    ),
  ];
  const value = bindings.length === 1 ? plainOf(view, text, bindings[0]?.[1] ?? '') : undefined;
  return value && { ...value, literal: false };
}
