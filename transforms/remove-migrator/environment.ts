import type { Variable } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { textOf } from '../../src/parse/compose.ts';
import { isConnection } from './database.ts';
import type { Migrator } from './migrator.ts';

/** Variables that the migration command has to get in front of it, or why they cannot be written there. */
export type Needed = { readonly needed: ReadonlyMap<string, string> } | { readonly manual: string };

/** Variables that tools read by themselves. */
const TOOL = /^(?:FLASK_APP|DJANGO_SETTINGS_MODULE|PYTHONPATH|ALEMBIC_CONFIG)$/;
/** Variables that change how a process talks, not what it does to the database; and those for tests. */
const IDLE =
  /LOG|VERBOSE|^PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE)$|^PIP_|^TZ$|^LANG$|^LC_|DEBUG|^PORT$|^HOST$|WORKERS|(?:^|_)TESTS?(?:_|$)|(?:^|_)TESTING(?:_|$)|^WAIT_|TIMEOUT/;
const SECRET = /SECRET|PASSWORD|PASSWD|TOKEN|KEY|CREDENTIAL|PRIVATE/;

/** What the migrator's environment has and the web service's has not (or has otherwise), as far as the migrations may notice. */
export function neededVariables(stack: Stack, { view }: Migrator, web: ServiceView): Needed {
  const needed = new Map<string, string>();
  const { service, image } = view;
  const own = [...service.environment.values()].filter(({ name }) => differs(view, web, name));
  for (const variable of own) {
    const { name, value } = variable;
    if (IDLE.test(name.toUpperCase()) || (!TOOL.test(name) && !isMentioned(stack, name))) continue;
    if (name === 'NODE_ENV' || (name === 'PYTHONPATH' && value?.text === web.container.workdir)) continue;
    const text = value?.text;
    const secret = SECRET.test(name.toUpperCase()) || isConnection(variable);
    const fixed = text !== undefined && !value?.unknown && isLiteral(stack, variable) && /^[\w.:/@,+-]*$/.test(text);
    if (secret || !fixed) return { manual: `${service.name} sets ${name} otherwise than ${web.service.name} does` };
    needed.set(name, text);
  }
  for (const [name, { value }] of image?.env ?? [])
    if (TOOL.test(name) && !service.environment.has(name) && differs(view, web, name)) needed.set(name, value);
  const secrets = listed(view, 'secrets').filter((name) => !listed(web, 'secrets').includes(name));
  if (secrets.length > 0)
    return { manual: `${service.name} reads the secret ${secrets.join(', ')}, which ${web.service.name} does not get` };
  return { needed };
}

const differs = (view: ServiceView, web: ServiceView, name: string): boolean => {
  const [a, b] = [view.service.environment.get(name), web.service.environment.get(name)];
  const text = a ? a.value?.text : view.container.variable(name);
  const theirs = b ? b.value?.text : web.container.variable(name);
  return text !== theirs;
};

/** The value stands in the file as it is, without `${…}`. */
function isLiteral(stack: Stack, { value }: Variable): boolean {
  if (!value) return false;
  const source = stack.repo.read(value.at.path)?.slice(value.at.start, value.at.end) ?? '$';
  return !source.includes('$');
}

const CODE = /\.(?:py|[cm]?[jt]sx?|prisma|ini|cfg|toml|sh)$/;

/** True when the code of the repository (tests left out) names a variable. */
const isMentioned = (stack: Stack, name: string): boolean =>
  stack.repo.paths.some(
    (path) =>
      CODE.test(path) &&
      !/(?:^|\/)(?:tests?|node_modules|docs?)\/|(?:^|\/)(?:test_|conftest)/.test(path) &&
      new RegExp(`\\b${name}\\b`).test(stack.repo.read(path) ?? ''),
  );

/** The names under `secrets` or `configs` of a service. */
const listed = ({ service }: ServiceView, key: string): readonly string[] =>
  (service.parts.get(key) ?? []).flatMap(({ node }) =>
    node.kind === 'seq'
      ? node.items.flatMap(({ value }) =>
          value.kind === 'map'
            ? (textOf(value.entries.find((entry) => entry.key.value === 'source')?.value) ?? [])
            : (textOf(value) ?? []),
        )
      : [],
  );
