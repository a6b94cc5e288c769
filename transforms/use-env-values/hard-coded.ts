import type { Edit, Evidence, Finding, Span } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import { examplePath } from '../../src/model/env/example.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { storeOf } from '../../src/model/store.ts';
import type { ComposeScalar } from '../../src/parse/compose.ts';
import type { DotenvEntry } from '../../src/parse/dotenv.ts';
import { listed } from '../../src/words.ts';
import { isDeliberate, isModeSwitch } from './deliberate.ts';

/** A value in `environment` that needs no variable. */
interface HardCoded {
  readonly service: Service;
  readonly name: string;
  readonly text: string;
  /** The text alone, inside of quotes and after `NAME=`. */
  readonly at: Span;
  /** The whole scalar, and whether it needs quotes once braces stand in it. */
  readonly scalar: Span;
  readonly quote: boolean;
}

/** Hard-coded values that also stand in the `.env` (or, without one, in its example) beside the Compose file. */
export function* findingsOf(stack: Stack, project: ComposeProject): Iterable<Finding> {
  const folder = project.folder === '' ? '' : `${project.folder}/`;
  const path = stack.repo.has(`${folder}.env`) ? `${folder}.env` : examplePath(stack, project.folder);
  const entries = new Map((stack.sources.dotenv(path)?.entries ?? []).map((entry) => [entry.name, entry]));
  if (entries.size === 0) return;
  const services = stack.services.filter((service) => service.project === project);
  const all = services.flatMap(hardCodedIn).filter(({ name }) => entries.has(name));
  const groups = new Map<string, HardCoded[]>();
  for (const found of all) groups.set(found.name, [...(groups.get(found.name) ?? []), found]);
  for (const [name, group] of groups) {
    const entry = entries.get(name);
    if (entry && !isDeliberate(stack, project, name, group, entry)) yield findingOf(path, name, group, entry);
  }
}

function findingOf(path: string, name: string, group: readonly HardCoded[], entry: DotenvEntry): Finding {
  const names = listed([...new Set(group.map(({ service }) => service.name))]);
  const [first] = group;
  const same = group.every(({ text }) => text === entry.value);
  const at = first?.scalar ?? entry.at;
  const evidence: Evidence[] = [
    ...group.map((each) => ({
      at: each.scalar,
      says: `${each.service.name} gets ${name} from here, whatever .env says`,
    })),
    {
      at: { ...entry.at, end: entry.at.start + name.length },
      says: `${path} sets ${name}, too${same ? '' : ', to another value'}`,
    },
  ];
  const message = `${name} of ${names} is hard-coded, and environment beats .env: an edit of ${name} in .env changes nothing.`;
  const title = `Let .env set ${name}, with the present value as the default`;
  if (!same && isModeSwitch(name))
    return {
      message,
      at,
      evidence,
      fix: { title, safety: 'manual', changes: [] },
      advice: `The two values differ, and ${name} decides how the application behaves: write \${${name}:-…} only if .env is right for this stack.`,
    };
  const seen = new Set<number>();
  const changes = group
    .filter(({ at: { start } }) => !seen.has(start) && seen.add(start))
    .flatMap((each) => editsFor(each));
  return { message, at, evidence, fix: { title, safety: same ? 'safe' : 'review', changes } };
}

const editsFor = ({ name, at, scalar, quote }: HardCoded): readonly Edit[] => {
  const insert = (where: number, text: string): Edit => ({ path: at.path, start: where, end: where, text });
  if (!quote) return [insert(at.start, `\${${name}:-`), insert(at.end, '}')];
  return scalar.start === at.start
    ? [insert(at.start, `"\${${name}:-`), insert(at.end, '}"')]
    : [insert(scalar.start, '"'), insert(at.start, `\${${name}:-`), insert(at.end, '}"')];
};

function hardCodedIn(service: Service): readonly HardCoded[] {
  if (storeOf(service)) return [];
  return (service.parts.get('environment') ?? []).flatMap(({ node }) => {
    if (node.kind === 'map')
      return node.entries.flatMap(({ key, value }) =>
        value.kind === 'scalar' ? literal(service, String(key.value), value, 0, node.flow) : [],
      );
    if (node.kind !== 'seq') return [];
    return node.items.flatMap(({ value }) => {
      const name = value.kind === 'scalar' ? /^["']?(\w+)=/.exec(value.source)?.[1] : undefined;
      return value.kind === 'scalar' && name !== undefined
        ? literal(service, name, value, name.length + 1, node.flow)
        : [];
    });
  });
}

/** A scalar on one line whose text can stand inside `${NAME:-…}`. */
function literal(
  service: Service,
  name: string,
  scalar: ComposeScalar,
  skip: number,
  flow: boolean,
): readonly HardCoded[] {
  const quoted = scalar.style === 'double' || scalar.style === 'single';
  if (!quoted && scalar.style !== 'plain') return [];
  const start = scalar.at.start + (quoted ? 1 : 0) + skip;
  const end = scalar.at.end - (quoted ? 1 : 0);
  const text = scalar.source.slice(start - scalar.at.start, end - scalar.at.start);
  if (text === '' || scalar.value === null || /[${}"'\\\n]/.test(text)) return [];
  return [{ service, name, text, at: { path: scalar.at.path, start, end }, scalar: scalar.at, quote: flow && !quoted }];
}
