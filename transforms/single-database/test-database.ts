import type { Evidence } from '../../src/finding.ts';
import { imageFamily, imageTag } from '../../src/model/image/base-image.ts';
import type { Service, Variable } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { hostsIn, namesOf, type Store, storeOf } from '../../src/model/store.ts';
import { nameOf } from '../../src/repo/path.ts';

/** A database service that is there for tests, beside the main one. */
export interface TestDatabase {
  readonly store: Store;
  readonly main: Service;
  /** Variables that point at it, all named as for tests, with their service. */
  readonly variables: readonly { readonly service: Service; readonly variable: Variable }[];
  /** Variables that by their name hold its address, with a value that the Compose file leaves open. */
  readonly open: readonly Variable[];
  /** Services that run tests against it. */
  readonly runners: readonly Evidence[];
}

const DATABASE = /^(?:postgres|mysql|mariadb|mongo)$/;
const TEST = /^(?:tests?|testing|unittests?)$/;
/** Words in the name of a database service that do not tell one database from another. */
const PLAIN = /^(?:db|database|sql|data|postgres|postgresql|pg|mysql|mariadb|mongo|mongodb)$/;
const TEST_VARIABLE = /(?:^|_)TEST(?:S|ING)?(?:_|$)/i;
const TEST_PROGRAM = /^(?:pytest|py\.test|tox|nox|jest|vitest|mocha|coverage|behave)$/;
const REPLICATED = /REPLICA|STANDBY|PRIMARY|MASTER/i;

/** True for the name of a variable that is for tests: `TEST_DATABASE_URL`, `DATABASE_URL_TEST`. */
export const isTestVariable = (name: string): boolean => TEST_VARIABLE.test(name);

/** True for the name of a variable that holds the address of a database for tests. */
export const isTestAddress = (name: string): boolean =>
  isTestVariable(name) && /DATABASE|(?:^|_)(?:DB|PG|SQL|DSN)(?:_|$)|POSTGRES|MYSQL|MONGO/.test(name);

/** True when a value names one of some hosts. */
export const pointsAt = (value: string, hosts: ReadonlySet<string>): boolean =>
  hostsIn(value).some((host) => hosts.has(host));

/** The database services that only tests can be meant to use; one that an application uses is none. */
export function testDatabasesOf(stack: Stack): readonly TestDatabase[] {
  return stack.services.flatMap((service) => {
    const store = storeOf(service);
    const main = store && DATABASE.test(store.kind) ? mainBeside(stack, store) : undefined;
    return (store && main && usedForTests(stack, store, main)) ?? [];
  });
}

/** The database of the same kind and version that is not for tests, when there is one. */
function mainBeside(stack: Stack, store: Store): Service | undefined {
  const { service } = store;
  const others = stack.neighbours(service).filter((other) => other !== service && storeOf(other)?.kind === store.kind);
  return others.find(
    (other) =>
      isForTests(service, other) && !isForTests(other, service) && sameVersion(service, other) && !replicates(service),
  );
}

function isForTests(service: Service, main: Service): boolean {
  const words = wordsOf(service.name);
  const rest = words.filter((word) => !TEST.test(word));
  const plain = new Set(wordsOf(main.name));
  if (rest.length < words.length) return rest.every((word) => PLAIN.test(word) || plain.has(word));
  return (
    service.profiles.length > 0 && service.profiles.every((profile) => wordsOf(profile).some((word) => TEST.test(word)))
  );
}

const isNamedForTests = (name: string): boolean => wordsOf(name).some((word) => TEST.test(word));

/** `testdb` and `db-test` alike. */
const wordsOf = (name: string): readonly string[] =>
  name
    .toLowerCase()
    .split(/[-_.]/)
    .flatMap((word) => {
      const joined = /^(tests?|testing)(\w+)$/.exec(word) ?? /^(\w+?)(tests?|testing)$/.exec(word);
      const parts = joined?.slice(1) ?? [];
      return parts.some((part) => PLAIN.test(part)) ? parts : [word];
    });

function sameVersion(a: Service, b: Service): boolean {
  const of = ({ image }: Service): string => {
    const text = image?.text ?? '';
    return `${imageFamily(text)}:${/^\d+/.exec(imageTag(text))?.[0] ?? imageTag(text)}`;
  };
  return of(a) === of(b);
}

const replicates = ({ environment }: Service): boolean => [...environment.keys()].some((name) => REPLICATED.test(name));

function usedForTests(stack: Stack, store: Store, main: Service): TestDatabase | undefined {
  const hosts = namesOf(store.service);
  const variables: { service: Service; variable: Variable }[] = [];
  const open: Variable[] = [];
  const runners: Evidence[] = [];
  for (const other of stack.neighbours(store.service)) {
    if (other === store.service || other === main) continue;
    const pointing = [...other.environment.values()].filter(({ value }) => value && pointsAt(value.text, hosts));
    const own = pointing.filter(({ name }) => !isTestVariable(name));
    const view = stack.view(other);
    if (runsTests(view)) {
      const at = pointing[0]?.at ?? other.dependsOn.find(({ name }) => name === store.service.name)?.at;
      if (at) runners.push({ at, says: `${other.name} runs tests against it` });
    } else if (own.length > 0 || namesInCommand(view, hosts) || !knowsMain(view, store.service, main)) return undefined;
    else {
      variables.push(...pointing.map((variable) => ({ service: other, variable })));
      open.push(
        ...[...other.environment.values()].filter(({ name, value }) => isTestAddress(name) && (value?.unknown ?? true)),
      );
    }
  }
  return { store, main, variables, open, runners };
}

/** A service that waits for the test database and for no other may get its address in a way that cannot be seen. */
function knowsMain({ service, stores }: ServiceView, test: Service, main: Service): boolean {
  const waitsFor = (name: string): boolean => service.dependsOn.some((edge) => edge.name === name);
  return !waitsFor(test.name) || waitsFor(main.name) || stores.some(({ store }) => store.service === main);
}

/** A server with a test's name is an application that somebody tries out, not a run of tests. */
function runsTests({ service, startup }: ServiceView): boolean {
  const isTest = startup.commands.some(
    ({ argv }) =>
      argv.some((word) => TEST_PROGRAM.test(nameOf(word))) ||
      /(?:^| )(?:manage\.py|npm|yarn|pnpm|run) test\b/.test(argv.join(' ')),
  );
  if (isTest || /^(?:web|worker|beat)$/.test(startup.main?.program.role ?? '')) return isTest;
  return isNamedForTests(service.name) || (service.profiles.length > 0 && service.profiles.every(isNamedForTests));
}

const namesInCommand = ({ startup, container }: ServiceView, hosts: ReadonlySet<string>): boolean =>
  [...startup.commands.flatMap(({ argv }) => argv), ...(container.argv?.words ?? []).map(({ text }) => text)].some(
    (word) => pointsAt(word, hosts),
  );
