import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { databasesOf } from '../../src/model/store/databases.ts';
import { namesOf, type Store, storeOf } from '../../src/model/store.ts';
import type { ShellCommand } from '../../src/parse/shell.ts';
import { nameOf } from '../../src/repo/path.ts';

/** Host and port that a waiting command asks, as shell words. */
export interface WaitTarget {
  readonly host: string;
  readonly port: string;
}

const PORTS: Readonly<Record<string, string>> = {
  pg_isready: '5432',
  psql: '5432',
  mysqladmin: '3306',
  'redis-cli': '6379',
};

/** Reads `-h db -p 5432`, `-z db 5432`, `db:5432`; falls back to the one database of the service. */
export function waitTarget(view: ServiceView, command: ShellCommand): WaitTarget | undefined {
  const words = command.words;
  const option = (names: readonly string[]): string | undefined => {
    for (const [index, { text, source }] of words.entries()) {
      if (names.includes(text)) return words[index + 1]?.source;
      const long = names.find((name) => name.startsWith('--') && text.startsWith(`${name}=`));
      if (long) return requote(source.slice(source.indexOf('=') + 1), source);
      const short = names.find(
        (name) => /^-\w$/.test(name) && text.startsWith(name) && !text.startsWith('--') && text.length > 2,
      );
      if (short) return source.slice(2);
    }
    return undefined;
  };
  const name = nameOf(words[0]?.text ?? '');
  if (/^(?:nc|ncat|netcat)$/.test(name)) {
    const [host, port] = words
      .slice(1)
      .filter(({ text }, index, all) => !text.startsWith('-') && !/^-\w*w$/.test(all[index - 1]?.text ?? ''));
    return host && port ? { host: host.source, port: port.source } : undefined;
  }
  const usual = PORTS[name];
  if (usual !== undefined) {
    const host = option(['-h', '--host']) ?? onlyDatabase(view)?.service.name;
    return host === undefined ? undefined : { host, port: option(['-p', '-P', '--port']) ?? usual };
  }
  const pair = words
    .slice(1)
    .map(({ source }) => /^"?([^":\s]+):([^":\s]+)"?$/.exec(source))
    .find(Boolean);
  return pair?.[1] && pair[2] ? { host: quoted(pair[1]), port: quoted(pair[2]) } : undefined;
}

const quoted = (source: string): string => (source.includes('$') ? `"${source}"` : source);
const requote = (value: string, source: string): string => (source.startsWith('"') ? `"${value}` : value);

const onlyDatabase = (view: ServiceView): Store | undefined => {
  const found = databasesOf(view);
  return found.length === 1 ? found[0] : undefined;
};

/** The store that a waiting command asks: by the host that it names, else the one database of the service. */
export function storeNamed(stack: Stack, view: ServiceView, command: ShellCommand): Store | undefined {
  const host = waitTarget(view, command)?.host.replace(/^["']|["']$/g, '');
  const variable = /^\$\{?(\w+)(?::?-([^}]*))?\}?$/.exec(host ?? '');
  const name = variable?.[1] ? (view.container.variable(variable[1]) ?? variable[2]) : host;
  const stores = stack.neighbours(view.service).flatMap((service) => storeOf(service) ?? []);
  const named = stores.find((store) => name !== undefined && namesOf(store.service).has(name));
  return named ?? (variable ? onlyDatabase(view) : undefined);
}
