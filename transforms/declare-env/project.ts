import type { Evidence, Finding, Span } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import { withVariables } from '../../src/model/env/environment-edit.ts';
import { addToExample, examplePath } from '../../src/model/env/example.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { listed } from '../../src/words.ts';
import { type Missing, missingOf } from './missing.ts';
import { nearMissOf } from './near-miss.ts';
import { placeholderFor } from './placeholder.ts';
import { type Rename, renamesOf } from './rename.ts';

/** What the services of a project lack: one finding for each variable of another name, and one for all that nothing gives. */
export function* findingsOf(stack: Stack, project: ComposeProject): Iterable<Finding> {
  const services = stack.services.filter((service) => service.project === project);
  const missing = services.flatMap((service) => missingOf(stack, service));
  const absent = missing.filter(({ how }) => how === 'absent');
  const renames = renamesOf(stack, absent);
  for (const to of new Set(renames.map((rename) => rename.to)))
    yield renameFinding(renames.filter((rename) => rename.to === to));
  const unset = absent.filter((each) => !renames.some((rename) => rename.missing === each));
  if (unset.length > 0) yield absentFinding(stack, project, unset);
  const hidden = missing.filter(({ how, read }) => how === 'hidden' && !isExplained(stack, project, read.names));
  if (hidden.length > 0) yield hiddenFinding(stack, project, hidden);
}

/** The value is there, under a name that nobody reads: it keeps its place and gets the name. */
function renameFinding(renames: readonly Rename[]): Finding {
  const missing = renames.map((rename) => rename.missing);
  const to = listed([...new Set(renames.map((rename) => rename.to))]);
  const from = listed([...new Set(renames.map((rename) => rename.from))]);
  const readers = listed(servicesIn(missing).map(({ name }) => name));
  const many = servicesIn(missing).length > 1;
  return {
    message: `${readers} ${many ? 'get' : 'gets'} ${from}, and the source reads ${to}: the process stops when it starts, as if nothing was set.`,
    at: renames[0]?.evidence.at ?? { path: '', start: 0, end: 0 },
    evidence: [...evidenceOf(missing), ...renames.map(({ evidence }) => evidence)],
    fix: { title: `Rename ${from} to ${to}`, safety: 'review', changes: renames.map(({ edit }) => edit) },
  };
}

function absentFinding(stack: Stack, project: ComposeProject, missing: readonly Missing[]): Finding {
  const names = namesIn(missing);
  const services = servicesIn(missing);
  const readers = listed(services.map(({ name }) => name));
  const many = names.length > 1;
  const near = missing
    .flatMap(({ service, read }) => nearMissOf(stack, service, read.name) ?? [])
    .slice(0, names.length);
  const hint =
    near.length > 0
      ? ` ${listed([...new Set(near.map(({ name }) => name))])} is set, a name that the source does not read.`
      : '';
  const message = `The source of ${readers} requires ${listed(names)}, and nothing gives ${many ? 'them' : 'it'} to the container: the process stops when it starts.${hint}`;
  const at = missing[0]?.service.at ?? { path: '', start: 0, end: 0 };
  const evidence = [...evidenceOf(missing), ...near.map((each) => each.evidence), ...overridingOf(missing)];
  const wanted = new Map(
    services.map((service) => [
      service,
      namesIn(missing.filter((each) => each.service === service)).map((name) => ({
        name,
        value: `\${${name}:?${name} is required}`,
      })),
    ]),
  );
  const examples = addToExample(stack, project.folder, entriesOf(stack, project, missing));
  const named =
    examples.length > 0 ? `, and name ${many ? 'them' : 'it'} in ${examplePath(stack, project.folder)}` : '';
  const title = `Take ${listed(names)} from .env${named}`;
  const edits = withVariables(wanted);
  const advice = adviceFor(stack, project, names, near);
  if (!edits)
    return {
      message,
      at,
      evidence,
      fix: { title, safety: 'manual', changes: [] },
      advice: `The environment of ${readers} stands where other services share it. Add ${names.map((name) => `${name}: \${${name}:?${name} is required}`).join(', ')} to an environment of its own.`,
    };
  const changes = [...edits, ...examples];
  return {
    message,
    at,
    evidence,
    fix: { title, safety: 'review', changes },
    ...(advice === undefined ? {} : { advice }),
  };
}

