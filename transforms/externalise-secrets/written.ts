import type { Span } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import { isOfTests } from '../../src/model/of-tests.ts';
import { isExample } from '../../src/model/secret/known.ts';
import { credentialsIn, isCommon, isSecret, isSecretValue, isUrlSecret } from '../../src/model/secret.ts';
import type { Service } from '../../src/model/service.ts';
import type { ComposeFile, ComposeNode, ComposeScalar } from '../../src/parse/compose.ts';
import { nameOf } from '../../src/repo/path.ts';

/** A secret that stands in a Compose file. */
export interface Written {
  readonly file: ComposeFile;
  /** The service that it is written for; `undefined` in an anchor's block. */
  readonly owner: string | undefined;
  /** The variable, setting or build argument whose value it is, or is part of. */
  readonly name: string;
  readonly section: 'environment' | 'args' | 'command';
  readonly scalar: ComposeScalar;
  /** Between brackets, where braces in a bare scalar mean something. */
  readonly flow: boolean;
  /** What is replaced, in the file. */
  readonly at: Span;
  /** As the process sees it, percent-encoding of a URL resolved. */
  readonly value: string;
  /** `X` of `${X:-secret}`. */
  readonly reference: string | undefined;
  /** Where it stands in a URL. */
  readonly url: { readonly scheme: string; readonly host: string; readonly encoded: boolean } | undefined;
}

const OF_DEVELOPMENT = /(?:^|[._-])(?:dev|devel|development|local|override|devcontainer)(?:[._-]|$)/i;

/** The files that a project's services are made of: its own, overlays, and those that it extends; none of a test run. */
export function filesOf(project: ComposeProject, services: readonly Service[]): readonly ComposeFile[] {
  const extended = services.flatMap(({ parts }) => [...parts.values()].flatMap((each) => each.map(({ file }) => file)));
  return [...new Set([...project.files, ...project.overlays, ...extended])].filter(
    (file) => !isOfTests(nameOf(file.path)) && file.problems.length === 0,
  );
}

/** Secrets over several lines: nothing that fits into a variable of one line can stand for them. */
export const unspliced = (files: readonly ComposeFile[]): readonly Place[] =>
  files.flatMap((file) =>
    placesOf(file).filter(({ name, scalar, section }) => {
      const isBlock = scalar.style === 'literal' || scalar.style === 'folded';
      const [value = ''] = String(scalar.value).trim().split('\n');
      const isKey = /-----BEGIN [A-Z ]*PRIVATE/.test(value);
      return isBlock && section !== 'command' && !isOfTests(name) && (isSecret(name, value) || isKey);
    }),
  );

/** The secrets of Compose files, each where it physically stands. */
export function writtenIn(files: readonly ComposeFile[], examples: ReadonlySet<string>): readonly Written[] {
  return files.flatMap((file) => {
    const lax = OF_DEVELOPMENT.test(nameOf(file.path)) || /(?:^|\/)\.devcontainer\//.test(file.path);
    return placesOf(file)
      .flatMap((place) => secretsAt(file, place))
      .filter(
        ({ value, reference }) => !isExample(value, examples) && !((lax || reference !== undefined) && isCommon(value)),
      );
  });
}

/** A scalar that may hold secrets, with the name that it is the value of. */
export interface Place {
  readonly owner: string | undefined;
  readonly name: string;
  readonly section: Written['section'];
  readonly scalar: ComposeScalar;
  readonly flow: boolean;
  /** Length of `NAME=` in front of the value, in the scalar's value and source alike. */
  readonly skip: number;
}

