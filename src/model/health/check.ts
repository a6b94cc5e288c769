import type { Span } from '../../finding.ts';
import { textOf, valueAt } from '../../parse/compose.ts';
import type { Dockerfile, DockerInstruction } from '../../parse/dockerfile.ts';
import { interpolate } from '../../parse/dotenv.ts';
import { readShell, type ShellCommand } from '../../parse/shell.ts';
import { nameOf } from '../../repo/path.ts';
import { imageFamily } from '../image/base-image.ts';
import type { Part } from '../service.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { isDisabled } from '../store/health.ts';

/** Where a check is written. */
export type CheckPlace =
  | { readonly kind: 'compose'; readonly part: Part; readonly at: Span }
  | {
      readonly kind: 'image';
      readonly dockerfile: Dockerfile;
      readonly instruction: DockerInstruction;
      readonly at: Span;
    };

/** A part of a check's address: its place in the file, and its value as the container sees it. */
export interface AddressPart {
  readonly at: Span;
  /** As written; '' when it is left out. */
  readonly raw: string;
  /** `undefined` when a variable has no value that can be seen. */
  readonly value: string | undefined;
}

/** The address that a check asks. */
export interface CheckAddress {
  readonly scheme: string;
  readonly host: AddressPart;
  readonly port: AddressPart;
  /** Path and query. */
  readonly path: AddressPart;
}

/** A healthcheck that is one command asking one address. */
export interface HealthCheck {
  readonly place: CheckPlace;
  /** Run by a shell, which fills variables in. */
  readonly shell: boolean;
  /** The program by its bare name, and as it is written. */
  readonly program: string;
  readonly argv: readonly string[];
  readonly address: CheckAddress | undefined;
  /** The source that `python -c` gets. */
  readonly code: string | undefined;
  /** An answer such as 404 makes it fail. */
  readonly failsOnStatus: boolean;
  /** A GET without a body. */
  readonly plain: boolean;
  /** Index in `argv` of a shell operator (`||`) that exec form hands to the program as a word. */
  readonly strayAt: number | undefined;
}

/** What a service has: a check that can be read, one that cannot, none, or one that is switched off. */
export type ServiceCheck =
  | { readonly is: 'read'; readonly check: HealthCheck }
  | { readonly is: 'unread' | 'none' | 'disabled' };

/** The healthcheck of a service: its own, else the one of its image. */
export function checkOfService(stack: Stack, view: ServiceView): ServiceCheck {
  const { service } = view;
  if (isDisabled(service)) return { is: 'disabled' };
  const part = service.parts.get('healthcheck')?.findLast(({ node }) => valueAt(node, 'test'));
  if (part) return read(composeCheck(stack, view, part));
  const layer = view.image?.layers.findLast(({ instruction }) => instruction.keyword === 'HEALTHCHECK');
  if (layer) {
    if (/^HEALTHCHECK\s+NONE/i.test(sourceOf(layer.dockerfile.text, layer.instruction.at))) return { is: 'disabled' };
    return read(imageCheck(stack, view, layer.dockerfile, layer.instruction));
  }
  if (!view.image || !bringsNone(view.image.base)) return { is: 'unread' };
  return { is: 'none' };
}

const read = (check: HealthCheck | undefined): ServiceCheck => (check ? { is: 'read', check } : { is: 'unread' });

/** Official images of languages and systems have no HEALTHCHECK. */
const bringsNone = (base: string | undefined): boolean =>
  base !== undefined &&
  /^(?:docker\.io\/)?(?:library\/)?[\w.-]+(?:[:@]|$)/.test(base) &&
  /^(?:python|node|debian|ubuntu|alpine|golang|ruby|php|nginx|httpd|openjdk|eclipse-temurin|rust|bun)$/.test(
    imageFamily(base),
  );

const sourceOf = (text: string, { start, end }: Span): string => text.slice(start, end);

function composeCheck(stack: Stack, view: ServiceView, part: Part): HealthCheck | undefined {
  const test = valueAt(part.node, 'test');
  if (!test) return undefined;
  const words = test.kind === 'seq' ? test.items.map(({ value }) => textOf(value) ?? '') : [];
  const place: CheckPlace = { kind: 'compose', part, at: test.at };
  const fill = (text: string): string | undefined => composeText(view, text);
  if (test.kind === 'seq' && words[0] === 'CMD') {
    const argv = words.slice(1).map(fill);
    return argv.some((word) => word === undefined)
      ? undefined
      : checkOf(
          stack,
          view,
          place,
          false,
          argv.flatMap((word) => word ?? []),
        );
  }
  const script = test.kind === 'seq' ? (words[0] === 'CMD-SHELL' ? words.slice(1).join(' ') : undefined) : textOf(test);
  const filled = script === undefined ? undefined : fill(script);
  return filled === undefined ? undefined : shellCheck(stack, view, place, filled);
}

/** `${X}` is filled in by Compose; `$$` is the container's dollar. */
function composeText(view: ServiceView, text: string): string | undefined {
  const { text: filled, missing } = interpolate(text, (name) => view.service.project.variables.get(name));
  return missing.length > 0 ? undefined : filled;
}

function imageCheck(
  stack: Stack,
  view: ServiceView,
  dockerfile: Dockerfile,
  instruction: DockerInstruction,
): HealthCheck | undefined {
  const place: CheckPlace = { kind: 'image', dockerfile, instruction, at: instruction.args };
  return instruction.exec
    ? checkOf(stack, view, place, false, instruction.exec)
    : shellCheck(stack, view, place, instruction.script);
}

