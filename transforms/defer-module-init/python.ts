import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import { planEntrypoint } from '../../src/model/entrypoint.ts';
import { callEvidence, callsFrom } from '../../src/model/import-time.ts';
import { migrationsOf } from '../../src/model/migration.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonCall, PythonModule, PythonStatement } from '../../src/parse/python.ts';
import { type Candidate, labelOf } from './candidates.ts';
import { dependents, queriesAtImport } from './dependents.ts';
import { type Importer, importersOf } from './importers.ts';
import { inMainBlock, linesOf, mainBlock } from './main-block.ts';
import { type Group, moveOf } from './move.ts';
import { type Performer, performerOf, performersFor } from './performers.ts';
import { climb, importRemoval, removalOf } from './removal.ts';
import { unusedImports } from './unused-imports.ts';

/** One-time work at one place, everybody who imports it, and the one whose start may do it instead. */
interface Case {
  readonly candidate: Candidate;
  readonly importers: readonly Importer[];
  readonly owner: Importer;
  /** What does the same work before the owner's server starts. */
  readonly performer: Performer | undefined;
  readonly verdict: 'delete' | 'move' | { readonly manual: string; readonly instead: string | undefined };
}

/** One-time work that the Python servers of a stack repeat. */
export function* pythonFindings(stack: Stack): Iterable<Finding> {
  const importers = importersOf(stack);
  const cases = casesOf(stack, importers);
  for (const group of groupsOf(cases)) {
    const [first] = group;
    if (!first) continue;
    if (typeof first.verdict === 'object') yield manual(first, first.verdict.manual, first.verdict.instead);
    else yield first.verdict === 'delete' ? deletion(stack, group, first) : relocation(stack, group, first);
  }
}

function casesOf(stack: Stack, importers: readonly Importer[]): readonly Case[] {
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
    const owner = web[0] ?? own[0];
    if (!owner) return [];
    const performer = performerOf(candidate, [...performersFor(stack, owner.view, skip), ...hooks(owner, skip)]);
    const many = own.some(({ count }) => count !== undefined && count > 1);
    const several = own.length > 1 && own.every(({ count }) => count !== undefined);
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
  if (performer && web.length > 1 && web.some((each) => !performerOf(candidate, performersFor(stack, each.view, skip))))
    return no(
      `${web.map(({ view }) => view.service.name).join(' and ')} import it, and not all of them do the work before they start`,
    );
  const users = dependents(stack, owner, candidate);
  if (users !== undefined) return no(`${users.path} makes the application too and relies on what it does`);
  const queries = queriesAtImport(owner, candidate);
  if (queries && (!performer || performer.calls.some(({ module: each }) => each === queries.module)))
    return no(
      `${queries.module.path} asks the database while it is imported, which would fail before the tables are there`,
    );
  if (performer) return 'delete';
  if (!many)
    return no(
      `${own.map(({ view }) => view.service.name).join(' and ')} each do it once when they start, at the same time`,
    );
  if (candidate.tried)
    return no('a try around it lets the server start although it failed, so that it may be meant to be repeated');
  if (web.length > 1)
    return no(`${web.map(({ view }) => view.service.name).join(' and ')} import it, and only one of them may do it`);
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
  const unsure = conditionalWork(owner.view, candidate);
  return unsure ? no(`something that may do the same runs under a condition before the server`) : 'move';
}

/** A command before the server that may do the same: it runs under a condition, or nobody can look into it. */
const conditionalWork = ({ startup }: ServiceView, { target }: Candidate): boolean =>
  startup.commands.some(
    (command) =>
      command !== startup.main &&
      (command.conditional || command.background) &&
      /init|seed|setup|create|migrat|upgrade/i.test(command.argv.join(' ')) &&
      (target === undefined || /python|flask|sh$/.test(command.argv[0] ?? '')),
  );

