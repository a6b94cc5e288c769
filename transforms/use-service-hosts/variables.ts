import type { Edit, Evidence, Finding, Span } from '../../src/finding.ts';
import { loopbacksIn } from '../../src/model/network/loopback.ts';
import type { Service, Variable } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { StoreTarget } from '../../src/model/store/target.ts';
import { storeOf } from '../../src/model/store.ts';
import { interpolate } from '../../src/parse/dotenv.ts';
import { listed } from '../../src/words.ts';
import { type Meaning, meaningOf, portNear } from './meaning.ts';

/** A value that points at the container itself, and where the text of it stands. */
interface Wrong {
  readonly service: Service;
  readonly variable: Variable;
  readonly meaning: Meaning;
  /** Where the address is written; `undefined` when it is put together from several places. */
  readonly place: Place | undefined;
}

interface Place {
  readonly at: Span;
  readonly text: string;
  /** The variable of `.env` that Compose fills in. */
  readonly through: Evidence | undefined;
}

/** Wrong addresses in `environment` and in the env files that Compose reads. */
export function* variableFindings(stack: Stack): Iterable<Finding> {
  const groups = new Map<string, Wrong[]>();
  for (const service of stack.services)
    for (const variable of service.environment.values())
      for (const wrong of wrongIn(stack, service, variable)) {
        const at = wrong.place?.at ?? variable.at;
        const key = `${at.path}:${at.start}`;
        groups.set(key, [...(groups.get(key) ?? []), wrong]);
      }
  for (const group of groups.values()) yield findingOf(stack, group);
}

function wrongIn(stack: Stack, service: Service, variable: Variable): readonly Wrong[] {
  const { value } = variable;
  if (!value || service.networkMode !== undefined || storeOf(service)) return [];
  const [loopback] = loopbacksIn(value.text);
  if (!loopback) return [];
  const meaning = meaningOf(stack, service, variable.name, value.text, loopback);
  return meaning ? [{ service, variable, meaning, place: placeOf(stack, service, variable) }] : [];
}

/** The place where the address is written: the value itself, or the entry of `.env` that Compose puts into it. */
function placeOf(stack: Stack, service: Service, { value, from, name }: Variable): Place | undefined {
  if (!value) return undefined;
  const source = stack.repo.read(value.at.path)?.slice(value.at.start, value.at.end) ?? '';
  const skip = from === 'environment' ? (new RegExp(`^["']?${name}=`).exec(source)?.[0].length ?? 0) : 0;
  const text = unquoted(source.slice(skip));
  const start = value.at.start + skip + text.offset;
  const at = { path: value.at.path, start, end: start + text.text.length };
  if (loopbacksIn(text.text).length > 0) return { at, text: text.text, through: undefined };
  const { folder } = service.project;
  const file = stack.sources.dotenv(folder === '' ? '.env' : `${folder}/.env`);
  const names = interpolate(text.text, (each) => service.project.variables.get(each)).names;
  const entries =
    file?.entries.filter((entry) => names.includes(entry.name) && loopbacksIn(entry.value ?? '').length > 0) ?? [];
  const [entry] = entries;
  if (!file || !entry || entries.length > 1) return undefined;
  const inner = unquoted(file.text.slice(entry.valueAt.start, entry.valueAt.end));
  const begin = entry.valueAt.start + inner.offset;
  return {
    at: { path: file.path, start: begin, end: begin + inner.text.length },
    text: inner.text,
    through: { at: entry.at, says: `${entry.name} of ${file.path} is filled in there` },
  };
}

function unquoted(source: string): { readonly text: string; readonly offset: number } {
  const quote = /^(["'])([\s\S]*)\1$/.exec(source);
  if (quote) return { text: quote[2] ?? '', offset: 1 };
  return { text: source.replace(/["']$/, ''), offset: 0 };
}

function findingOf(stack: Stack, group: readonly Wrong[]): Finding {
  const [first] = group;
  if (!first) throw new Error('a group of findings has one at least');
  const services = [...new Set(group.map(({ service }) => service.name))];
  const { variable, meaning, place } = first;
  const [target] = meaning.targets;
  const one =
    new Set(group.flatMap(({ meaning: each }) => each.targets.map(({ store }) => store.service.name))).size === 1;
  const message = `${variable.name} of ${listed(services)} points at ${meaning.address}, which is ${services.length > 1 ? 'each of these containers' : `the container of ${services[0]}`} itself: nothing listens there (Connection refused).`;
  const evidence = [
    {
      at: variable.at,
      says: `${listed(services)} ${services.length > 1 ? 'get' : 'gets'} ${variable.name} with the host ${meaning.address}`,
    },
    ...(place?.through ? [place.through] : []),
    ...meaning.targets.flatMap((each) => each.evidence),
    ...meaning.portEvidence,
  ];
  const title = (each: StoreTarget): string => `Let ${variable.name} point at ${each.store.service.name}:${each.port}`;
  const outsiders = others(stack, group, variable);
  const edits = target && one && place && outsiders.length === 0 ? editsFor(place, meaning, target) : undefined;
  if (target && edits)
    return { message, at: variable.at, evidence, fix: { title: title(target), safety: 'review', changes: edits } };
  const names = meaning.targets.map((each) => `${each.store.service.name}:${each.port}`);
  const why =
    outsiders.length > 0
      ? `${listed(outsiders)} ${outsiders.length > 1 ? 'share' : 'shares'} the value and may need it as it is. Give ${listed(services)} a value of its own: ${names.join(' or ')}.`
      : names.length > 1
        ? `Several services fit: ${names.join(', ')}. Name the one that ${listed(services)} uses.`
        : `The address is put together from several places. It has to be ${names.join(' or ')}.`;
  const wish = target ? title(target) : 'Name the service';
  return { message, at: variable.at, evidence, advice: why, fix: { title: wish, safety: 'manual', changes: [] } };
}

/** Services outside of the group that see the very same value, for whom localhost may be right. */
function others(stack: Stack, group: readonly Wrong[], variable: Variable): readonly string[] {
  const members = new Set(group.map(({ service }) => service));
  const places = new Set(group.map(({ variable: each }) => each.value?.at.start));
  return stack.services
    .filter((service) => !members.has(service))
    .filter((service) => {
      const theirs = service.environment.get(variable.name)?.value?.at;
      return theirs?.path === variable.value?.at.path && places.has(theirs?.start);
    })
    .map(({ name }) => name);
}

/** The address in its own text, and the partner variable that holds the port. */
function editsFor(place: Place, meaning: Meaning, target: StoreTarget): readonly Edit[] | undefined {
  const found = loopbacksIn(place.text);
  const [written] = found;
  if (!written || found.length > 1) return undefined;
  const name = { ...spanIn(place, written.host), text: target.store.service.name };
  const port = written.port && newPort(meaning, target);
  const partner = meaning.partner && portNear(meaning.partner, target.port);
  if (meaning.partner && !partner) return undefined;
  return [
    name,
    ...(written.port && port !== undefined ? [{ ...spanIn(place, written.port), text: String(port) }] : []),
    ...(partner ?? []),
  ];
}

/** Host and port alone: what stands between may be a password. */
const spanIn = ({ at }: Place, { start, end }: { readonly start: number; readonly end: number }): Span => ({
  path: at.path,
  start: at.start + start,
  end: at.start + end,
});

/** The container's port, only where another one is meant today. */
const newPort = (meaning: Meaning, target: StoreTarget): number | undefined =>
  meaning.port === target.port ? undefined : target.port;
