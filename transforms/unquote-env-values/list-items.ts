import type { Edit, Finding, Span } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { storeOf } from '../../src/model/store.ts';
import type { ComposeScalar } from '../../src/parse/compose.ts';

/** `- K="v"`: to YAML a plain text with quotes in it. */
interface Quoted {
  readonly service: Service;
  readonly name: string;
  /** With its quotes. */
  readonly value: string;
  readonly at: Span;
  /** Inside `[…]`, where a plain text ends at a comma or a bracket. */
  readonly flow: boolean;
  /** A store keeps it in its volume from its first start on. */
  readonly kept: boolean;
}

const KEPT = /^(?:POSTGRES|MYSQL|MARIADB|MONGO_INITDB|RABBITMQ_DEFAULT|MINIO|REDIS)_/;

/** Quoted values in list-style `environment`, each place once. */
export function* listFindings(stack: Stack): Iterable<Finding> {
  for (const project of stack.projects) {
    const all = quotedIn(stack, project);
    const kept = new Set(all.filter((each) => each.kept).map(({ value }) => value));
    const seen = new Set<string>();
    for (const quoted of all) {
      const place = `${quoted.at.path}:${quoted.at.start}`;
      if (seen.has(place)) continue;
      seen.add(place);
      yield findingOf(quoted, kept.has(quoted.value));
    }
  }
}

function quotedIn(stack: Stack, project: ComposeProject): readonly Quoted[] {
  return stack.services
    .filter((service) => service.project === project)
    .flatMap((service) =>
      (service.parts.get('environment') ?? []).flatMap(({ node }) =>
        node.kind !== 'seq'
          ? []
          : node.items.flatMap(({ value }) => (value.kind === 'scalar' ? quotedItem(service, value, node.flow) : [])),
      ),
    );
}

function quotedItem(service: Service, scalar: ComposeScalar, flow: boolean): readonly Quoted[] {
  const match = scalar.style === 'plain' ? /^([^=\s"']+)=(["'])((?:(?!\2)[^\n])*)\2$/.exec(scalar.source) : null;
  if (!match) return [];
  const [source, name = ''] = match;
  const kept = storeOf(service) !== undefined && KEPT.test(name);
  return [{ service, name, value: source.slice(name.length + 1), at: scalar.at, flow, kept }];
}

function findingOf(quoted: Quoted, kept: boolean): Finding {
  const { service, name, value, at } = quoted;
  const quote = value.startsWith('"') ? 'double' : 'single';
  const message = `${name} of ${service.name} stands in ${quote} quotes in the middle of a list item, so YAML keeps them: the program gets them as part of the value.`;
  const evidence = [{ at, says: `YAML sees a plain text here, and ${name} begins and ends with a quote` }];
  const title = `Give ${name} to ${service.name} without quotes`;
  if (kept)
    return {
      message,
      at,
      evidence,
      fix: { title, safety: 'manual', changes: [] },
      advice: `A store took this value, quotes included, into its volume when it started first. Take the quotes away in all services at once, and change it in the store too (or start with an empty volume).`,
    };
  const edits = editsFor(quoted);
  return edits
    ? { message, at, evidence, fix: { title, safety: 'review', changes: edits } }
    : {
        message,
        at,
        evidence,
        fix: { title, safety: 'manual', changes: [] },
        advice: `Quote the whole item instead of its value: '${name}=…'.`,
      };
}

/** Takes both quotes away, or moves the first one to the front, where YAML reads it. */
function editsFor({ name, value, at, flow }: Quoted): readonly Edit[] | undefined {
  const inner = value.slice(1, -1);
  const open = at.start + name.length + 1;
  const edit = (start: number, end: number, text: string): Edit => ({ path: at.path, start, end, text });
  const plain = inner === inner.trim() && !/: |:$|\s#/.test(inner) && !(flow && /[,[\]{}]/.test(inner));
  if (plain) return [edit(open, open + 1, ''), edit(at.end - 1, at.end, '')];
  // In double quotes YAML reads escapes.
  if (value.startsWith('"') && inner.includes('\\')) return undefined;
  return [edit(at.start, at.start, value.slice(0, 1)), edit(open, open + 1, '')];
}
