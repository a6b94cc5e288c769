import type { Part, Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type ComposeFile, type ComposeNode, textOf } from '../../src/parse/compose.ts';
import { type Plan, planOf, wantedOf } from './plan.ts';

/** Where a `depends_on` is written: the keys that lead to it. */
export interface Place {
  readonly file: ComposeFile;
  readonly path: readonly string[];
  /** Aliases show it elsewhere, too. */
  readonly isAnchor: boolean;
}

/** The names that a `depends_on` lists. */
export const namesIn = (node: ComposeNode): readonly string[] =>
  node.kind === 'map'
    ? node.entries.map(({ key }) => String(key.value))
    : node.kind === 'seq'
      ? node.items.flatMap(({ value }) => textOf(value) ?? [])
      : [];

/** Where a part is written, which for one that comes through an alias is at its anchor. */
export function placeOf({ file, node }: Part): Place | undefined {
  const path = pathOf(file.root, node);
  if (!path) return undefined;
  const isAnchor = file.aliases.some(({ target }) => target.start <= node.at.start && node.at.end <= target.end);
  return { file, path, isAnchor };
}

function pathOf(from: ComposeNode | undefined, node: ComposeNode): readonly string[] | undefined {
  if (from?.kind !== 'map' || from.aliasAt) return undefined;
  for (const { key, value } of from.own) {
    if (value.aliasAt) continue;
    const name = String(key.value);
    if (value.at.start === node.at.start && value.at.end === node.at.end) return [name];
    const rest = pathOf(value, node);
    if (rest) return [name, ...rest];
  }
  return undefined;
}

/** The other services, of any project, whose `depends_on` is (in part) written at the same place. */
export const sharersOf = (stack: Stack, service: Service, part: Part): readonly Service[] =>
  stack.services.filter((other) => other !== service && partAt(other, part) !== undefined);

const partAt = (service: Service, part: Part): Part | undefined =>
  service.parts
    .get('depends_on')
    ?.find(({ file, node }) => file.path === part.file.path && node.at.start === part.node.at.start);

/** Whether another user of a part wants from it what a plan wants. Edges that it sets itself elsewhere do not matter. */
export function wantsTheSame(stack: Stack, part: Part, plan: Plan, other: Service): boolean {
  const theirs = partAt(other, part);
  const otherPlan = planOf(stack, stack.view(other));
  if (!theirs) return false;
  const wishIn = (of: Plan, own: Part, name: string): string | undefined => {
    const verdict = of.verdicts.find(({ edge }) => edge.name === name && edge.part === own);
    return verdict && JSON.stringify(verdict.wish);
  };
  const alike = namesIn(part.node).every((name) => {
    const [mine, yours] = [wishIn(plan, part, name), wishIn(otherPlan, theirs, name)];
    return mine === undefined || yours === undefined || mine === yours;
  });
  const reached = new Set(wantedOf(otherPlan).map(({ name }) => name));
  const added = (of: Plan): readonly string[] => of.missing.map(({ name }) => name);
  return (
    alike &&
    added(plan).every((name) => reached.has(name)) &&
    added(otherPlan).every((name) => wantedOf(plan).some((want) => want.name === name))
  );
}
