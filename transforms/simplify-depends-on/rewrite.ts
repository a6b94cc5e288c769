import type { Change } from '../../src/finding.ts';
import type { Dependency, Part, Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { entryOf, insertEntries, replaceValue, valueAt } from '../../src/parse/compose.ts';
import { inSequence, throughAnchors } from '../../src/parse/compose-sequence.ts';
import { droppedOf, type Plan, type Wanted, wantedOf } from './plan.ts';
import { entryLines, rewritePart } from './rewrite-part.ts';
import { namesIn, type Place, placeOf, sharersOf, wantsTheSame } from './sharing.ts';

/**
 * The splices that turn a service's `depends_on` into what its plan wants, each place on its own: what is not wanted goes,
 * conditions are set, new edges come last. `undefined` when no safe splice does it.
 */
export function rewriteEdges(stack: Stack, plan: Plan): readonly Change[] | undefined {
  const { service } = plan.view;
  const parts = service.parts.get('depends_on') ?? [];
  const wanted = wantedOf(plan);
  const added = wanted.filter(({ edge }) => !edge);
  const home = parts.findLast((part) => !part.shared) ?? parts.at(-1);
  if (!home) return added.length > 0 ? addKey(service, added) : [];
  const changes: Change[] = [];
  for (const part of parts) {
    const rewriting = {
      gone: droppedIn(part, plan),
      changed: changedIn(part, wanted),
      extra: part === home ? added : [],
    };
    if (rewriting.gone.length + rewriting.changed.length + rewriting.extra.length === 0) continue;
    const sharers = sharersOf(stack, service, part);
    if (!sharers.every((other) => wantsTheSame(stack, part, plan, other))) return ownKey(plan, part, parts);
    const place = placeOf(part);
    const edit = place && rewritePart(place, part.node, rewriting);
    if (!edit) return undefined;
    changes.push(edit);
  }
  return [...changes, ...inOverlays(plan)].filter(
    (change) => !('text' in change) || change.text !== '' || change.start < change.end,
  );
}

const droppedIn = (part: Part, plan: Plan): readonly string[] =>
  droppedOf(plan).flatMap((edge) => (concerns(part, edge) ? [edge.name] : []));

const changedIn = (part: Part, wanted: readonly Wanted[]): readonly Wanted[] =>
  wanted.filter(
    ({ edge, condition, optional }) => edge && concerns(part, edge) && (condition !== undefined || optional),
  );

/** Where an edge counts, and where a file that a later one overrides has it, too. */
const concerns = (part: Part, edge: Dependency): boolean =>
  edge.part === part || (!part.shared && namesIn(part.node).includes(edge.name));

/** A `depends_on` for a service that has none. */
function addKey(service: Service, added: readonly Wanted[]): readonly Change[] | undefined {
  const definition = service.definitions[0];
  const lines = ['depends_on:', ...added.flatMap(entryLines).map((line) => `  ${line}`)];
  return definition && insertEntries(definition.file, definition.path, lines);
}

/**
 * Others share the edges and want them as they are: the service gets its own. An own key replaces what a merge key or an alias
 * brings in; to what `extends` brings in it can only add, and change conditions.
 */
function ownKey(plan: Plan, part: Part, parts: readonly Part[]): readonly Change[] | undefined {
  const { service } = plan.view;
  const definition = service.definitions[0];
  if (parts.length !== 1 || !part.shared || !definition) return undefined;
  const lines = wantedOf(plan).flatMap((want) => entryLines(want));
  const body = valueAt(definition.file.root, ...definition.path);
  const own = entryOf(body, 'depends_on');
  if (body?.aliasAt || part.file !== definition.file) return undefined;
  if (own && !own.merged && own.value.aliasAt && lines.length > 0)
    return replaceValue(definition.file, [...definition.path, 'depends_on'], lines);
  const insert = (written: readonly string[]): readonly Change[] | undefined => {
    const step = throughAnchors((file) =>
      insertEntries(file, definition.path, ['depends_on:', ...written.map((line) => `  ${line}`)]),
    );
    const edit = written.length > 0 ? inSequence(definition.file, [step]) : undefined;
    return edit && [edit];
  };
  if (own?.merged) return insert(lines);
  if (own || droppedOf(plan).length > 0) return undefined;
  const differing = wantedOf(plan).filter(({ condition, optional }) => condition !== undefined || optional);
  return insert(differing.flatMap((want) => entryLines(want)));
}

/** What files such as docker-compose.prod.yml repeat of the edges is treated alike, so that they do not bring it back. */
function inOverlays(plan: Plan): readonly Change[] {
  return plan.view.service.definitions
    .filter(({ overlay }) => overlay)
    .flatMap(({ file, path, entry }) => {
      const own = entryOf(entry.value, 'depends_on');
      if (!own || own.merged || own.value.aliasAt || own.value.tag) return [];
      const names = namesIn(own.value);
      const place: Place = { file, path: [...path, 'depends_on'], isAnchor: false };
      const rewriting = {
        gone: droppedOf(plan).flatMap(({ name }) => (names.includes(name) ? [name] : [])),
        changed: wantedOf(plan).filter(
          ({ name, condition, optional }) => names.includes(name) && (condition !== undefined || optional),
        ),
        extra: [],
      };
      return rewriting.gone.length + rewriting.changed.length > 0
        ? (rewritePart(place, own.value, rewriting) ?? [])
        : [];
    });
}
