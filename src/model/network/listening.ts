import type { Evidence, Span } from '../../finding.ts';
import { interpolate } from '../../parse/dotenv.ts';
import type { StartCommand } from '../process.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { devServerListeners } from './dev-server.ts';
import { nodeListeners } from './node-listen.ts';
import { scriptListeners } from './python-listen.ts';
import { serverListeners } from './server-options.ts';

/** From where a socket accepts connections: every interface of its container, its own loopback only, or one address. */
export type Reach = 'all' | 'loopback' | 'address' | 'unknown';

/** What says on which interface a process listens. */
export type HostSource =
  /** An option (or argument) of its command line; `value` as written. */
  | { readonly kind: 'argument'; readonly option: string; readonly value: string }
  | { readonly kind: 'variable'; readonly name: string }
  /** A literal in source or in a configuration file. */
  | { readonly kind: 'source'; readonly at: Span }
  /** Nothing: the program's own default counts. */
  | { readonly kind: 'default'; readonly call: Span | undefined }
  | { readonly kind: 'unknown' };

/** A TCP socket on which a process accepts connections. */
export interface Listener {
  readonly reach: Reach;
  /** The port inside the container; `undefined` when nobody can tell. */
  readonly port: number | undefined;
  readonly host: HostSource;
  readonly evidence: readonly Evidence[];
}

/** The TCP sockets of a service's main process; `undefined` when it cannot be known. A Unix socket is none. */
export function listenersOf(stack: Stack, view: ServiceView): readonly Listener[] | undefined {
  const { main, complete } = view.startup;
  if (!main || !complete) return undefined;
  return (
    serverListeners(stack, view, main) ??
    scriptListeners(stack, view, main) ??
    nodeListeners(stack, view, main) ??
    devServerListeners(stack, view, main)
  );
}

/** Whether the main process of a service listens on a port of its container. */
export function listensOn(listeners: readonly Listener[] | undefined, port: number): 'yes' | 'no' | 'unknown' {
  if (!listeners) return 'unknown';
  if (listeners.some((each) => each.port === port)) return 'yes';
  return listeners.every((each) => each.port !== undefined) ? 'no' : 'unknown';
}

/** The reach of a host as a server is told it. */
export function reachOf(host: string | undefined): Reach {
  if (host === undefined) return 'unknown';
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (/^(?:0\.0\.0\.0|0|::|\*|)$/.test(bare)) return 'all';
  if (/^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(bare)) return 'loopback';
  return /^[\w.:-]+$/.test(bare) ? 'address' : 'unknown';
}

/** A port number; `undefined` for anything else. */
export const portOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;

/**
 * A word of a command line with its variables as they are filled in: by Compose in a Compose file, else by the container's shell.
 * `undefined` when one of them has no value that can be seen.
 */
export function expandedWord(stack: Stack, view: ServiceView, command: StartCommand, word: string): string | undefined {
  if (!/[$`]/.test(word)) return word;
  if (/`|\$\(|\$[\d@*#?]/.test(word)) return undefined;
  const { project, hiddenEnvironment } = view.service;
  const text = stack.repo.read(command.at.path) ?? '';
  if ([...project.files, ...project.overlays].some(({ path }) => path === command.at.path)) {
    // `$$X` is the container's, `${X}` Compose's: a text with both is left to others.
    if (text.slice(command.at.start, command.at.end).includes('$$')) return undefined;
    const filled = interpolate(word, (name) => project.variables.get(name));
    return filled.missing.length > 0 ? undefined : filled.text;
  }
  const scripts = view.startup.scripts.map(({ path }) => stack.repo.read(path) ?? '').join('\n');
  const filled = interpolate(word, (name) => {
    const own = command.assignments.findLast((each) => each.name === name)?.value;
    return own ?? view.container.variable(name);
  });
  const unsure = filled.names.some(
    (name) =>
      new RegExp(`(?:^|[\\s;&])${name}=|\\b(?:read|source|\\.)\\s.*${name}|\\$\\{${name}:?=`, 'm').test(scripts) ||
      (view.container.variable(name) === undefined && (hiddenEnvironment || view.service.environment.has(name))),
  );
  return unsure || filled.missing.length > 0 ? undefined : filled.text;
}