/** Every scalar of environments, build arguments, commands and health checks that stands in the file itself. */
export function placesOf(file: ComposeFile): readonly Place[] {
  const places: Place[] = [];
  for (const top of ownOf(file.root)) {
    const key = String(top.key.value);
    if (key.startsWith('x-')) block(top.value, undefined);
    if (key !== 'services') continue;
    for (const service of ownOf(top.value))
      if (!isTestService(service.value, String(service.key.value)))
        serviceBlock(service.value, String(service.key.value));
  }
  return places;

  function serviceBlock(node: ComposeNode, owner: string | undefined): void {
    for (const { key, value } of ownOf(node)) {
      const name = String(key.value);
      if (name === 'environment') pairs(value, owner, 'environment');
      if (name === 'build')
        for (const each of ownOf(value)) if (String(each.key.value) === 'args') pairs(each.value, owner, 'args');
      if (name === 'command' || name === 'entrypoint') words(value, owner, name, node.kind === 'map' && node.flow);
      if (name === 'healthcheck')
        for (const each of ownOf(value))
          if (String(each.key.value) === 'test') words(each.value, owner, name, value.kind === 'map' && value.flow);
    }
  }

  /** An anchor's block: a whole service, or variables alone. */
  function block(node: ComposeNode, owner: string | undefined): void {
    const keys = ownOf(node).map(({ key }) => String(key.value));
    if (keys.some((key) => /^(?:environment|build|command|healthcheck|image|env_file|depends_on)$/.test(key)))
      serviceBlock(node, owner);
    else if (node.kind === 'seq' || keys.some((key) => /^[A-Z][A-Z\d_]+$/.test(key))) pairs(node, owner, 'environment');
    else for (const { value } of ownOf(node)) block(value, owner);
  }

  function pairs(node: ComposeNode, owner: string | undefined, section: Written['section']): void {
    if (node.aliasAt) return;
    for (const { key, value } of ownOf(node))
      if (value.kind === 'scalar' && !value.aliasAt)
        places.push({
          owner,
          name: String(key.value),
          section,
          scalar: value,
          flow: node.kind !== 'scalar' && node.flow,
          skip: 0,
        });
    if (node.kind !== 'seq') return;
    for (const { value } of node.items) {
      const name = value.kind === 'scalar' && !value.aliasAt ? /^["']?([\w.-]+)=/.exec(value.source)?.[1] : undefined;
      if (name !== undefined && value.kind === 'scalar')
        places.push({ owner, name, section, scalar: value, flow: node.flow, skip: name.length + 1 });
    }
  }

  function words(node: ComposeNode, owner: string | undefined, name: string, flow: boolean): void {
    if (node.aliasAt) return;
    if (node.kind === 'scalar') places.push({ owner, name, section: 'command', scalar: node, flow, skip: 0 });
    if (node.kind === 'seq') for (const { value } of node.items) words(value, owner, name, flow || node.flow);
  }
}

const ownOf = (node: ComposeNode | undefined) =>
  node?.kind === 'map' && !node.aliasAt ? node.own.filter(({ merged, key }) => !merged && key.source !== '<<') : [];

/** By its name, or because only a profile for tests starts it. */
const isTestService = (node: ComposeNode, name: string): boolean => {
  const profiles = ownOf(node).find(({ key }) => key.value === 'profiles')?.value;
  const names =
    profiles?.kind === 'seq'
      ? profiles.items.map(({ value }) => (value.kind === 'scalar' ? String(value.value) : ''))
      : [];
  return isOfTests(name) || (names.length > 0 && names.every(isOfTests));
};

const FALLBACK = /\$\{(\w+):?-([^${}]+)\}/g;

/** The secrets of one place, except those that only a comparison with others shows (words of a command). */
function secretsAt(file: ComposeFile, place: Place): readonly Written[] {
  const { owner, name, section, scalar, flow, skip } = place;
  const body = bodyOf(scalar);
  if (isOfTests(name)) return [];
  if (!body) return escapedAt(file, place);
  if (scalar.style === 'literal' || scalar.style === 'folded') return [];
  const source = body.text.slice(skip);
  const start = body.start + skip;
  const make = (from: number, to: number, value: string, more: Partial<Written>): Written => ({
    file,
    owner,
    name,
    section,
    scalar,
    flow,
    at: { path: file.path, start: start + from, end: start + to },
    value: value.replaceAll('$$', '$'),
    reference: undefined,
    url: undefined,
    ...more,
  });
  const found: Written[] = [];
  for (const match of source.matchAll(FALLBACK)) {
    const [whole, reference = '', fallback = ''] = match;
    if (isSecret(reference, fallback))
      found.push(make(match.index, match.index + whole.length, fallback, { reference }));
  }
  for (const each of credentialsIn(source))
    if (isUrlSecret(each)) {
      const value = decoded(each.password);
      const url = { scheme: each.scheme, host: each.host, encoded: value !== each.password };
      found.push(make(each.start, each.end, value, { url }));
    }
  if (section !== 'command' && found.length === 0 && isWhole(name, source))
    found.push(make(0, source.length, source, {}));
  return found;
}

/** A value with escapes between its quotes is replaced as a whole, or not at all. */
function escapedAt(file: ComposeFile, { skip, scalar, ...place }: Place): readonly Written[] {
  const value = String(scalar.value);
  const isQuoted = scalar.style === 'double' || scalar.style === 'single';
  if (!isQuoted || skip > 0 || place.section === 'command' || !isWhole(place.name, value)) return [];
  const at = { path: file.path, start: scalar.at.start + 1, end: scalar.at.end - 1 };
  return [{ ...place, file, scalar, at, value: value.replaceAll('$$', '$'), reference: undefined, url: undefined }];
}

const isWhole = (name: string, source: string): boolean => isSecret(name, source) && !/\n/.test(source);

/** A scalar's text inside of its quotes; `undefined` where an escape or a line break lies between the file and the value. */
export function bodyOf(scalar: ComposeScalar): { readonly text: string; readonly start: number } | undefined {
  const quoted = scalar.style === 'double' || scalar.style === 'single';
  if (scalar.value === null || (scalar.tag !== undefined && scalar.tag !== 'tag:yaml.org,2002:str')) return undefined;
  const text = quoted ? scalar.source.slice(1, -1) : scalar.source;
  const escaped = scalar.style === 'double' ? text.includes('\\') : scalar.style === 'single' && text.includes("''");
  const block = scalar.style === 'literal' || scalar.style === 'folded';
  return (escaped && !block) || (!block && text.includes('\n'))
    ? undefined
    : { text, start: scalar.at.start + (quoted ? 1 : 0) };
}

const decoded = (text: string): string =>
  /%[2-7][\da-f]/i.test(text) ? text.replace(/%[2-7][\da-f]/gi, (code) => decodeURIComponent(code)) : text;

/** Options behind which a password stands, in a command or a health check. */
const OPTION =
  /((?:^|[\s"'])(?:--requirepass|--masterauth|requirepass|--password|--pass|-a)(?:=|\s+)["']?|(?:^|[\s"'])(?:REDISCLI_AUTH|PGPASSWORD|MYSQL_PWD)=["']?|(?:^|[\s"'])--basic[_-]auth(?:=|\s+)["']?[\w.@+-]+:|\b(?:mysql|mysqladmin|mariadb|mariadb-admin)\b[^\n;|&]*?\s-p)([^\s"';|&]+)/g;

/** Secrets of a command: what stands behind an option for a password, and values that are known already. */
export function inCommands(
  file: ComposeFile,
  known: ReadonlySet<string>,
  examples: ReadonlySet<string>,
): readonly Written[] {
  const places = placesOf(file).filter(({ section }) => section === 'command');
  return places.flatMap((place, index) => {
    const body = bodyOf(place.scalar);
    if (!body) return [];
    const before = places[index - 1];
    // In a list the option is the item before.
    const isOptionValue =
      before?.owner === place.owner &&
      /^(?:--requirepass|--masterauth|--password|--pass|-a)$/.test(String(before?.scalar.value));
    const spans = [
      ...[...body.text.matchAll(OPTION)].map((match) => {
        const start = match.index + (match[1]?.length ?? 0);
        return { start, end: start + (match[2]?.length ?? 0) };
      }),
      ...(isOptionValue ? [{ start: 0, end: body.text.length }] : []),
      ...(body.text.startsWith('-p') && known.has(body.text.slice(2)) ? [{ start: 2, end: body.text.length }] : []),
      ...[...known].filter((value) => !isCommon(value)).flatMap((value) => positionsOf(value, body.text)),
    ];
    const distinct = spans.filter(
      (span, at) => !spans.slice(0, at).some((other) => span.start < other.end && other.start < span.end),
    );
    return distinct.flatMap(({ start, end }): readonly Written[] => {
      const value = body.text.slice(start, end).replaceAll('$$', '$');
      if (
        !isSecretValue(value) ||
        isExample(value, examples) ||
        (isCommon(value) && !known.has(value) && value.length < 4)
      )
        return [];
      const at = { path: file.path, start: body.start + start, end: body.start + end };
      return [{ ...place, file, at, value, reference: undefined, url: undefined }];
    });
  });
}

function positionsOf(value: string, text: string): readonly { start: number; end: number }[] {
  const written = value.replaceAll('$', '$$$$');
  const found: { start: number; end: number }[] = [];
  for (let start = text.indexOf(written); start >= 0; start = text.indexOf(written, start + written.length))
    if (!/[A-Za-z\d_]/.test(text[start - 1] ?? '') && !/[A-Za-z\d_]/.test(text[start + written.length] ?? ''))
      found.push({ start, end: start + written.length });
  return found;
}