/** A shell text that is one command; `|| exit 1` behind it says nothing else. */
function shellCheck(stack: Stack, view: ServiceView, place: CheckPlace, script: string): HealthCheck | undefined {
  const { commands, problems } = readShell(place.at.path, script);
  const [first, second, ...more] = commands;
  if (!first || problems.length > 0 || more.length > 0 || !isAlone(first)) return undefined;
  const ends =
    second === undefined || (second.joinedBy === '||' && /^(?:exit|false)$/.test(second.words[0]?.text ?? ''));
  if (!ends || second?.words[1]?.text === '0' || first.assignments.length > 0) return undefined;
  return checkOf(
    stack,
    view,
    place,
    true,
    first.words.map(({ text }) => text),
  );
}

const isAlone = ({ within, background }: ShellCommand): boolean => within.length === 0 && !background;

function checkOf(
  stack: Stack,
  view: ServiceView,
  place: CheckPlace,
  shell: boolean,
  argv: readonly string[],
): HealthCheck | undefined {
  const inner = /^(?:sh|bash)$/.test(nameOf(argv[0] ?? '')) && argv[1] === '-c' ? argv[2] : undefined;
  if (inner !== undefined) return shellCheck(stack, view, place, inner);
  const program = nameOf(argv[0] ?? '');
  if (program === '') return undefined;
  const isPython = /^python[\d.]*$/.test(program);
  const operator = shell ? -1 : argv.findIndex((word) => /^(?:\|\||&&|\||;)$/.test(word));
  const code = isPython && argv[1] === '-c' ? argv[2] : undefined;
  return {
    place,
    shell,
    program,
    argv,
    address: /^(?:curl|wget|python[\d.]*|node)$/.test(program) ? addressIn(stack, view, place, shell) : undefined,
    code,
    failsOnStatus: failsOnStatus(program, argv, code ?? argv.slice(1).join(' ')),
    plain:
      !argv.slice(1).some((word) => NOT_A_GET.test(word)) &&
      !/\b(?:method|data)\s*[=:]|\.post\(/.test(code ?? argv.slice(1).join(' ')),
    strayAt: operator < 0 ? undefined : operator,
  };
}

/** Options of curl and wget that ask for something else than a page. */
const NOT_A_GET =
  /^(?:-X.*|--request(?:=.*)?|-d|--data\S*|--json|-F|--form|-T|--upload-file|-I|--head|--post-\S+|--method\S*|--body-\S+)$/;

/** https://curl.se/docs/manpage.html#-f: without it, curl succeeds on every status. */
function failsOnStatus(program: string, argv: readonly string[], code: string): boolean {
  if (program === 'curl') return argv.some((word) => /^(?:-[a-zA-Z]*f[a-zA-Z]*|--fail|--fail-with-body)$/.test(word));
  if (program === 'wget') return true;
  if (/^python/.test(program))
    return /\burlopen\(/.test(code)
      ? !/\bexcept\b/.test(code)
      : /raise_for_status\(|status_code|\.ok\b|\.status\b/.test(code);
  return program === 'node' && /statusCode|\.ok\b|\.status\b/.test(code);
}

const NAME = String.raw`\$\$?\{[^{}]*\}|\$\$?\w+`;
const URL = new RegExp(
  String.raw`(https?):\/\/(\[::1\]|[\w.-]+|${NAME})(?::(\d+|${NAME}))?((?:\/(?:[\w.~%/?&=+:@-]|${NAME})*)?)`,
  'g',
);
const BARE = new RegExp(
  String.raw`(?<![\w./:-])()(localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+|${NAME}))((?:\/(?:[\w.~%/?&=+:@-]|${NAME})*)?)`,
  'g',
);

/** The one address in the text of a check. */
function addressIn(
  stack: Stack,
  view: ServiceView,
  { kind, at }: CheckPlace,
  shell: boolean,
): CheckAddress | undefined {
  const text = sourceOf(stack.repo.read(at.path) ?? '', at);
  const urls = [...text.matchAll(URL)];
  const found = urls.length > 0 ? urls : [...text.matchAll(BARE)];
  const [match] = found;
  if (!match || found.length > 1) return undefined;
  const [whole, scheme = '', host = '', port = '', path = ''] = match;
  const base = at.start + match.index;
  const hostStart = base + whole.indexOf(host, scheme === '' ? 0 : scheme.length + 3);
  const portStart = hostStart + host.length + (port === '' ? 0 : 1);
  const pathStart = base + whole.length - path.length;
  const part = (raw: string, start: number): AddressPart => ({
    at: { path: at.path, start, end: start + raw.length },
    raw,
    value: seen(view, raw, kind, shell),
  });
  return {
    scheme: scheme || 'http',
    host: part(host, hostStart),
    port: part(port, portStart),
    path: part(path, pathStart),
  };
}

/** A part as the container sees it: variables of Compose filled in, then those of the container where a shell runs. */
function seen(view: ServiceView, raw: string, kind: CheckPlace['kind'], shell: boolean): string | undefined {
  const filled = kind === 'compose' ? composeText(view, raw) : raw;
  if (filled === undefined || !filled.includes('$')) return filled;
  if (!shell) return undefined;
  const hidden = view.service.hiddenEnvironment || view.startup.scripts.length > 0;
  const { text, missing, names } = interpolate(filled, (name) => view.container.variable(name));
  const unsure = hidden && names.some((name) => view.container.variable(name) === undefined);
  return missing.length > 0 || unsure ? undefined : text;
}
