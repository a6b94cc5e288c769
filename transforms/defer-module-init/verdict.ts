import { migrationsOf } from '../../src/model/migration.ts';
import { callsFrom } from '../../src/model/python/import-time.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonCall } from '../../src/parse/python.ts';
import { type Candidate, labelOf } from './candidates.ts';
import { dependents, queriesAtImport } from './dependents.ts';
import type { Importer } from './importers.ts';
import { type Performer, performerOf, performersFor } from './performers.ts';

/** One-time work at one place, everybody who imports it, and the one whose start may do it instead. */
export interface Case {
  readonly candidate: Candidate;
  readonly importers: readonly Importer[];
  readonly owner: Importer;
  /** What does the same work before the owner's server starts. */
  readonly performer: Performer | undefined;
  readonly verdict: 'delete' | 'move' | { readonly manual: string; readonly instead: string | undefined };
}

/** Every piece of one-time work that is repeated, with what is to become of it. */
export function casesOf(stack: Stack, importers: readonly Importer[]): readonly Case[] {
  const found = new Map<PythonCall, { candidate: Candidate; importers: Importer[] }>();
  for (const importer of importers)
    for (const candidate of importer.candidates) {
      const known = found.get(candidate.found.call);
      if (known) known.importers.push(importer);
      else found.set(candidate.found.call, { candidate, importers: [importer] });
    }
  const skip = (call: PythonCall): boolean => found.has(call);
  return [...found.values()].flatMap(({ candidate, importers: own }) => {
    const web = own.filter(({ view }) => view.startup.main?.program.role === 'web');
    const servers = own.filter(({ script }) => !script);
    const owner = mostLikely(servers.filter((each) => web.includes(each))) ?? mostLikely(servers);
    if (!owner) return [];
    const performer = doneBefore(stack, candidate, owner, skip);
    const many = own.some(isMany);
    // Projects are started apart: only what one of them starts together counts.
    const several = own.some((each) =>
      own.some((other) => other !== each && other.view.service.project === each.view.service.project),
    );
    const process = candidate.effects.some(({ kind }) => kind === 'process');
    if (process ? !many : !many && !performer && !several) return [];
    return [
      {
        candidate,
        importers: own,
        owner,
        performer,
        verdict: verdictOf(stack, { candidate, owner, own, web, performer, many }, skip),
      },
    ];
  });
}

const isMany = ({ count }: Importer): boolean => count !== undefined && count > 1;

/** The service whose start is to do the work: one with several processes before the others. */
const mostLikely = (importers: readonly Importer[]): Importer | undefined => importers.find(isMany) ?? importers[0];

/** What does a candidate's work before the server of an importer. */
const doneBefore = (
  stack: Stack,
  candidate: Candidate,
  importer: Importer,
  skip: (call: PythonCall) => boolean,
): Performer | undefined =>
  performerOf(candidate, [...performersFor(stack, importer.view, skip), ...hooks(importer, skip)]);

/** gunicorn's `on_starting` runs once, in the master, before any worker exists. */
function hooks({ view, config }: Importer, skip: (call: PythonCall) => boolean): readonly Performer[] {
  const { main } = view.startup;
  const hook = config?.functions.find(({ qualified }) => qualified === 'on_starting');
  if (!config || !hook || !main) return [];
  const calls = callsFrom(view.python, [{ module: config, scope: hook.qualified }], { script: undefined, skip }).filter(
    ({ call }) => !skip(call),
  );
  const enters = new Set(calls.flatMap(({ module, inside }) => (inside ? [`${module.path}#${inside.qualified}`] : [])));
  const command = { ...main, at: { ...hook.at, path: config.path }, script: config.path };
  return [{ view, command, calls, works: new Set(), enters }];
}

interface Facts {
  readonly candidate: Candidate;
  readonly owner: Importer;
  readonly own: readonly Importer[];
  readonly web: readonly Importer[];
  readonly performer: Performer | undefined;
  readonly many: boolean;
}

