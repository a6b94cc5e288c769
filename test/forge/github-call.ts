import type { App, Installation } from './github-app.ts';
import { pageOf } from './serve.ts';
import type { Identity, Permission, World, WorldRepository } from './world.ts';

/** A request that fits the description, and who sent it. */
export interface Call {
  readonly world: World;
  readonly url: string;
  readonly values: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly identity: Identity | undefined;
  readonly app: App | undefined;
  readonly installations: readonly Installation[];
}

/** The facts of a response; with pages when it is a part of a list. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly page?: number;
  readonly pages?: number;
}

/** A request that GitHub refuses. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, errors?: readonly Readonly<Record<string, string>>[]) {
    super(message);
    this.status = status;
    this.body = { message, documentation_url: 'https://docs.github.com/rest', ...(errors ? { errors } : {}) };
  }
}

/** A part of what was sent is wrong. */
export const invalid = (error: Readonly<Record<string, string>>): Refusal =>
  new Refusal(422, 'Validation Failed', [error]);
const RANK: readonly Permission[] = ['none', 'read', 'write', 'admin'];

/** The repository of a call, which somebody without the permission does not see, or may not do this with. */
export function repositoryOf({ world, values, identity }: Call, needed: Permission): WorldRepository {
  const repository = world.find(`${values['owner']}/${values['repo']}`);
  const permission = repository ? world.permission(repository, identity) : 'none';
  if (!repository || permission === 'none') throw new Refusal(404, 'Not Found');
  if (needed !== 'read' && !identity) throw new Refusal(401, 'Requires authentication');
  if (RANK.indexOf(permission) < RANK.indexOf(needed)) {
    const whose = identity?.app ? 'Resource not accessible by integration' : 'Must have write access to Repository.';
    throw new Refusal(403, whose);
  }
  if (needed !== 'read' && repository.archived) throw new Refusal(403, 'Repository was archived so is read-only.');
  return repository;
}

/** The account of a call, which must have one. */
export function userOf({ identity }: Call): Identity['user'] {
  if (!identity) throw new Refusal(401, 'Requires authentication');
  return identity.user;
}

/** A text of a body; empty when it is none. */
export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];

/** The page of a list that a call asks for. */
export function list<T>(call: Call, all: readonly T[], facts: (item: T) => unknown): Answer {
  const { items, page, pages } = pageOf(all, call.query, 30, call.world.mostOfPage);
  return { status: 200, body: items.map(facts), page, pages };
}

export type Route = (call: Call) => Promise<Answer> | Answer;
