import type { Edit } from '../../finding.ts';
import { eolOf, indentAt } from '../../lines.ts';
import {
  type ComposeFile,
  type ComposeNode,
  entryOf,
  insertEntries,
  insertItems,
  valueAt,
} from '../../parse/compose.ts';
import { type ComposeStep, inSequence, throughAnchors } from '../../parse/compose-sequence.ts';
import type { Part, Service } from '../service.ts';

/** A variable for a service, its value as Compose shall read it (`${X:?X is required}`). */
export interface NewVariable {
  readonly name: string;
  readonly value: string;
}

/** Gives services variables that they do not have yet; `undefined` when it cannot be done without changing other services. */
export function withVariables(wanted: ReadonlyMap<Service, readonly NewVariable[]>): readonly Edit[] | undefined {
  const steps = stepsFor(wanted);
  if (!steps) return undefined;
  const edits = [...steps].map(([file, each]) => inSequence(file, each));
  return edits.some((edit) => edit === undefined) ? undefined : edits.flatMap((edit) => edit ?? []);
}

/** The same as steps by file, for a fix that does more to these files. */
export function stepsFor(
  wanted: ReadonlyMap<Service, readonly NewVariable[]>,
): ReadonlyMap<ComposeFile, readonly ComposeStep[]> | undefined {
  const steps = new Map<ComposeFile, ComposeStep[]>();
  const done = new Set<string>();
  for (const [service, variables] of wanted) {
    const plan = planFor(service, variables, wanted);
    if (!plan) return undefined;
    if (done.has(plan.key)) continue;
    done.add(plan.key);
    steps.set(plan.file, [...(steps.get(plan.file) ?? []), plan.step]);
  }
  return steps;
}

interface Plan {
  readonly key: string;
  readonly file: ComposeFile;
  readonly step: ComposeStep;
}

function planFor(
  service: Service,
  variables: readonly NewVariable[],
  wanted: ReadonlyMap<Service, readonly NewVariable[]>,
): Plan | undefined {
  const parts = service.parts.get('environment') ?? [];
  const own = parts.find(({ shared }) => !shared);
  if (own) return { key: `${service.name}:own`, file: own.file, step: adding(own.path, own.node, variables) };
  const part = parts.at(-1);
  if (!part) return withSection(service, variables);
  const sharing = [...wanted].filter(
    ([other]) => other.parts.get('environment')?.at(-1)?.node.at.start === part.node.at.start,
  );
  const same = sharing.every(([, theirs]) => JSON.stringify(theirs) === JSON.stringify(variables));
  const path = anchorOf(part);
  if (same && path && everyUserIn(service, part, wanted))
    return {
      key: `${part.file.path}:${part.node.at.start}`,
      file: part.file,
      step: throughAnchors(adding(path, part.node, variables)),
    };
  return besideAlias(service, part, variables);
}

/** The keys from the root to the node that an alias or a merge key shows. */
function anchorOf(part: Part): readonly string[] | undefined {
  const search = (node: ComposeNode | undefined, path: readonly string[]): readonly string[] | undefined => {
    if (node?.kind !== 'map') return undefined;
    for (const entry of node.own) {
      if (entry.merged || entry.value.aliasAt) continue;
      const here = [...path, String(entry.key.value)];
      if (entry.value.at.start === part.node.at.start && entry.value.kind === part.node.kind) return here;
      const found = search(entry.value, here);
      if (found) return found;
    }
    return undefined;
  };
  return search(part.file.root, []);
}

/** Whether all services that show the shared environment get the variables. */
const everyUserIn = (service: Service, part: Part, wanted: ReadonlyMap<Service, readonly NewVariable[]>): boolean => {
  const names = new Set(
    [...wanted.keys()].filter(({ project }) => project === service.project).map(({ name }) => name),
  );
  const services = valueAt(part.file.root, 'services');
  const users =
    services?.kind === 'map'
      ? services.entries.filter(({ value }) => {
          const environment = entryOf(value, 'environment')?.value;
          return environment && (environment.at.start === part.node.at.start || merges(environment, part.node));
        })
      : [];
  return users.every(({ key }) => names.has(String(key.value)));
};

const merges = (node: ComposeNode, shared: ComposeNode): boolean =>
  node.kind === 'map' &&
  shared.kind === 'map' &&
  node.entries.some((entry) => entry.merged && shared.entries.some(({ at }) => at.start === entry.at.start));

/** `environment: *env` becomes a mapping that merges the anchor and adds its own. */
function besideAlias(service: Service, part: Part, variables: readonly NewVariable[]): Plan | undefined {
  const alias = part.node.aliasAt;
  const definition = service.definitions.find(({ file, overlay }) => file === part.file && !overlay);
  if (!alias || !definition || part.node.kind !== 'map' || entryOf(definition.entry.value, 'environment')?.merged)
    return undefined;
  const name = part.file.text.slice(alias.start, alias.end);
  const lines = [`<<: ${name}`, ...variables.map(entry)];
  const step: ComposeStep = (file) => {
    const found = entryOf(valueAt(file.root, ...definition.path), 'environment');
    const at = found?.value.aliasAt;
    if (!found || !at || !found.lines) return undefined;
    const start = file.text.slice(0, at.start).trimEnd().length;
    const indent = `${indentAt(file.text, found.at.start)}  `;
    return [
      {
        path: file.path,
        start,
        end: at.end,
        text: lines.map((line) => `${eolOf(file.text)}${indent}${line}`).join(''),
      },
    ];
  };
  return { key: `${service.name}:alias`, file: part.file, step };
}

function withSection(service: Service, variables: readonly NewVariable[]): Plan | undefined {
  const definition = service.definitions.find(({ overlay }) => !overlay);
  if (!definition) return undefined;
  const after = ['env_file', 'command', 'image', 'build'].find((key) => {
    const found = entryOf(definition.entry.value, key);
    return found && !found.merged;
  });
  const lines = ['environment:', ...variables.map((variable) => `  ${entry(variable)}`)];
  return {
    key: `${service.name}:section`,
    file: definition.file,
    step: (file) => insertEntries(file, definition.path, lines, after),
  };
}

const entry = ({ name, value }: NewVariable): string => `${name}: ${value}`;

function adding(path: readonly string[], node: ComposeNode, variables: readonly NewVariable[]): ComposeStep {
  if (node.kind === 'seq') {
    const items = variables.map(({ name, value }) =>
      node.flow ? JSON.stringify(`${name}=${value}`) : `${name}=${value}`,
    );
    return (file) => insertItems(file, path, items);
  }
  const flow = node.kind === 'map' && node.flow;
  const lines = variables.map(({ name, value }) => `${name}: ${flow ? JSON.stringify(value) : value}`);
  return (file) => insertEntries(file, path, flow ? [lines.join(', ')] : lines);
}