/** An env file that is not in the repository may hold them: its example tells whoever makes it. */
function hiddenFinding(stack: Stack, project: ComposeProject, missing: readonly Missing[]): Finding {
  const names = namesIn(missing);
  const readers = listed(servicesIn(missing).map(({ name }) => name));
  const path = examplePath(stack, project.folder);
  const changes = addToExample(stack, project.folder, entriesOf(stack, project, missing));
  const files = servicesIn(missing).flatMap(({ parts }) => parts.get('env_file') ?? []);
  return {
    message: `The source of ${readers} requires ${listed(names)}; the env file that should hold ${names.length > 1 ? 'them' : 'it'} is not in the repository, and no example says so.`,
    at: files[0]?.entry.at ?? missing[0]?.service.at ?? { path, start: 0, end: 0 },
    evidence: [
      ...evidenceOf(missing),
      ...files.slice(0, 1).map(({ entry }) => ({ at: entry.at, says: 'names a file that is not here' })),
    ],
    fix: { title: `Name ${listed(names)} in ${path}`, safety: 'safe', changes },
    advice: `Make the env file from ${path}: cp ${path} ${path.replace(/[^/]*$/, '.env')}, then fill in the values.`,
  };
}

/** The example names them already, so that whoever makes the file knows. */
function isExplained(stack: Stack, project: ComposeProject, names: readonly string[]): boolean {
  const text = stack.repo.read(examplePath(stack, project.folder)) ?? '';
  const others = stack.repo.paths.filter((path) =>
    /(?:^|\/)\.?env[.-](?:example|sample|template|dist)$|\.env\.\w+\.(?:example|sample)$|example\.env$/.test(path),
  );
  return [text, ...others.map((path) => stack.repo.read(path) ?? '')].some((each) =>
    names.some((name) => new RegExp(`^#?\\s*(?:export\\s+)?${name}=`, 'm').test(each)),
  );
}

const entriesOf = (stack: Stack, project: ComposeProject, missing: readonly Missing[]) =>
  namesIn(missing).map((name) => ({
    name,
    comment: `Required by ${listed(servicesIn(missing.filter(({ read }) => read.name === name)).map((service) => service.name))}`,
    placeholder: placeholderFor(stack, project, name),
  }));

/** Each variable once, with the services that read it at the same place. */
function evidenceOf(missing: readonly Missing[]): readonly Evidence[] {
  const places = new Map<string, Evidence>();
  const key = (at: Span, says: string): string => `${at.path}:${at.start}:${says}`;
  for (const { read } of missing) for (const each of read.evidence) places.set(key(each.at, each.says), each);
  const lacking = servicesIn(missing).map((service) => {
    const names = namesIn(missing.filter((each) => each.service === service));
    return { at: service.at, says: `${service.name} gets no ${names.join(', no ')}` };
  });
  return [...places.values(), ...lacking];
}

const overridingOf = (missing: readonly Missing[]): readonly Evidence[] => {
  const found = missing.flatMap(({ overriding }) => overriding ?? []);
  return found.slice(0, 1);
};

function adviceFor(
  stack: Stack,
  project: ComposeProject,
  names: readonly string[],
  near: readonly { readonly name: string }[],
): string | undefined {
  const lacking = names.filter((name) => project.variables.get(name) === undefined);
  if (lacking.length === 0) return undefined;
  const folder = project.folder === '' ? '' : `${project.folder}/`;
  const rename =
    near.length > 0
      ? ` Rename ${near.map(({ name }) => name).join(', ')} where it is meant to be ${listed(names)}.`
      : '';
  return stack.repo.has(`${folder}.env`)
    ? `Add ${listed(lacking)} to ${folder}.env.${rename}`
    : `Make ${folder}.env from ${examplePath(stack, project.folder)} and fill in ${listed(lacking)}.${rename}`;
}

const namesIn = (missing: readonly Missing[]): readonly string[] => [...new Set(missing.map(({ read }) => read.name))];
const servicesIn = (missing: readonly Missing[]): readonly Service[] => [
  ...new Set(missing.map(({ service }) => service)),
];