/** Neighbours in one block with the same verdict are repaired together. */
function groupsOf(cases: readonly Case[]): readonly (readonly Case[])[] {
  const groups: Case[][] = [];
  for (const each of [...cases].sort((a, b) => order(a, b))) {
    const last = groups.at(-1);
    const previous = last?.at(-1);
    if (
      last &&
      previous &&
      typeof each.verdict === 'string' &&
      previous.verdict === each.verdict &&
      adjoins(previous.candidate, each.candidate) &&
      previous.performer === each.performer
    )
      last.push(each);
    else groups.push([each]);
  }
  return groups;
}

const order = (a: Case, b: Case): number => {
  const [first, second] = [a.candidate.found, b.candidate.found];
  return first.module.path === second.module.path
    ? first.call.at.start - second.call.at.start
    : first.module.path < second.module.path
      ? -1
      : 1;
};

function adjoins(a: Candidate, b: Candidate): boolean {
  const { module } = a.found;
  if (
    module !== b.found.module ||
    a.statement.parent !== b.statement.parent ||
    a.statement.clause !== b.statement.clause
  )
    return false;
  return !module.statements.some(
    (each) => each.parent === a.statement.parent && each.index > a.statement.index && each.index < b.statement.index,
  );
}

const groupOf = (cases: readonly Case[], module: PythonModule): Group => ({
  module,
  candidates: cases.map(({ candidate }) => candidate),
  statements: [...new Set(cases.map(({ candidate }) => candidate.statement))],
});

function deletion(stack: Stack, cases: readonly Case[], first: Case): Finding {
  const { owner, performer } = first;
  const { module, statements } = groupOf(cases, first.candidate.found.module);
  const removal = removalOf(module, statements);
  const main = directRun(module, statements, performer);
  const unused = unusedImports(stack, owner.view, module, removal.spans, main?.needed ?? [], owner.calls);
  const changes = [...removal.edits, ...(main ? [main.edit] : []), ...importRemoval(module, unused)];
  return {
    message: `${subject(first)} ${repeats(first)}, though ${whereDone(performer, owner.view)} has done it before the server starts: the repeats conflict with each other and with what is there.`,
    at: { ...first.candidate.found.call.at, path: module.path },
    evidence: evidenceOf(first),
    fix: { title: `Delete ${calls(cases)}: it is done once before the server`, safety: 'review', changes },
    ...(mainBlock(module) && !main
      ? {
          advice: `python ${module.path} alone no longer does it: run ${performer?.command.argv.join(' ') ?? 'the initialisation'} first.`,
        }
      : {}),
  };
}

/** A direct run has no entrypoint, so the work goes there; names that only a function has cannot follow. */
function directRun(
  module: PythonModule,
  statements: readonly PythonStatement[],
  performer: Performer | undefined,
): { readonly edit: Edit; readonly needed: readonly string[] } | undefined {
  if (performer?.calls.some((each) => each.module === module && each.inside === undefined && each.via.length === 0))
    return undefined;
  const places = climb(module, statements);
  const lines = places.flatMap(({ at, indent }) => linesOf(module, at, indent) ?? []);
  const read = module.names
    .filter(({ at }) => places.some((each) => at.start >= each.at.start && at.end <= each.at.end))
    .map(({ name }) => name);
  const known = (name: string): boolean =>
    module.imports.some(({ binds, scope }) => binds === name && scope === '') ||
    module.functions.some(({ qualified }) => qualified === name) ||
    module.assignments.some(({ target, scope }) => target === name && scope === '');
  const edit = read.every(known) && places.every(({ kind }) => kind !== 'try') ? inMainBlock(module, lines) : undefined;
  return edit && { edit, needed: read };
}

