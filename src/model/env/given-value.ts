import type { Evidence, Span } from '../../finding.ts';
import { type ComposeScalar, textOf } from '../../parse/compose.ts';
import { joinContainer } from '../../repo/path.ts';
import { mayBeSetByScript } from '../env.ts';
import type { Service } from '../service.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { writtenIn } from './calls.ts';
import type { EnvFileLoad } from './read.ts';
import { startingCode } from './start.ts';

/** Where the text of a value stands. */
export type ValuePlace =
  /** `environment` of a Compose file; `listed`: the scalar is `NAME=value`. */
  | { readonly kind: 'compose'; readonly scalar: ComposeScalar; readonly listed: boolean; readonly flow: boolean }
  | { readonly kind: 'dotenv'; readonly path: string; readonly at: Span; readonly quote: '' | "'" | '"' }
  | { readonly kind: 'image'; readonly at: Span };

/** The value of a variable as a process sees it, and where it comes from. */
export interface GivenValue {
  readonly name: string;
  readonly text: string;
  readonly place: ValuePlace;
  readonly evidence: readonly Evidence[];
}

/** The value of the first of some variables that a container has: from Compose, its env files, the image, or a file that the source loads. */
export function givenValue(
  stack: Stack,
  view: ServiceView,
  names: readonly string[],
  anyCase: boolean,
  files: readonly EnvFileLoad[],
): GivenValue | undefined {
  const { service } = view;
  if (isSetByCode(stack, view, names, anyCase)) return undefined;
  for (const name of names) {
    const keys = new Set([...service.environment.keys(), ...(view.image?.env.keys() ?? [])]);
    const found = [...keys].filter((key) => is(key, [name], anyCase));
    const [key] = found;
    if (found.length > 1) return undefined;
    if (key !== undefined)
      return service.environment.has(key) ? fromCompose(stack, service, key) : fromImage(view, key);
  }
  return service.hiddenEnvironment ? undefined : fromFiles(stack, view, names, anyCase, files);
}

/** Whether the start, or the source, may give one of these variables another value than the container has. */
function isSetByCode(stack: Stack, view: ServiceView, names: readonly string[], anyCase: boolean): boolean {
  const { startup } = view;
  if (!startup.complete || mayBeSetByScript(stack, view, new Set(names))) return true;
  if (
    startup.commands.some(
      ({ assignments, argv }) =>
        assignments.some(({ name }) => is(name, names, anyCase)) ||
        argv.some((word) => /^--env-file/.test(word) || word === 'cd'),
    )
  )
    return true;
  const code = startingCode(stack, view);
  if (
    code?.modules.some(
      (module) =>
        /\bover(?:ride|write)\s*=\s*True/.test(module.text) ||
        [...writtenIn(module)].some((name) => is(name, names, anyCase)),
    )
  )
    return true;
  return false;
}

/**
 * The address that a variable of Compose holds, for what stands in front of `://`: a password that is filled in later does not
 * matter to it.
 */
export function givenAddress(
  stack: Stack,
  view: ServiceView,
  names: readonly string[],
  anyCase: boolean,
  files: readonly EnvFileLoad[],
): Pick<GivenValue, 'text' | 'evidence'> | undefined {
  const { service } = view;
  const found = [...service.environment.values()].filter((each) => is(each.name, names, anyCase));
  const [only, ...others] = found;
  if (!only) return givenValue(stack, view, names, anyCase, files);
  if (others.length > 0 || !only.value || isSetByCode(stack, view, names, anyCase)) return undefined;
  if (isInOverlay(service, only.name) || (only.from === 'env_file' && service.hiddenEnvironment)) return undefined;
  return { text: only.value.text, evidence: [{ at: only.at, says: `${service.name} gets ${only.name} here` }] };
}

const is = (name: string, names: readonly string[], anyCase: boolean): boolean =>
  names.some((each) => (anyCase ? each.toUpperCase() === name.toUpperCase() : each === name));

function fromCompose(stack: Stack, service: Service, name: string): GivenValue | undefined {
  const variable = service.environment.get(name);
  if (!variable?.value || variable.value.unknown || isInOverlay(service, name)) return undefined;
  const { text, at } = variable.value;
  const says = `${service.name} gets ${name} here`;
  if (variable.from === 'env_file') {
    if (service.hiddenEnvironment) return undefined;
    const entry = stack.sources.dotenv(at.path)?.entries.find((each) => each.valueAt.start === at.start);
    if (!entry || entry.value !== text) return undefined;
    const place = { kind: 'dotenv', path: at.path, at, quote: entry.quote } as const;
    return { name, text, place, evidence: [{ at: entry.at, says }] };
  }
  const found = scalarOf(service, name);
  if (!found || (found.scalar.value !== null && typeof found.scalar.value !== 'string')) return undefined;
  const evidence = [{ at: found.scalar.at, says }];
  if (!found.scalar.source.includes('$')) return { name, text, place: { kind: 'compose', ...found }, evidence };
  const source = fromProject(stack, service, found.scalar, text);
  return source && { name, text, place: source.place, evidence: [...evidence, source.evidence] };
}

