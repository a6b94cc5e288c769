import type { PythonCall, PythonModule } from '../../parse/python.ts';
import type { PythonPath } from '../python-app.ts';
import { isGuarded } from './guard.ts';
import type { EnvFileLoad, EnvRead } from './read.ts';
import type { StartingCode } from './start.ts';

const TYPED =
  'str|bool|int|float|decimal|list|tuple|dict|json|url|datetime|date|time|timedelta|path|uuid|log_level|enum|bytes|get_value|unicode';
/** Variables that django-environ reads when its call names none. */
const DEFAULTS: Readonly<Record<string, string>> = {
  db: 'DATABASE_URL',
  db_url: 'DATABASE_URL',
  cache: 'CACHE_URL',
  cache_url: 'CACHE_URL',
  email: 'EMAIL_URL',
  email_url: 'EMAIL_URL',
  search_url: 'SEARCH_URL',
};

/** What environs, django-environ and python-decouple read: `env("X")`, `env.str("X")`, `config("X")`. */
export function libraryReads(module: PythonModule, code: StartingCode, python: PythonPath): readonly EnvRead[] {
  if (!/environ|decouple/.test(module.text) && !module.imports.some(({ binds }) => /^(?:env|config)$/.test(binds)))
    return [];
  return module.calls.flatMap((call): EnvRead[] => {
    const [head = '', method = ''] = call.callee.split('.');
    const library = libraryOf(module, head, call, python);
    if (!library || (method !== '' && !new RegExp(`^(?:${TYPED}|${Object.keys(DEFAULTS).join('|')})$`).test(method)))
      return [];
    const [first, second] = call.args;
    const name =
      first?.name === undefined && first?.string !== undefined ? first.string : first ? undefined : DEFAULTS[method];
    if (name === undefined) return [];
    const fallback =
      call.args.find((each) => each.name === 'default') ?? (second?.name === undefined ? second : undefined);
    const prefix = prefixAt(module, call, head);
    if (prefix === undefined) return [];
    const full = `${prefix}${name}`;
    const required =
      fallback === undefined &&
      !library.schemed.has(name) &&
      code.runs(module, call.statement, call.scope) &&
      !isGuarded(module, {
        name,
        at: call.at,
        statement: call.statement,
        scope: call.scope,
        kind: 'get',
        fallback: undefined,
      });
    return [
      {
        name: full,
        names: [full],
        anyCase: false,
        at: call.at,
        need: required ? 'required' : 'optional',
        fallback: fallback?.string === undefined ? undefined : { text: fallback.string, at: fallback.value },
        evidence: [
          {
            at: call.at,
            says: required
              ? `${call.callee}("${name}") raises when ${full} is missing`
              : `${call.callee}("${name}") reads ${full}`,
          },
        ],
      },
    ];
  });
}

/** Files that the process loads: `load_dotenv()`, `env.read_env()`, decouple's `.env`. */
export function loadsIn(module: PythonModule): readonly EnvFileLoad[] {
  const calls = module.calls.flatMap(({ callee, args, at }): EnvFileLoad[] => {
    if (!/(?:^|\.)(?:load_dotenv|dotenv_values|read_env|read_envfile)$/.test(callee)) return [];
    const [first] = args;
    const path =
      args.find(({ name }) => name === 'dotenv_path' || name === 'path' || name === 'env_file') ??
      (first?.name === undefined ? first : undefined);
    const override = args.some(({ name, text }) => (name === 'override' || name === 'overwrite') && text === 'True');
    const plain = path === undefined || /^(?:dotenv\.)?find_dotenv\(\)$/.test(path.text) ? '.env' : path.string;
    return [{ file: plain, override, at }];
  });
  const decouple = module.imports.find((each) => each.module === 'decouple');
  return decouple ? [...calls, { file: '.env', override: false, at: decouple.at }] : calls;
}

interface Library {
  /** Variables with a default in `environ.Env(NAME=(type, default))`. */
  readonly schemed: ReadonlySet<string>;
}

function libraryOf(module: PythonModule, head: string, call: PythonCall, python: PythonPath): Library | undefined {
  const none = new Set<string>();
  const origin = python.origin(module, head, call.scope);
  if (origin?.kind === 'external')
    return /^decouple\.config$/.test(origin.dotted) || /^environs\.env$/.test(origin.dotted)
      ? { schemed: none }
      : undefined;
  const home = origin?.kind === 'defined' ? origin.module : module;
  const name = origin?.kind === 'defined' ? origin.name : head;
  const made = home.assignments.find((each) => each.target === name && each.scope === '');
  const maker = made && home.calls.find(({ at }) => at.start === made.value?.at.start);
  const source = maker && python.origin(home, maker.callee, '');
  if (source?.kind !== 'external' || !/^(?:environs\.Env|environ\.(?:Env|FileAwareEnv))$/.test(source.dotted))
    return undefined;
  return { schemed: new Set(maker?.args.flatMap((each) => each.name ?? [])) };
}

/** `with env.prefixed("MYAPP_"):` around a call; `undefined` when the prefix is computed. */
function prefixAt(module: PythonModule, call: PythonCall, head: string): string | undefined {
  const around = module.calls.filter(
    ({ callee, statement }) =>
      callee === `${head}.prefixed` &&
      statement !== call.statement &&
      (module.statements[statement]?.at.start ?? 0) <= call.at.start &&
      (module.statements[statement]?.at.end ?? 0) >= call.at.end,
  );
  const texts = around.map(({ args }) => args[0]?.string);
  return texts.includes(undefined) ? undefined : texts.join('');
}
