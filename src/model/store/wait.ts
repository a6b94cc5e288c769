import type { ServiceView } from '../stack.ts';
import { hostsIn, namesOf, type Store } from '../store.ts';

/** What a script waits with: the interpreter that the image has for its own application. */
export type Waiter = 'python' | 'python3' | 'node';

/** Where a process learns a store's host and port; a URL may hold a password, so it is never written down. */
export type StoreAddress =
  | { readonly kind: 'url'; readonly variable: string; readonly port: number }
  | {
      readonly kind: 'host';
      readonly variable: string;
      readonly host: string;
      readonly portVariable: string | undefined;
      readonly port: number;
    }
  | { readonly kind: 'literal'; readonly host: string; readonly port: number };

/** Seconds that a script waits for one store before it gives up. */
const LIMIT = 60;

const TITLES: Readonly<Partial<Record<Store['kind'], string>>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  mongo: 'MongoDB',
  redis: 'Redis',
  rabbitmq: 'RabbitMQ',
};

/** A store as people name it. */
export const titleOf = (store: Store): string => TITLES[store.kind] ?? store.service.name;

const NODE = /^(?:node|nodemon|ts-node|tsx|pm2|pm2-runtime|next|npm|npx|yarn|pnpm|serve)\b/;

/** True for processes that Node runs, by the name of their program. */
export const isNodeProgram = (name: string): boolean => NODE.test(name);

/** The interpreter that a wait can use; `undefined` when the image has neither, or nobody can say. */
export function waiterOf(view: ServiceView): Waiter | undefined {
  const name = view.startup.main?.program.name ?? '';
  if (isNodeProgram(name)) return 'node';
  const has = (program: string): boolean => view.container.hasProgram(program).is === 'yes';
  if (has('python')) return 'python';
  if (has('python3')) return 'python3';
  if (has('node')) return 'node';
  // Wherever one of these runs there is a python3: virtual environments, Debian, Alpine and the official images have it.
  if (/^(?:python|gunicorn|uvicorn|hypercorn|daphne|granian|uwsgi|flask|fastapi|runserver|celery)/.test(name))
    return 'python3';
  return undefined;
}

/** How a service's process learns where a store is; `undefined` when it cannot be told (host network). */
export function addressOf(view: ServiceView, store: Store): StoreAddress | undefined {
  const names = namesOf(store.service);
  const known = [
    ...[...view.service.environment.values()].map(({ name, value }) => ({ name, text: value?.text })),
    ...[...(view.image?.env ?? [])].map(([name, { value }]) => ({ name, text: value })),
  ].filter(({ text }) => text !== undefined && hostsIn(text).some((host) => names.has(host)));
  const usual = known.filter(({ name }) => /DATABASE|DB|SQL|PG|POSTGRES|MONGO|REDIS|BROKER|AMQP|RABBIT/i.test(name));
  const ordered = [...usual, ...known];
  const url = ordered.find(({ text }) => text?.includes('://'));
  if (url) return { kind: 'url', variable: url.name, port: store.port };
  const host = ordered.find(({ text }) => text !== undefined && /^[\w.-]+$/.test(text));
  if (host?.text !== undefined) {
    const portVariable = host.name.replace(/HOST(?:NAME)?|SERVER|ADDRESS/i, 'PORT');
    const given = portVariable !== host.name && view.service.environment.get(portVariable)?.value;
    const port = given && !given.unknown && /^\d+$/.test(given.text) ? Number(given.text) : store.port;
    return { kind: 'host', variable: host.name, host: host.text, portVariable: given ? portVariable : undefined, port };
  }
  if (view.service.networkMode !== undefined) return undefined;
  const pair = ordered.map(({ text }) => /^([\w.-]+):(\d+)$/.exec(text ?? '')).find(Boolean);
  return { kind: 'literal', host: store.service.name, port: pair?.[2] ? Number(pair[2]) : store.port };
}

/** Shell lines that wait until a store accepts connections, and end the script with a message when it does not. */
export function waitLines(waiter: Waiter, address: StoreAddress, store: Store): readonly string[] {
  return waiter === 'node' ? nodeLines(address, store) : pythonLines(waiter, address, store);
}

function pythonLines(waiter: Waiter, address: StoreAddress, store: Store): readonly string[] {
  const port = (host: string): string =>
    address.kind === 'host' && address.portVariable !== undefined
      ? `(${host}, int(os.environ.get("${address.portVariable}", "${address.port}")))`
      : `(${host}, ${address.port})`;
  const head =
    address.kind === 'url'
      ? [
          'import os, socket, sys, time',
          'from urllib.parse import urlsplit',
          '',
          `url = urlsplit(os.environ["${address.variable}"])`,
          `address = (url.hostname, url.port or ${address.port})`,
        ]
      : [
          address.kind === 'host' ? 'import os, socket, sys, time' : 'import socket, sys, time',
          '',
          `address = ${port(address.kind === 'host' ? `os.environ.get("${address.variable}", "${address.host}")` : `"${address.host}"`)}`,
        ];
  return [
    `${waiter} - <<'PY'`,
    ...head,
    `limit = time.monotonic() + ${LIMIT}`,
    'while True:',
    '    try:',
    '        socket.create_connection(address, timeout=2).close()',
    '        break',
    '    except OSError as error:',
    '        if time.monotonic() > limit:',
    `            sys.exit(f"${titleOf(store)} at {address[0]}:{address[1]} did not answer within ${LIMIT} s: {error}")`,
    '        time.sleep(1)',
    'PY',
  ];
}

function nodeLines(address: StoreAddress, store: Store): readonly string[] {
  const port = (variable: string | undefined): string =>
    variable === undefined ? String(address.port) : `Number(process.env.${variable}) || ${address.port}`;
  const head =
    address.kind === 'url'
      ? [
          `const url = new URL(process.env.${address.variable});`,
          `const address = { host: url.hostname, port: Number(url.port) || ${address.port} };`,
        ]
      : address.kind === 'host'
        ? [
            `const address = { host: process.env.${address.variable} || '${address.host}', port: ${port(address.portVariable)} };`,
          ]
        : [`const address = { host: '${address.host}', port: ${address.port} };`];
  return [
    "node - <<'JS'",
    "const net = require('node:net');",
    '',
    ...head,
    `const limit = Date.now() + ${LIMIT}_000;`,
    'const attempt = () => {',
    '  const socket = net.connect({ ...address, timeout: 2000 });',
    '  const failed = (error) => {',
    '    socket.destroy();',
    '    if (Date.now() < limit) return setTimeout(attempt, 1000);',
    `    console.error(\`${titleOf(store)} at \${address.host}:\${address.port} did not answer within ${LIMIT} s: \${error.message}\`);`,
    '    process.exit(1);',
    '  };',
    "  socket.once('connect', () => process.exit(0));",
    "  socket.once('timeout', () => failed(new Error('timed out')));",
    "  socket.once('error', failed);",
    '};',
    'attempt();',
    'JS',
  ];
}
