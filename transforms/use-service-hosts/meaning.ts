import type { Edit, Evidence } from '../../src/finding.ts';
import type { Loopback } from '../../src/model/network/loopback.ts';
import type { Service, Variable } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { kindsMeant, type StoreTarget, targetsFor } from '../../src/model/store/target.ts';
import { storeOf } from '../../src/model/store.ts';
import { runsItself } from './container-itself.ts';

/** The variable that holds the port of a host variable, with its source in the file. */
export interface Partner {
  readonly variable: Variable;
  readonly source: string;
  readonly start: number;
  readonly port: number;
}

/** What an address of the container itself is meant to be. */
export interface Meaning {
  /** As the process sees it, without credentials: `localhost:5433`. */
  readonly address: string;
  readonly port: number | undefined;
  /** Where several fit, nobody can choose. */
  readonly targets: readonly StoreTarget[];
  /** Only when its port has to change. */
  readonly partner: Partner | undefined;
  readonly portEvidence: readonly Evidence[];
}

/** The stores that an address can mean; `undefined` when it means none of the project's. */
export function meaningOf(
  stack: Stack,
  service: Service,
  name: string,
  text: string,
  loopback: Loopback,
): Meaning | undefined {
  const view = stack.view(service);
  const kinds = kindsMeant(name, loopback).filter((kind) => !runsItself(view, kind));
  if (kinds.length === 0) return undefined;
  const own = Number(loopback.port?.text);
  const partner = loopback.port || loopback.scheme ? undefined : partnerOf(stack, service, name);
  const port = Number.isInteger(own) && loopback.port ? own : partner?.port;
  const stores = stack.neighbours(service).flatMap((other) => storeOf(other) ?? []);
  if (stores.some((store) => store.service.networkMode === `service:${service.name}`)) return undefined;
  const targets = targetsFor(service, stores, kinds, port, loopback.path);
  const [target] = targets;
  if (!target) return undefined;
  const host = text.slice(loopback.host.start, loopback.host.end);
  const wrongPort = partner && targets.length === 1 && partner.port !== target.port ? partner : undefined;
  return {
    address: port === undefined ? host : `${host}:${port}`,
    port,
    targets,
    partner: wrongPort,
    portEvidence: wrongPort
      ? [{ at: wrongPort.variable.at, says: `${wrongPort.variable.name} names the port on the host` }]
      : [],
  };
}

/** `DB_PORT` for `DB_HOST`. */
function partnerOf(stack: Stack, service: Service, name: string): Partner | undefined {
  const wanted = name.replace(/(?:HOST(?:NAME)?|SERVER|ADDR(?:ESS)?)$/i, (word) =>
    word === word.toLowerCase() ? 'port' : 'PORT',
  );
  const variable = wanted === name ? undefined : service.environment.get(wanted);
  const value = variable?.value;
  if (!variable || !value || value.unknown || !/^\d+$/.test(value.text)) return undefined;
  const source = stack.repo.read(value.at.path)?.slice(value.at.start, value.at.end) ?? '';
  return { variable, source, start: value.at.start, port: Number(value.text) };
}

/** The edit that puts another port into a partner variable; `undefined` when its text does not show the old one. */
export function portNear({ variable, source, start, port }: Partner, next: number): readonly Edit[] | undefined {
  const match = new RegExp(`(?<!\\d)${port}(?!\\d)`).exec(source);
  if (!match || !variable.value) return undefined;
  const at = start + match.index;
  return [{ path: variable.value.at.path, start: at, end: at + match[0].length, text: String(next) }];
}
