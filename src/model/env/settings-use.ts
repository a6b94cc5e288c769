import type { Span } from '../../finding.ts';
import type { PythonArgument, PythonAssignment, PythonModule } from '../../parse/python.ts';
import { modulesAtStart } from '../python/starting-imports.ts';
import type { ServiceView, Stack } from '../stack.ts';
import type { EnvFileLoad } from './read.ts';
import {
  type ClassPlace,
  classAt,
  configured,
  fieldCall,
  inTest,
  isField,
  literal,
  loadsOf,
  namesOf,
  settingsOf,
} from './settings.ts';
import { startingCode } from './start.ts';

/** A field of a settings class. */
export interface SettingsField {
  readonly name: string;
  /** The variables that it is read from; `undefined` when they are computed. */
  readonly names: readonly string[] | undefined;
  readonly annotation: string;
  readonly module: PythonModule;
  readonly at: Span;
  /** The arguments of its `Field(…)`. */
  readonly args: readonly PythonArgument[];
  /** A validator of the repository sees the value before pydantic does. */
  readonly prepared: boolean;
}

/** A settings class that surely is instantiated when a service's process starts. */
export interface SettingsUse {
  /** Where it is instantiated. */
  readonly at: Span;
  /** The classes up to BaseSettings, itself first. */
  readonly chain: readonly ClassPlace[];
  readonly name: string;
  readonly v2: boolean;
  readonly anyCase: boolean;
  readonly prefix: string;
  /** Those that the call does not set. */
  readonly fields: readonly SettingsField[];
  readonly files: readonly EnvFileLoad[];
  /** The value of a configuration key as written, the closest class first. */
  readonly option: (key: string) => string | undefined;
}

/** Sources and conversions of a class's own. */
const CUSTOM =
  /customise_sources|parse_env_var|json_loads|cli_parse_args|\bstrict\s*=\s*True|__init__|root_validator|mode\s*=\s*["'](?:before|wrap|plain)["']\s*\)\s*(?:\r?\n\s*@classmethod\s*)?\r?\n\s*def\s+\w+\(\s*cls\s*,\s*(?:data|values)\b|model_validator\(\s*mode\s*=\s*["'](?:before|wrap)/;

/** The settings classes that a service's process instantiates without a condition, and that can be read in full. */
export function settingsUses(stack: Stack, view: ServiceView): readonly SettingsUse[] {
  const code = startingCode(stack, view);
  if (!code) return [];
  const uses = new Map<string, SettingsUse>();
  for (const module of modulesAtStart(stack, view))
    for (const call of module.calls) {
      if (call.deferred || inTest(module.path) || !code.runs(module, call.statement, call.scope)) continue;
      const place = classAt(view.python, module, call.callee, call.scope);
      const settings = place && settingsOf(view.python, place, 0);
      if (!place || !settings || uses.has(`${place.module.path}:${place.of.qualified}`)) continue;
      const use = useOf(settings.chain, settings.v2, call.args, call.at);
      if (use) uses.set(`${place.module.path}:${place.of.qualified}`, use);
    }
  return [...uses.values()];
}

function useOf(
  chain: readonly ClassPlace[],
  v2: boolean,
  args: readonly PythonArgument[],
  at: Span,
): SettingsUse | undefined {
  if (args.some(({ name, star }) => star !== '' || name === undefined || name.startsWith('_'))) return undefined;
  if (chain.some((each) => CUSTOM.test(bodyOf(each)) || each.of.decorators.length > 0 || !isReadable(each)))
    return undefined;
  const option = (key: string): string | undefined =>
    chain.map((each) => configured(each, key)).find((text) => text !== undefined);
  const prefixes = option('env_prefix');
  const prefix = prefixes === undefined ? '' : literal(prefixes);
  if (prefix === undefined || option('fields') !== undefined) return undefined;
  const fields = new Map<string, SettingsField>();
  for (const place of chain)
    for (const field of place.module.assignments)
      if (field.scope === place.of.qualified && isField(field) && !fields.has(field.target))
        fields.set(field.target, fieldOf(place, field, prefix, v2, chain));
  const given = new Set(args.map(({ name }) => name));
  const filed = chain.find((each) => configured(each, 'env_file') !== undefined);
  return {
    at,
    chain,
    name: chain[0]?.of.name ?? '',
    v2,
    anyCase: option('case_sensitive') !== 'True',
    prefix,
    fields: [...fields.values()].filter(({ name }) => !given.has(name)),
    files: filed ? loadsOf(filed) : [],
    option,
  };
}

const bodyOf = ({ module, of }: ClassPlace): string => module.text.slice(of.body.start, of.body.end);

/** Its configuration stands in the class itself. */
function isReadable({ module, of }: ClassPlace): boolean {
  const config = module.assignments.find(({ target, scope }) => target === 'model_config' && scope === of.qualified);
  const inner = module.classes.find(({ qualified }) => qualified === `${of.qualified}.Config`);
  if (inner && inner.bases.length > 0) return false;
  if (!config?.value) return config === undefined;
  const { text, at } = config.value;
  const call = module.calls.find((each) => each.at.start === at.start);
  return call
    ? /(?:^|\.)(?:SettingsConfigDict|ConfigDict|dict)$/.test(call.callee) && call.args.every(({ star }) => star === '')
    : /^\{[^*]*\}$/.test(text);
}

function fieldOf(
  { module }: ClassPlace,
  field: PythonAssignment,
  prefix: string,
  v2: boolean,
  chain: readonly ClassPlace[],
): SettingsField {
  return {
    name: field.target,
    names: namesOf(module, field, prefix, v2),
    annotation: field.annotation ?? '',
    module,
    at: field.at,
    args: fieldCall(module, field)?.args ?? [],
    prepared: chain.some((place) => isPrepared(place, field.target)),
  };
}

/** https://docs.pydantic.dev/latest/concepts/validators/#field-before-validator */
const isPrepared = ({ module, of }: ClassPlace, field: string): boolean =>
  module.functions.some(
    ({ qualified, decorators }) =>
      qualified.startsWith(`${of.qualified}.`) &&
      decorators.some(
        ({ callee, args }) =>
          /(?:^|\.)(?:field_validator|validator)$/.test(callee) &&
          args.some(({ string, star }) => string === field || string === '*' || star !== '') &&
          args.some(
            ({ name, text }) =>
              (name === 'mode' && !/^["']after["']$/.test(text)) || (name === 'pre' && text !== 'False'),
          ),
      ),
  );
