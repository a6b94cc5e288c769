import type { PythonCall, PythonModule } from '../../parse/python.ts';
import { joinContainer } from '../../repo/path.ts';
import type { StartCommand } from '../process.ts';
import { plainValue } from '../python/plain-value.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { type HostSource, type Listener, portOf, reachOf } from './listening.ts';

/** A call that serves, by what it is a call of: the positions of host and port among its plain arguments, and its defaults. */
interface Serving {
  readonly host: number | undefined;
  readonly port: number | undefined;
  readonly defaults: readonly [host: string, port: number];
}

const SERVING: readonly { readonly dotted: RegExp; readonly how: Serving }[] = [
  { dotted: /^flask\.(?:\w+\.)?Flask\.run$/, how: { host: 0, port: 1, defaults: ['127.0.0.1', 5000] } },
  { dotted: /^uvicorn\.(?:\w+\.)?run$/, how: { host: undefined, port: undefined, defaults: ['127.0.0.1', 8000] } },
  { dotted: /^flask_socketio\.SocketIO\.run$/, how: { host: 1, port: 2, defaults: ['127.0.0.1', 5000] } },
  { dotted: /^waitress\.serve$/, how: { host: undefined, port: undefined, defaults: ['0.0.0.0', 8080] } },
  { dotted: /^aiohttp\.web\.run_app$/, how: { host: undefined, port: undefined, defaults: ['0.0.0.0', 8080] } },
];

/** The sockets of `python app.py`, by the one call of the file that serves; `undefined` when it is not the only one, or not known. */
export function scriptListeners(stack: Stack, view: ServiceView, main: StartCommand): readonly Listener[] | undefined {
  const module = scriptOf(stack, view, main);
  if (!module) return undefined;
  const serving = module.calls.flatMap((call) => {
    const dotted = dottedOf(view, module, call);
    const how = SERVING.find((each) => each.dotted.test(dotted))?.how;
    return how ? [{ call, how }] : [];
  });
  const [only, ...more] = serving;
  if (
    !only ||
    more.length > 0 ||
    only.call.args.some(({ star, name }) => star !== '' || name === 'uds' || name === 'fd')
  )
    return undefined;
  const { call, how } = only;
  // Flask takes the default address from SERVER_NAME.
  if (/\bSERVER_NAME\b/.test(module.text)) return undefined;
  const plain = call.args.filter(({ name }) => name === undefined);
  const argument = (name: string, index: number | undefined) =>
    call.args.find((each) => each.name === name) ?? (index === undefined ? undefined : plain[index]);
  const [host, port] = [argument('host', how.host), argument('port', how.port)];
  const read = (each: typeof host) =>
    each && plainValue(stack, view, module, { text: each.text, at: each.value }, call.scope);
  const hostValue = host ? read(host)?.text : how.defaults[0];
  const number = port ? portOf(read(port)?.text) : how.defaults[1];
  const from: HostSource = !host ? { kind: 'default', call: call.at } : sourceOf(read(host));
  const shown = `${hostValue ?? '?'}:${number ?? '?'}`;
  const says = `${call.callee}() listens on ${shown}${host ? '' : ' by default'}`;
  return [
    {
      reach: reachOf(hostValue),
      port: number,
      host: from,
      evidence: [
        { at: main.at, says: `${view.service.name} runs ${module.path}` },
        { at: call.at, says },
      ],
    },
  ];
}

const sourceOf = (value: ReturnType<typeof plainValue>): HostSource =>
  value?.literal
    ? { kind: 'source', at: value.literal }
    : value?.variable === undefined
      ? { kind: 'unknown' }
      : { kind: 'variable', name: value.variable };

/** The repository's Python file that a command runs as a script. */
export function scriptOf(stack: Stack, view: ServiceView, main: StartCommand): PythonModule | undefined {
  const file = main.program.name === 'python' ? main.program.app?.module : undefined;
  if (file === undefined || view.container.workdir === undefined) return undefined;
  const path = file.endsWith('.py') ? file : `${file.replaceAll('.', '/')}.py`;
  const found = [path, path.replace(/\.py$/, '/__main__.py')]
    .map((each) => view.container.fileAt(joinContainer(view.container.workdir ?? '/', each)))
    .find((each) => each.kind === 'repo');
  return found?.kind === 'repo' ? stack.sources.python(found.path) : undefined;
}

/** A call by the package that it belongs to: `app.run` → `flask.Flask.run` where app is a Flask application. */
function dottedOf(view: ServiceView, module: PythonModule, call: PythonCall): string {
  const [object = '', ...rest] = call.callee.split('.');
  const origin = view.python.origin(module, call.callee, call.scope);
  if (origin?.kind === 'external') return origin.dotted;
  const local = module.assignments.findLast((each) => each.target === object && each.scope === call.scope);
  const made = local
    ? { module, value: local.value }
    : origin?.kind === 'defined'
      ? {
          module: origin.module,
          value: origin.module.assignments.findLast(
            (each) => each.target === origin.name.split('.')[0] && each.scope === '',
          )?.value,
        }
      : undefined;
  const callee = /^([\w.]+)\(/.exec(made?.value?.text ?? '')?.[1];
  if (!made || callee === undefined || rest.length === 0) return '';
  return [classOf(view, made.module, callee), ...rest].join('.');
}

/** The package's class that a call makes: itself, or what the repository's factory returns. */
function classOf(view: ServiceView, module: PythonModule, callee: string): string {
  const origin = view.python.origin(module, callee, '');
  if (origin?.kind === 'external') return origin.dotted;
  if (origin?.kind !== 'defined') return '';
  const made = origin.module.assignments.filter(
    (each) => each.scope === origin.name && /^[\w.]*(?:Flask|FastAPI)\(/.test(each.value?.text ?? ''),
  );
  const inner = /^([\w.]+)\(/.exec(made[0]?.value?.text ?? '')?.[1];
  const package_ = inner === undefined ? undefined : view.python.origin(origin.module, inner, origin.name);
  return made.length === 1 && package_?.kind === 'external' ? package_.dotted : '';
}
