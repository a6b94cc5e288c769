import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import { addToExample, type ExampleEntry, examplePath } from '../../src/model/env/example.ts';
import { exampleValues } from '../../src/model/secret/known.ts';
import { loginOf } from '../../src/model/secret.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { storeOf } from '../../src/model/store.ts';
import { nameOf } from '../../src/repo/path.ts';
import { listed } from '../../src/words.ts';
import { type Named, namesFor } from './naming.ts';
import { filesOf, inCommands, type Place, unspliced, type Written, writtenIn } from './written.ts';

/** All secrets that a project's Compose files hold, in one finding: one variable may stand in several places. */
export function* composeFindings(stack: Stack, project: ComposeProject): Iterable<Finding> {
  const examples = exampleValues(stack.repo);
  const services = stack.services.filter((service) => service.project === project);
  const files = filesOf(project, services);
  const direct = writtenIn(files, examples).filter((each) => !isOfTheImage(each, services));
  const known = new Set(direct.map(({ value }) => value));
  const commands = files.flatMap((file) => inCommands(file, known, examples));
  const all = [...direct, ...commands.filter((each) => !direct.some(({ at }) => overlap(at, each.at)))];
  const named = namesFor(project, services, all);
  if (named.length > 0) yield findingOf(stack, project, named);
  for (const place of unspliced(files)) yield blockFinding(place);
}

/** The password that everybody's RabbitMQ has until one is set: another value here would not open it. https://www.rabbitmq.com/docs/access-control#default-state */
const isOfTheImage = ({ url, value }: Written, services: readonly Service[]): boolean =>
  url !== undefined &&
  /^amqps?$|^pyamqp$/.test(url.scheme) &&
  value === 'guest' &&
  !services.some(
    (service) => storeOf(service)?.kind === 'rabbitmq' && service.environment.has('RABBITMQ_DEFAULT_PASS'),
  );

/** A key of several lines, which no line of `.env.example` can stand for. */
const blockFinding = ({ owner, name, scalar }: Place): Finding => ({
  message: `${scalar.at.path} holds ${name} in plain text: whoever reads the repository, a fork or its history has it.`,
  at: scalar.at,
  evidence: [{ at: scalar.at, says: `${owner ?? 'an anchor'}: ${name} over several lines` }],
  fix: { title: `Take ${name} out of ${scalar.at.path}`, safety: 'manual', changes: [] },
  // https://docs.docker.com/compose/how-tos/use-secrets/
  advice: `Put it into a file that git ignores, and give that file to the service as a secret ("secrets: ${name.toLowerCase()}: { file: ./secrets/${name.toLowerCase()} }"): the process reads /run/secrets/${name.toLowerCase()}. What was committed stays in the history: choose a new one.`,
});

const overlap = (a: Written['at'], b: Written['at']): boolean =>
  a.path === b.path && a.start < b.end && b.start < a.end;

