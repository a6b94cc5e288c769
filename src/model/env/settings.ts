import type { PythonArgument, PythonAssignment, PythonCall, PythonClass, PythonModule } from '../../parse/python.ts';
import type { PythonPath } from '../python-app.ts';
import type { EnvFileLoad, EnvRead } from './read.ts';
import type { StartingCode } from './start.ts';

/** What the settings classes of pydantic read. */
export interface SettingsReads {
  readonly reads: readonly EnvRead[];
  readonly loads: readonly EnvFileLoad[];
}

/** A class, and the module that holds it. */
export interface ClassPlace {
  readonly module: PythonModule;
  readonly of: PythonClass;
}

/** The classes from a settings class up to BaseSettings, itself first. */
export interface Settings {
  readonly chain: readonly ClassPlace[];
  /** pydantic 2, where `Optional[X]` without a default is required. */
  readonly v2: boolean;
}

/** Sources of values that cannot be followed. */
const CUSTOM =
  /customise_sources|secrets_dir|mode\s*=\s*["']before["']|pre\s*=\s*True|root_validator|__init__|model_validator\(["']?before/;

/** The fields of every settings class that is instantiated where a service starts or asks for its settings. */
export function settingsReads(code: StartingCode, python: PythonPath): SettingsReads {
  const reads: EnvRead[] = [];
  const loads: EnvFileLoad[] = [];
  const seen = new Set<string>();
  for (const module of code.modules)
    for (const call of module.calls) {
      if (!isAskedFor(module, call, code)) continue;
      const place = classAt(python, module, call.callee, call.scope);
      const settings = place && settingsOf(python, place, 0);
      if (!place || !settings) continue;
      const key = `${place.module.path}:${place.of.qualified}`;
      if (seen.has(key) || inTest(module.path)) continue;
      seen.add(key);
      loads.push(...settings.chain.flatMap((each) => loadsOf(each)), ...given(call.args, call.at));
      reads.push(...fieldsOf(settings, call.args, call.at));
    }
  return { reads, loads };
}

/** At the start, or in the function that everybody asks for the settings; another one may belong to a part that nobody uses. */
const isAskedFor = (module: PythonModule, { statement, scope }: PythonCall, code: StartingCode): boolean =>
  code.runs(module, statement, scope) ||
  module.functions.some(
    ({ qualified, name, decorators }) =>
      qualified === scope &&
      (/settings|config/i.test(name) || decorators.some(({ callee }) => /(?:^|\.)(?:lru_cache|cache)$/.test(callee))),
  );

/** True for files of tests. */
export const inTest = (path: string): boolean => /(?:^|\/)(?:tests?\/|test_|conftest)/.test(path);

/** The class of the repository that a dotted name means. */
export function classAt(
  python: PythonPath,
  module: PythonModule,
  dotted: string,
  scope: string,
): ClassPlace | undefined {
  if (!/^[\w.]+$/.test(dotted)) return undefined;
  const own = module.classes.find(({ qualified }) => qualified === dotted);
  if (own) return { module, of: own };
  const origin = python.origin(module, dotted, scope);
  const of =
    origin?.kind === 'defined' ? origin.module.classes.find(({ qualified }) => qualified === origin.name) : undefined;
  return of && origin?.kind === 'defined' ? { module: origin.module, of } : undefined;
}

/** The classes from a settings class up; `undefined` for another class. */
export function settingsOf(python: PythonPath, place: ClassPlace, depth: number): Settings | undefined {
  if (depth > 8) return undefined;
  for (const { text, name } of place.of.bases) {
    if (name !== undefined) continue;
    const origin = python.origin(place.module, text, '');
    const dotted = origin?.kind === 'external' ? origin.dotted : '';
    if (/^pydantic_settings\.(?:\w+\.)*BaseSettings$/.test(dotted)) return { chain: [place], v2: true };
    if (/^pydantic\.(?:\w+\.)*BaseSettings$/.test(dotted)) return { chain: [place], v2: false };
    const parent = classAt(python, place.module, text, '');
    const above = parent && parent.of !== place.of ? settingsOf(python, parent, depth + 1) : undefined;
    if (above) return { chain: [place, ...above.chain], v2: above.v2 };
  }
  return undefined;
}

const bodyOf = ({ module, of }: ClassPlace): string => module.text.slice(of.body.start, of.body.end);

/** The configuration of a class: `SettingsConfigDict(key=…)`, `{"key": …}` or `class Config: key = …`. */
export function configured({ module, of }: ClassPlace, key: string): string | undefined {
  const model = module.assignments.find(({ target, scope }) => target === 'model_config' && scope === of.qualified);
  const inner = module.assignments.find(({ target, scope }) => target === key && scope === `${of.qualified}.Config`);
  const call = model && module.calls.find(({ at }) => at.start === model.value?.at.start);
  const given = call?.args.find(({ name }) => name === key)?.text;
  const item = new RegExp(`["']${key}["']\\s*:\\s*([^,}]+)`).exec(model?.value?.text ?? '')?.[1];
  return given ?? inner?.value?.text ?? item?.trim();
}

