import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import { planEntrypoint } from '../../src/model/entrypoint.ts';
import { callEvidence } from '../../src/model/python/import-time.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import type { PythonModule, PythonStatement } from '../../src/parse/python.ts';
import { type Candidate, labelOf } from './candidates.ts';
import { importersOf } from './importers.ts';
import { inMainBlock, linesOf, mainBlock } from './main-block.ts';
import { type Group, moveOf } from './move.ts';
import type { Performer } from './performers.ts';
import { climb, importRemoval, removalOf } from './removal.ts';
import { unusedImports } from './unused-imports.ts';
import { type Case, casesOf } from './verdict.ts';

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

/** Neighbours in one block with the same verdict are repaired together; modules that make tables come before those that only fill them. */
function groupsOf(cases: readonly Case[]): readonly (readonly Case[])[] {
  const groups: Case[][] = [];
  const makesTables = new Set(
    cases
      .filter(({ candidate }) => candidate.effects.some(({ kind }) => kind === 'schema' || kind === 'migrate'))
      .map(({ candidate }) => candidate.found.module.path),
  );
  const rank = ({ candidate }: Case): number => (makesTables.has(candidate.found.module.path) ? 0 : 1);
  for (const each of [...cases].sort((a, b) => rank(a) - rank(b) || order(a, b))) {
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