function findingOf(stack: Stack, project: ComposeProject, named: readonly Named[]): Finding {
  const names = [...new Set(named.map(({ variable }) => variable))];
  const many = names.length > 1;
  const sorted = [...named].sort(
    (a, b) => compare(a.written.at.path, b.written.at.path) || a.written.at.start - b.written.at.start,
  );
  const paths = [...new Set(sorted.map(({ written }) => written.at.path))];
  const evidence: Evidence[] = sorted.map(({ written, variable }) => ({
    at: written.at,
    says: `${written.owner ?? 'an anchor'}: ${says(written)} in plain text${variable === written.name || variable === written.reference ? '' : `, to become ${variable}`}`,
  }));
  const example = examplePath(stack, project.folder);
  const examples = addToExample(stack, project.folder, entriesFor(names, sorted));
  const edits = editsFor(named);
  const first = sorted[0]?.written.at ?? { path: example, start: 0, end: 0 };
  return {
    message: `${listed(paths)} ${paths.length > 1 ? 'hold' : 'holds'} ${listed(names)} in plain text: whoever reads the repository, a fork or its history has ${many ? 'them' : 'it'}.`,
    at: first,
    evidence,
    fix: {
      title: `Take ${listed(names)} from ${project.folder === '' ? '' : `${project.folder}/`}.env${examples.length > 0 ? `, and name ${many ? 'them' : 'it'} in ${example}` : ''}`,
      safety: 'review',
      changes: [...edits, ...examples],
    },
    advice: adviceFor(stack, project, names, named),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const says = ({ url, section, name, reference }: Written): string => {
  if (reference !== undefined) return `the default of ${reference}`;
  if (url) return `the password in ${name}`;
  return section === 'args' ? `the build argument ${name}` : section === 'command' ? `a password in ${name}` : name;
};

/** One edit for each scalar; in flow style a bare one gets quotes, because braces mean something there. */
function editsFor(named: readonly Named[]): readonly Edit[] {
  const scalars = new Map<string, Named[]>();
  for (const each of named) {
    const key = `${each.written.at.path}:${each.written.scalar.at.start}`;
    scalars.set(key, [...(scalars.get(key) ?? []), each]);
  }
  return [...scalars.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { scalar, flow } = first.written;
    const text = [...group]
      .sort((a, b) => b.written.at.start - a.written.at.start)
      .reduce((source, { written, variable }) => {
        const { start, end } = written.at;
        const value = `\${${variable}:?${variable} is required}`;
        return source.slice(0, start - scalar.at.start) + value + source.slice(end - scalar.at.start);
      }, scalar.source);
    const quote = scalar.style === 'plain' && flow;
    return [{ ...scalar.at, text: quote ? `"${text}"` : text }];
  });
}

function entriesFor(names: readonly string[], named: readonly Named[]): readonly ExampleEntry[] {
  return names.map((name) => {
    const uses = named.filter(({ variable }) => variable === name);
    const base = name.replace(/_ENCODED$/, '');
    const login = uses.map(({ written }) => loginOf(written.name, written.value)).find(Boolean);
    // No names of services: a later change may take one of them away.
    const what =
      base !== name && uses.every(({ written }) => written.url?.encoded)
        ? `The same as ${base}, percent-encoded for URLs`
        : login
          ? 'Secret, as user and password'
          : 'Secret';
    const inText = uses.some(({ written }) => (written.url && !written.url.encoded) || written.section === 'command');
    return {
      name,
      comment: inText ? `${what}; it stands in a URL or a command, so letters, digits, - and _ only` : what,
      placeholder: login ? `${login.user}${login.joint}change-me` : 'change-me',
    };
  });
}

/** What has to happen before the next start. */
function adviceFor(stack: Stack, project: ComposeProject, names: readonly string[], named: readonly Named[]): string {
  const folder = project.folder === '' ? '' : `${project.folder}/`;
  const example = examplePath(stack, project.folder);
  const set = (name: string): boolean => Boolean(project.variables.get(name));
  const missing = names.filter((name) => !set(name));
  const other = named.filter(
    ({ variable, written }) => set(variable) && project.variables.get(variable) !== written.value,
  );
  const start =
    missing.length === 0
      ? `${folder}.env sets ${listed(names)} already.`
      : stack.repo.has(`${folder}.env`)
        ? `Before the next start add ${listed(missing)} to ${folder}.env, with the ${values(missing)} here now.`
        : `Before the next start: cp ${example} ${folder}.env, then fill in ${listed(missing)} with the ${values(missing)} here now.`;
  const quoted = named.some(({ written }) => /[$#\s'"\\]/.test(written.value));
  const differs = [...new Set(other.map(({ variable }) => variable))];
  return [
    start,
    ...(missing.length > 0 && !leavesOut(stack, folder)
      ? [`Let git leave ${folder}.env out first: no line of .gitignore names it.`]
      : []),
    ...(differs.length > 0
      ? [`${folder}.env has another value for ${listed(differs)}, which counts from now on.`]
      : []),
    ...(quoted && missing.length > 0 ? ['In .env a value with signs such as $ or # needs single quotes.'] : []),
    'A database keeps the password that it was made with until it is changed inside of it. What was committed stays in the history: choose new secrets wherever somebody else may have read it.',
    ...(named.some(({ written }) => written.section === 'args')
      ? ["A build argument can be read in the image's history; a secret mount (RUN --mount=type=secret) cannot."]
      : []),
  ].join(' ');
}

/** Whether a `.gitignore` on the way names `.env`, which is not there yet. */
const leavesOut = (stack: Stack, folder: string): boolean =>
  stack.repo.isIgnored(`${folder}.env`) ||
  stack.repo.paths
    .filter((path) => nameOf(path) === '.gitignore' && folder.startsWith(path.slice(0, -'.gitignore'.length)))
    .some((path) => /^[^\S\n]*(?:[^#!\s]*\/)?(?:\*?\.env\*?|\.\*)[^\S\n]*\r?$/m.test(stack.repo.read(path) ?? ''));

const values = (names: readonly string[]): string => (names.length > 1 ? 'values that stand' : 'value that stands');