function relocation(stack: Stack, cases: readonly Case[], first: Case): Finding {
  const { owner } = first;
  const { view } = owner;
  const group = groupOf(cases, first.candidate.found.module);
  const move = moveOf(stack, view, group, owner.calls);
  if ('manual' in move) return manual(first, move.manual, undefined);
  const waitFor = view.stores
    .map(({ store }) => store)
    .filter(({ kind }) => /^(?:postgres|mysql|mariadb|mongo)$/.test(kind));
  const plan = planEntrypoint(stack, { view, waitFor, steps: [move.step] });
  if ('manual' in plan) return manual(first, plan.manual, undefined);
  const unused = unusedImports(stack, view, group.module, move.gone, move.needed, owner.calls);
  const others = first.importers.filter((each) => each !== owner).map((each) => each.view.service.name);
  const notes = [
    ...(others.length > 0
      ? [`${others.join(' and ')} did it too when starting and now relies on ${view.service.name} having started once`]
      : []),
    ...(mainBlock(group.module) && !move.edits.some(({ start }) => start > (mainBlock(group.module)?.at.start ?? 0))
      ? [`python ${group.module.path} alone no longer does it`]
      : []),
  ];
  return {
    message: `${subject(first)} ${repeats(first)}: the processes race each other, and one of them fails or leaves the work half done.`,
    at: { ...first.candidate.found.call.at, path: group.module.path },
    evidence: [
      ...evidenceOf(first),
      ...(move.at ? [{ at: move.at, says: 'this command does the same' }] : []),
      ...plan.evidence,
    ],
    fix: {
      title: `Take ${calls(cases)} out of the import: ${move.how} once before ${view.service.name} starts`,
      safety: 'review',
      changes: [...move.edits, ...importRemoval(group.module, unused), ...plan.changes],
    },
    ...(notes.length > 0 ? { advice: `Check: ${notes.join('; ')}.` } : {}),
  };
}

const calls = (cases: readonly Case[]): string =>
  [...new Set(cases.map(({ candidate }) => labelOf(candidate)))].join(' and ');

const subject = ({ candidate }: Case): string => {
  const { call, module } = candidate.found;
  const what = labelOf(candidate);
  return call.scope === ''
    ? `${module.path} calls ${what} on import`
    : `${call.scope}() in ${module.path} calls ${what}`;
};

function repeats({ importers, owner }: Case): string {
  const most = importers.find(({ count }) => count !== undefined && count > 1) ?? owner;
  return most.count === undefined || most.count < 2
    ? `whenever ${importers.map(({ view }) => view.service.name).join(' or ')} starts`
    : `in each of the ${most.count} processes of ${most.view.service.name}`;
}

function whereDone(performer: Performer | undefined, view: ServiceView): string {
  if (performer && performer.view !== view) return `the service ${performer.view.service.name}`;
  return performer?.command.script ?? `the start of ${view.service.name}`;
}

function evidenceOf({ candidate, importers, owner, performer }: Case): readonly Evidence[] {
  const most = importers.find(({ count }) => count !== undefined && count > 1) ?? owner;
  const inner = candidate.doers.find(({ call }) => call !== candidate.found.call);
  return [
    ...most.evidence,
    ...callEvidence(candidate.found),
    ...(inner
      ? [
          {
            at: { ...inner.call.at, path: inner.module.path },
            says: `${inner.inside?.qualified ?? inner.module.path} calls ${inner.call.callee}(), which has to be done once`,
          },
        ]
      : []),
    ...(performer ? [{ at: performer.command.at, says: 'this runs before the server and does the same' }] : []),
  ];
}

function manual(found: Case, why: string, instead: string | undefined): Finding {
  const { call } = found.candidate.found;
  const else_ =
    instead ??
    `Do it once: in a function that the entrypoint of ${found.owner.view.service.name} calls before the server starts, and not in the import`;
  return {
    message: `${subject(found)} ${repeats(found)}.`,
    at: { ...call.at, path: found.candidate.found.module.path },
    evidence: evidenceOf(found),
    fix: { title: `Take ${labelOf(found.candidate)} out of the import`, safety: 'manual', changes: [] },
    advice: `It is left to you because ${why}. ${else_}.`,
  };
}
