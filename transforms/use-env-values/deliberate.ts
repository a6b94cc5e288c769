import type { Span } from '../../src/finding.ts';
import { lineContentEnd, lineStart } from '../../src/lines.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type ComposeNode, entryOf, textOf, valueAt } from '../../src/parse/compose.ts';
import type { DotenvEntry } from '../../src/parse/dotenv.ts';

interface Value {
  readonly service: Service;
  readonly text: string;
  readonly scalar: Span;
}

/** Addresses, ports and paths are other ones inside of a container than on the machine that `.env` is for. */
const PLACE =
  /(?:HOST|PORT|UR[LI]|ADDR(?:ESS)?|ENDPOINT|SERVER|BROKER|BACKEND|DSN|PATH|DIR|FOLDER|FILE|ROOT|HOME|BIND|LISTEN)S?$/i;
/** Compose takes these from the shell before it looks into `.env`. */
const OF_THE_SHELL =
  /^(?:USER|LOGNAME|UID|GID|HOME|PATH|PWD|SHELL|TERM|LANG|LANGUAGE|LC_\w+|HOSTNAME|DISPLAY|EDITOR|MAIL|TMPDIR)$/;
/** `externalise-secrets` is for these. */
const SECRET = /SECRET|PASSWORD|PASSWD|TOKEN|KEY|CREDENTIAL|PRIVATE|SALT/i;
const COMMENT =
  /#.*\b(?:always|fixed|forced?|hard-?coded|on purpose|do not|don't|never|toujours|jamais|fixe|forcé|exprès|ne pas)\b/i;

/** True for variables that switch between development and production. */
export const isModeSwitch = (name: string): boolean =>
  /DEBUG|TESTING|(?:^|_)(?:ENV|ENVIRONMENT|MODE|STAGE)$/i.test(name);

/** Reasons to believe that the value in the Compose file is meant to be what it is. */
export function isDeliberate(
  stack: Stack,
  project: ComposeProject,
  name: string,
  group: readonly Value[],
  entry: DotenvEntry,
): boolean {
  const { value } = entry;
  if (value === undefined || PLACE.test(name) || SECRET.test(name) || OF_THE_SHELL.test(name)) return true;
  if ([value, ...group.map(({ text }) => text)].some((text) => /:\/\/|^\/|^\.\.?\/|localhost|127\.0\.0\.1/.test(text)))
    return true;
  // Each service its own value, or one file after the other: the difference is the point.
  if (new Set(group.map(({ text }) => text)).size > 1) return true;
  if (differsElsewhere(stack, project, name, group)) return true;
  return group.some(({ service, scalar }) => isCommented(stack, scalar) || isInSeveralFiles(service, name));
}

const differsElsewhere = (stack: Stack, project: ComposeProject, name: string, group: readonly Value[]): boolean => {
  const [first] = group;
  const members = new Set(group.map(({ service }) => service));
  return stack.services.some(
    (service) =>
      service.project === project &&
      !members.has(service) &&
      service.environment.get(name)?.from === 'environment' &&
      service.environment.get(name)?.value?.text !== first?.text,
  );
};

/** Set in one file after the other, an overlay or what an anchor brings in among them. */
const isInSeveralFiles = (service: Service, name: string): boolean => {
  const sets = (node: ComposeNode | undefined): boolean =>
    node?.kind === 'seq'
      ? node.items.some(({ value }) => textOf(value)?.split('=')[0] === name)
      : entryOf(node, name) !== undefined;
  const merged = (service.parts.get('environment') ?? []).filter(({ node }) => sets(node));
  const overlaid = service.definitions.filter(
    ({ overlay, entry }) => overlay && sets(valueAt(entry.value, 'environment')),
  );
  return merged.length + overlaid.length > 1;
};

/** A comment on the line or above it that asks for the value. */
function isCommented(stack: Stack, { path, start }: Span): boolean {
  const text = stack.repo.read(path) ?? '';
  const from = lineStart(text, start);
  const own = text.slice(from, lineContentEnd(text, start));
  const above = from === 0 ? '' : text.slice(lineStart(text, from - 1), from);
  return COMMENT.test(own) || (/^\s*#/.test(above) && COMMENT.test(above));
}
