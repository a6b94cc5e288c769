import type { Evidence, Finding } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import { withVariables } from '../../src/model/env/environment-edit.ts';
import type { EnvRead } from '../../src/model/env/read.ts';
import { envOf, provisionOf } from '../../src/model/env.ts';
import { loopbacksIn, readdressed } from '../../src/model/network/loopback.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { StoreTarget } from '../../src/model/store/target.ts';
import { storeOf } from '../../src/model/store.ts';
import { listed } from '../../src/words.ts';
import { urlFor } from './credentials.ts';
import { type Meaning, meaningOf } from './meaning.ts';

/** A test run brings its own. */
const OF_TESTS = /(?:^|_)TEST(?:S|ING)?(?:_|$)/i;

interface Default {
  readonly service: Service;
  readonly name: string;
  readonly text: string;
  readonly at: Evidence['at'];
  readonly meaning: Meaning;
  readonly says: string;
}

/** Defaults in source (and ENV of an image) that no service overrides: the variable is set in Compose, local runs keep their default. */
export function* defaultFindings(stack: Stack): Iterable<Finding> {
  for (const project of stack.projects) {
    const groups = new Map<string, Default[]>();
    for (const service of stack.services.filter((each) => each.project === project))
      for (const found of defaultsOf(stack, service)) {
        const key = `${found.name}:${found.meaning.targets.map(({ store }) => store.service.name).join()}`;
        groups.set(key, [...(groups.get(key) ?? []), found]);
      }
    for (const group of groups.values()) yield findingOf(stack, project, group);
  }
}

function defaultsOf(stack: Stack, service: Service): readonly Default[] {
  if (service.networkMode !== undefined || storeOf(service)) return [];
  const view = stack.view(service);
  const env = envOf(stack, view);
  const found = new Map<string, Default>();
  const add = (name: string, text: string, at: Evidence['at'], says: string): void => {
    const [loopback] = loopbacksIn(text);
    const meaning = loopback && meaningOf(stack, service, name, text, loopback);
    if (meaning && !found.has(name) && !isInOverlay(service, name))
      found.set(name, { service, name, text, at, meaning, says });
  };
  for (const [name, { value, at }] of view.image?.env ?? [])
    if (!service.environment.has(name) && !service.hiddenEnvironment) add(name, value, at, `the image sets ${name}`);
  for (const read of env.reads.filter(({ name }) => !OF_TESTS.test(name)))
    if (read.fallback && isUnset(stack, service, env.reads, read) && provisionOf(stack, view, env, read).is === 'no')
      add(read.name, read.fallback.text, read.at, `${read.name} has a default for local runs`);
  return [...found.values()];
}

/** No other read of the same name says that it may be left out, and no URL makes a host variable needless. */
function isUnset(stack: Stack, service: Service, reads: readonly EnvRead[], read: EnvRead): boolean {
  if (loopbacksIn(read.fallback?.text ?? '')[0]?.scheme !== undefined) return true;
  // Where a whole URL is given, host and port are not looked at.
  return !reads.some(
    ({ name }) =>
      /(?:DATABASE|REDIS|BROKER|MONGO|RABBITMQ|AMQP|POSTGRES|DB|CACHE)_UR[LI]$/.test(name) &&
      stack.view(service).container.variable(name) !== undefined,
  );
}

const isInOverlay = (service: Service, name: string): boolean =>
  service.definitions.some(
    ({ overlay, file, entry }) =>
      overlay && new RegExp(`\\b${name}\\b`).test(file.text.slice(entry.at.start, entry.at.end)),
  );

function findingOf(stack: Stack, project: ComposeProject, group: readonly Default[]): Finding {
  const [first] = group;
  if (!first) throw new Error('a group of findings has one at least');
  const { name, meaning, at, says, text } = first;
  const services = [...new Set(group.map(({ service }) => service))];
  const names = listed(services.map((service) => service.name));
  const [target] = meaning.targets;
  const message = `Nothing gives ${name} to ${names}, so the default with ${meaning.address} counts, which is the container itself: nothing listens there (Connection refused).`;
  const evidence = [
    { at, says },
    ...services.map((service) => ({ at: service.at, says: `${service.name} does not set ${name}` })),
    ...meaning.targets.flatMap((each) => each.evidence),
  ];
  const value = target && meaning.targets.length === 1 ? valueFor(stack, text, target) : undefined;
  const edits =
    value === undefined
      ? undefined
      : withVariables(
          new Map(services.map((service) => [service, [{ name, value }, ...portOf(stack, first, target)]])),
        );
  const title = target
    ? `Set ${name} to ${target.store.service.name}:${target.port} in ${project.files[0]?.path ?? 'Compose'}`
    : `Set ${name}`;
  if (edits) return { message, at, evidence, fix: { title, safety: 'review', changes: edits } };
  const hosts = meaning.targets.map((each) => `${each.store.service.name}:${each.port}`);
  const advice =
    hosts.length > 1
      ? `Several services fit: ${hosts.join(', ')}. Set ${name} for ${names} to the one that it uses.`
      : `Set ${name} for ${names} to an address at ${hosts.join('')}; its credentials stay out of the file when they come from .env.`;
  return { message, at, evidence, advice, fix: { title, safety: 'manual', changes: [] } };
}

/** The default with the service's name; credentials only as `${…}` of the store's own settings. */
function valueFor(stack: Stack, text: string, target: StoreTarget): string | undefined {
  const [loopback] = loopbacksIn(text);
  if (!loopback) return undefined;
  if (loopback.credentials) return urlFor(stack, text, loopback, target);
  const port = Number(loopback.port?.text) === target.port ? undefined : target.port;
  const value = readdressed(text, loopback, target.store.service.name, port);
  return /^[\w.:/?=&+-]+$/.test(value) ? value : undefined;
}

/** `DB_PORT` beside `DB_HOST` when its default is not the container's port. */
function portOf(
  stack: Stack,
  { service, name }: Default,
  target: StoreTarget | undefined,
): readonly { name: string; value: string }[] {
  const wanted = name.replace(/(?:HOST(?:NAME)?|SERVER)$/, 'PORT');
  const read = envOf(stack, stack.view(service)).reads.find((each) => each.name === wanted && each.fallback);
  if (wanted === name || !read?.fallback || !target || service.environment.has(wanted)) return [];
  return read.fallback.text === String(target.port) ? [] : [{ name: wanted, value: `"${target.port}"` }];
}