/** `${NAME}` that the `.env` beside the Compose file fills in. */
function fromProject(
  stack: Stack,
  service: Service,
  scalar: ComposeScalar,
  text: string,
): { readonly place: ValuePlace; readonly evidence: Evidence } | undefined {
  const name = /^["']?(?:[\w.]+=)?\$(?:(\w+)|\{(\w+)(?::?[-?][^${}]*)?\})["']?$/
    .exec(scalar.source)
    ?.slice(1)
    .find(Boolean);
  const { folder } = service.project;
  const path = folder === '' ? '.env' : `${folder}/.env`;
  const entry = stack.sources.dotenv(path)?.entries.findLast((each) => each.name === name);
  if (name === undefined || entry?.value !== text) return undefined;
  return {
    place: { kind: 'dotenv', path, at: entry.valueAt, quote: entry.quote },
    evidence: { at: entry.at, says: `${path} fills ${name} in` },
  };
}

function scalarOf(service: Service, name: string): Omit<Extract<ValuePlace, { kind: 'compose' }>, 'kind'> | undefined {
  for (const { node } of (service.parts.get('environment') ?? []).toReversed()) {
    if (node.kind === 'map') {
      const value = node.entries.find(({ key }) => String(key.value) === name)?.value;
      if (value) return value.kind === 'scalar' ? { scalar: value, listed: false, flow: node.flow } : undefined;
    }
    if (node.kind === 'seq') {
      const value = node.items.findLast((item) => textOf(item.value)?.split('=')[0] === name)?.value;
      if (value) return value.kind === 'scalar' ? { scalar: value, listed: true, flow: node.flow } : undefined;
    }
  }
  return undefined;
}

/** An overlay that names the variable may be the only way in which the stack is started. */
const isInOverlay = (service: Service, name: string): boolean =>
  service.definitions.some(
    ({ overlay, file, entry }) => overlay && file.text.slice(entry.at.start, entry.at.end).includes(name),
  );

function fromImage(view: ServiceView, name: string): GivenValue | undefined {
  const set = view.image?.env.get(name);
  if (!set || view.service.hiddenEnvironment || set.value.includes('$') || isInOverlay(view.service, name))
    return undefined;
  return {
    name,
    text: set.value,
    place: { kind: 'image', at: set.at },
    evidence: [{ at: set.at, says: `the image sets ${name}` }],
  };
}

/** Files of variables that the source loads from the working directory, with what each of them holds; `undefined` when one cannot be seen. */
export function filesInContainer(stack: Stack, view: ServiceView, files: readonly EnvFileLoad[]) {
  const { container, startup } = view;
  const { workdir } = container;
  if (workdir === undefined || startup.main?.program.chdir !== undefined) return undefined;
  if (startup.commands.some(({ argv }) => argv[0] === 'cd')) return undefined;
  const found = [];
  for (const { file, at } of files) {
    if (file === undefined) return undefined;
    const there = container.fileAt(joinContainer(workdir, file));
    if (there.kind === 'unknown') return undefined;
    const dotenv = there.kind === 'repo' ? stack.sources.dotenv(there.path) : undefined;
    if (there.kind === 'repo' && (!dotenv || dotenv.problems.length > 0)) return undefined;
    if (dotenv && there.kind === 'repo') found.push({ file, dotenv, loadedAt: at, broughtAt: there.at });
  }
  return found;
}

function fromFiles(
  stack: Stack,
  view: ServiceView,
  names: readonly string[],
  anyCase: boolean,
  files: readonly EnvFileLoad[],
): GivenValue | undefined {
  // A file that is loaded into the environment first comes before the one that the class loads.
  if (startingCode(stack, view)?.modules.some(({ text }) => /load_dotenv|read_env/.test(text))) return undefined;
  const found = filesInContainer(stack, view, files)?.flatMap(({ file, dotenv, loadedAt }) =>
    dotenv.entries.filter((entry) => is(entry.name, names, anyCase)).map((entry) => ({ file, entry, loadedAt })),
  );
  const [only, ...others] = found ?? [];
  const text = only?.entry.value;
  if (!only || others.length > 0 || text === undefined || /[$\\]/.test(text)) return undefined;
  const { entry, file, loadedAt } = only;
  return {
    name: entry.name,
    text,
    place: { kind: 'dotenv', path: entry.at.path, at: entry.valueAt, quote: entry.quote },
    evidence: [
      { at: loadedAt, says: `the source loads ${file}` },
      { at: entry.at, says: `which is in the container and sets ${entry.name}` },
    ],
  };
}