/** The text of a plain string literal. */
export const literal = (text: string | undefined): string | undefined =>
  /^[rub]?(["'])([^"']*)\1$/i.exec(text ?? '')?.[2];

/** The files of variables that a settings class names. */
export function loadsOf(place: ClassPlace): readonly EnvFileLoad[] {
  const text = configured(place, 'env_file');
  if (text === undefined || text === 'None') return [];
  const names = [...text.matchAll(/(["'])([^"']+)\1/g)].map((match) => match[2] ?? '');
  const plain = /^[[(]?\s*(?:["'][^"']+["']\s*,?\s*)+[\])]?$/.test(text);
  return plain
    ? names.map((file) => ({ file, override: false, at: place.of.at }))
    : [{ file: undefined, override: false, at: place.of.at }];
}

const given = (args: readonly PythonArgument[], at: EnvFileLoad['at']): readonly EnvFileLoad[] =>
  args.flatMap(({ name, string, text }) =>
    name === '_env_file' && text !== 'None' ? [{ file: string, override: false, at }] : [],
  );

function fieldsOf({ chain, v2 }: Settings, args: readonly PythonArgument[], at: EnvRead['at']): readonly EnvRead[] {
  const custom = chain.some((each) => CUSTOM.test(bodyOf(each)) || configured(each, 'fields') !== undefined);
  const prefixes = chain.map((each) => configured(each, 'env_prefix')).find((text) => text !== undefined);
  const prefix = prefixes === undefined ? '' : literal(prefixes);
  if (prefix === undefined || args.some(({ star, name }) => star === '**' || name === '_env_prefix')) return [];
  const caseSensitive = chain.map((each) => configured(each, 'case_sensitive')).find(Boolean) === 'True';
  const reads = new Map<string, EnvRead>();
  for (const { module, of } of chain)
    for (const field of module.assignments) {
      if (field.scope !== of.qualified || reads.has(field.target) || !isField(field)) continue;
      const names = namesOf(module, field, prefix, v2);
      const [first] = names ?? [];
      if (!names || first === undefined) continue;
      const required = !custom && !args.some(({ name }) => name === field.target) && isRequired(module, field, v2);
      const shown = caseSensitive ? names : names.map((name) => name.toUpperCase());
      const fallback = field.value?.string === undefined ? undefined : { text: field.value.string, at: field.value.at };
      reads.set(field.target, {
        name: shown[0] ?? first,
        names: shown,
        anyCase: !caseSensitive,
        at: field.at,
        need: required ? 'required' : 'optional',
        fallback,
        evidence: [
          { at: field.at, says: `the field ${field.target} of ${of.name} is read from ${shown.join(' or ')}` },
          ...(required ? [{ at, says: `${of.name}() raises a ValidationError when it is missing` }] : []),
        ],
      });
    }
  return [...reads.values()];
}

/** True for an assignment of a class that declares a field. */
export const isField = ({ target, annotation }: PythonAssignment): boolean =>
  /^[A-Za-z]\w*$/.test(target) && target !== 'model_config' && annotation !== undefined && !/ClassVar/.test(annotation);

function isRequired(module: PythonModule, field: PythonAssignment, v2: boolean): boolean {
  // A nested model may be filled from `NAME__PART` variables, whose names only its own class tells.
  if (
    !/^(?:Optional\[)?(?:str|int|float|bool|bytes|SecretStr|Secret\w*|\w*Dsn|\w*Url|HttpUrl|EmailStr|Path|list|List|dict|Dict|set|Set|tuple|Literal|UUID|DirectoryPath|FilePath|Positive\w+|NonNegative\w+|constr|conint|IPv\w+|Annotated|Json|timedelta)\b/.test(
      field.annotation ?? '',
    )
  )
    return false;
  if (/^Annotated/.test(field.annotation ?? '')) return false;
  const nullable = /Optional\[|\|\s*None|None\s*\|/.test(field.annotation ?? '');
  if (!v2 && nullable) return field.value?.text === '...';
  if (!field.value) return true;
  if (field.value.text === '...') return true;
  const call = fieldCall(module, field);
  if (!call) return false;
  const [first] = call.args;
  if (call.args.some(({ name, star }) => star === '**' || name === 'default' || name === 'default_factory'))
    return call.args.find(({ name }) => name === 'default')?.text === '...';
  return first === undefined || first.name !== undefined || first.text === '...';
}

/** The `Field(…)` that a field is assigned. */
export const fieldCall = (module: PythonModule, field: PythonAssignment) =>
  module.calls.find(({ at, callee }) => at.start === field.value?.at.start && /(?:^|\.)Field$/.test(callee));

/** The variables of a field; `undefined` when they are computed. */
export function namesOf(
  module: PythonModule,
  field: PythonAssignment,
  prefix: string,
  v2: boolean,
): readonly string[] | undefined {
  const call = fieldCall(module, field);
  const arg = (...keys: readonly string[]) =>
    keys.map((key) => call?.args.find(({ name }) => name === key)).find((each) => each !== undefined);
  const alias = v2 ? arg('validation_alias', 'alias') : arg('env');
  if (!alias) return [`${prefix}${field.target}`];
  if (alias.string !== undefined) return [alias.string];
  if (!/^(?:\w+\.)?AliasChoices\(|^[[(]/.test(alias.text) || /AliasPath/.test(alias.text)) return undefined;
  const names = [...alias.text.matchAll(/(["'])([^"']+)\1/g)].map((match) => match[2] ?? '');
  return names.length > 0 ? names : undefined;
}