function verdictOf(stack: Stack, facts: Facts, skip: (call: PythonCall) => boolean): Case['verdict'] {
  const { candidate, owner, own, web, performer, many } = facts;
  const no = (why: string, instead?: string) => ({ manual: why, instead });
  const { module } = candidate.found;
  if (candidate.effects.some(({ kind }) => kind === 'process'))
    return no(
      'what it starts has to live in a process that stays, so that a command that ends cannot do it',
      `Start it in a service of its own that runs one process (the same image with another command), or let gunicorn import the application once with --preload`,
    );
  if (candidate.stays !== undefined)
    return no(
      candidate.stays,
      `Split ${labelOf(candidate)}: keep in the import what others read, and put what has to be done once into a function that the entrypoint calls`,
    );
  if (performer && web.length > 1 && web.some((each) => !doneBefore(stack, candidate, each, skip)))
    return no(`${namesOf(web)} import it, and not all of them do the work before they start`);
  const users = dependents(stack, owner, candidate);
  if (users !== undefined) return no(`${users.path} makes the application too and relies on what it does`);
  const queries = queriesAtImport(owner, candidate);
  if (queries && (!performer || performer.calls.some(({ module: each }) => each === queries.module)))
    return no(
      `${queries.module.path} asks the database while it is imported, which would fail before the tables are there`,
    );
  if (performer) return 'delete';
  if (!many) return no(`${namesOf(own)} each do it once when they start, at the same time`);
  if (candidate.tried)
    return no('a try around it lets the server start although it failed, so that it may be meant to be repeated');
  if (web.some((each) => !startsAlike(each.view, owner.view)))
    return no(`${namesOf(web)} import it, and only one of them may do it`);
  if (owner.candidates.some(({ effects }) => effects.some(({ kind }) => kind === 'process')))
    return no(
      'the import also starts something that lives on, which a command that imports the application would start too',
    );
  const [migration] = migrationsOf(owner.view);
  if (migration && candidate.effects.some(({ kind }) => kind !== 'seed'))
    return no(
      `${migration.tool} runs before the server too, and which of the two creates the tables is for you to say`,
      `If the migrations create all tables, delete ${labelOf(candidate)} from ${module.path}`,
    );
  return maybeDone(stack, owner.view, skip)
    ? no('something before the server may do the same, and it is not clear whether it does')
    : 'move';
}

/** The same service of another project that starts through the same script: what the script gains, both gain. */
const startsAlike = (view: ServiceView, owner: ServiceView): boolean =>
  view === owner ||
  (view.service.project !== owner.service.project &&
    view.service.name === owner.service.name &&
    owner.startup.main?.script !== undefined &&
    view.startup.main?.script === owner.startup.main.script);

/** Names of services, with their files where the names are the same. */
function namesOf(importers: readonly Importer[]): string {
  const names = importers.map(({ view }) => view.service.name);
  return importers
    .map(({ view: { service } }) =>
      names.indexOf(service.name) === names.lastIndexOf(service.name)
        ? service.name
        : `${service.name} (${service.at.path})`,
    )
    .join(' and ');
}

const PREPARING = /init|seed|setup|bootstrap|prepare|create|migrat|upgrade/i;

/** A command before the server whose name promises such work, but that runs under a condition or cannot be followed. */
function maybeDone(stack: Stack, view: ServiceView, skip: (call: PythonCall) => boolean): boolean {
  const { commands, main } = view.startup;
  const followed = performersFor(stack, view, skip).filter(({ works }) => works.size > 0);
  return commands.some(
    (command) =>
      command !== main &&
      /^(?:python[\d.]*|flask|sh|bash|make|invoke|[\w-]+\.py)$/.test(command.argv[0]?.split('/').at(-1) ?? '') &&
      PREPARING.test(command.argv.join(' ')) &&
      (command.conditional || command.background || !followed.some((each) => each.command === command)),
  );
}
