import type { PythonModule } from '../../parse/python.ts';
import { eitherOf } from '../../words.ts';
import type { PythonPath } from '../python-app.ts';
import { classAt } from './settings.ts';
import type { SettingsField } from './settings-use.ts';

/** What a field takes, as far as that can be told from its annotation. */
export type SettingsType =
  | { readonly kind: 'bool' | 'int' | 'float' | 'object' }
  | { readonly kind: 'choice'; readonly values: readonly string[]; readonly of: 'Literal' | 'Enum' }
  | { readonly kind: 'array'; readonly items: 'text' | 'int' | 'unknown' };

/** What is wrong with a value, and the value that is surely meant. */
export interface Rejection {
  /** `is no JSON, and Settings reads a list`: a sentence's end that holds nothing of the value. */
  readonly says: string;
  readonly failure: string;
  readonly meant: string | undefined;
}

/** The type of a field; `undefined` when it takes any text, or nobody can tell. `Optional` does not matter: no text is None. */
export function typeOf(field: SettingsField, python: PythonPath): SettingsType | undefined {
  return typeIn(field.annotation.replace(/\s+/g, ' ').trim(), field.module, python, 0);
}

function typeIn(text: string, module: PythonModule, python: PythonPath, depth: number): SettingsType | undefined {
  const isBuiltin = (name: string): boolean => python.origin(module, name, '') === undefined;
  const typing = (name: string): string | undefined => {
    const origin = python.origin(module, name, '');
    return origin?.kind === 'external' ? /^(?:typing|typing_extensions)\.(\w+)$/.exec(origin.dotted)?.[1] : undefined;
  };
  if (depth > 3) return undefined;
  const union = /^(.*\S) ?\| ?None$/.exec(text)?.[1] ?? /^None ?\| ?(.*)$/.exec(text)?.[1];
  if (union !== undefined) return union.includes('|') ? undefined : typeIn(union, module, python, depth + 1);
  const [, head = '', , inner] = /^([\w.]+)(\[(.*)\])?$/.exec(text) ?? [];
  if (inner === undefined && isBuiltin(head) && /^(?:bool|int|float)$/.test(head)) return { kind: head as 'bool' };
  const name = typing(head) ?? (isBuiltin(head) && /^(?:list|set|frozenset|tuple|dict)$/.test(head) ? head : undefined);
  switch (name?.toLowerCase()) {
    case 'optional':
      return inner === undefined ? undefined : typeIn(inner, module, python, depth + 1);
    case 'literal':
      return literalOf(inner);
    case 'list':
    case 'set':
    case 'frozenset':
    case 'tuple':
    case 'sequence':
      return { kind: 'array', items: itemsOf(inner) };
    case 'dict':
    case 'mapping':
      return { kind: 'object' };
  }
  return inner === undefined ? enumOf(head, module, python) : undefined;
}

function literalOf(inner: string | undefined): SettingsType | undefined {
  const parts = inner?.split(',').map((part) => /^\s*(["'])([^"'\\]*)\1\s*$/.exec(part)?.[2]) ?? [];
  const values = parts.flatMap((part) => part ?? []);
  return values.length > 0 && values.length === parts.length ? { kind: 'choice', values, of: 'Literal' } : undefined;
}

const itemsOf = (inner: string | undefined): 'text' | 'int' | 'unknown' => {
  const item = inner?.replace(/, ?\.\.\.$/, '').trim();
  if (item === undefined || /^(?:str|AnyHttpUrl|AnyUrl|HttpUrl|EmailStr)$/.test(item)) return 'text';
  return item === 'int' ? 'int' : 'unknown';
};

function enumOf(name: string, module: PythonModule, python: PythonPath): SettingsType | undefined {
  const place = classAt(python, module, name, '');
  if (!place) return undefined;
  const isEnum = place.of.bases.some(({ text }) => {
    const origin = python.origin(place.module, text, '');
    return origin?.kind === 'external' && /^enum\.(?:Enum|StrEnum)$/.test(origin.dotted);
  });
  const own = place.module.assignments.filter(({ scope }) => scope === place.of.qualified);
  const values = own.flatMap(({ value, annotation }) => (annotation === undefined ? (value?.string ?? []) : []));
  const body = place.module.text.slice(place.of.body.start, place.of.body.end);
  return isEnum && values.length > 0 && values.length === own.length && !/_missing_|__new__|\bauto\b/.test(body)
    ? { kind: 'choice', values, of: 'Enum' }
    : undefined;
}

/** https://docs.pydantic.dev/latest/concepts/conversion_table/ and https://docs.pydantic.dev/1.10/usage/types/#booleans */
const BOOL = /^(?:0|off|f|false|n|no|1|on|t|true|y|yes)$/i;
const INT = /^\s*[+-]?\d+(?:_\d+)*(?:\.0+)?\s*$/;
const FLOAT = /^\s*[+-]?(?:(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)\s*$/i;

/** What a settings class of pydantic makes of a value; `undefined` when it takes it, or nobody can tell. */
export function rejectionOf(
  field: SettingsField,
  type: SettingsType,
  value: string,
  v2: boolean,
): Rejection | undefined {
  const wrong = (says: string, failure: string, meant: string | undefined): Rejection => ({ says, failure, meant });
  const trimmed = value.trim();
  switch (type.kind) {
    case 'bool':
      return BOOL.test(value)
        ? undefined
        : wrong(
            'is no boolean',
            v2 ? 'Input should be a valid boolean' : 'value could not be parsed to a boolean',
            BOOL.test(trimmed) ? trimmed : undefined,
          );
    case 'int': {
      if (!INT.test(value) || (!v2 && value.includes('.')))
        return wrong(
          'is no whole number',
          v2 ? 'Input should be a valid integer' : 'value is not a valid integer',
          undefined,
        );
      return outOfBounds(field, value);
    }
    case 'float':
      return FLOAT.test(value)
        ? outOfBounds(field, value)
        : wrong('is no number', v2 ? 'Input should be a valid number' : 'value is not a valid float', undefined);
    case 'choice': {
      if (type.values.includes(value)) return undefined;
      const alike = type.values.filter((each) => each.toLowerCase() === trimmed.toLowerCase());
      const failure = v2
        ? `Input should be ${quoted(type.values)}`
        : type.of === 'Enum'
          ? 'value is not a valid enumeration member'
          : 'unexpected value';
      return wrong(`is none of the values of the ${type.of}`, failure, alike.length === 1 ? alike[0] : undefined);
    }
    case 'array':
    case 'object': {
      const parsed = json(value);
      if (parsed.is) {
        const fits = type.kind === 'array' ? Array.isArray(parsed.value) : typeof parsed.value === 'object';
        return fits || parsed.value === null
          ? undefined
          : wrong(
              `is JSON, but no ${type.kind === 'array' ? 'list' : 'object'}`,
              v2 ? 'Input should be a valid list' : 'value is not a valid list',
              undefined,
            );
      }
      const failure = v2
        ? `SettingsError: error parsing value for field "${field.name}"`
        : `SettingsError: error parsing env var "${field.names?.[0]?.toLowerCase() ?? field.name}"`;
      return wrong(
        'is not JSON, which a list or an object has to be',
        failure,
        type.kind === 'array' ? listIn(value, type.items) : undefined,
      );
    }
  }
}

function json(text: string): { readonly is: false } | { readonly is: true; readonly value: unknown } {
  try {
    return { is: true, value: JSON.parse(text) };
  } catch {
    // Python's reader also knows NaN and Infinity, which are no lists either.
    return { is: false };
  }
}

/** The JSON list that `a,b` or `['a', 'b']` means; `undefined` when there is more than one reading. */
function listIn(value: string, items: 'text' | 'int' | 'unknown'): string | undefined {
  const quoted = /^\s*\[((?:\s*'[^'"\\]*'\s*,?)+)\]\s*$/.exec(value)?.[1];
  if (quoted !== undefined && items === 'text')
    return JSON.stringify([...quoted.matchAll(/'([^']*)'/g)].map((match) => match[1]));
  const parts = value.trim() === '' ? [] : value.split(',').map((part) => part.trim());
  if (parts.length === 0 || parts.some((part) => !/^[\w.*:/@%+?&=~-]+$/.test(part))) return undefined;
  if (items === 'int') return parts.every((part) => /^-?\d+$/.test(part)) ? `[${parts.join(',')}]` : undefined;
  return items === 'text' ? JSON.stringify(parts) : undefined;
}

/** `Field(ge=1, le=65535)` */
function outOfBounds(field: SettingsField, value: string): Rejection | undefined {
  const number = Number(value.trim().replaceAll('_', ''));
  if (Number.isNaN(number)) return undefined;
  for (const { name, text } of field.args) {
    const bound = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
    if (bound === undefined) continue;
    const fits =
      name === 'ge'
        ? number >= bound
        : name === 'le'
          ? number <= bound
          : name === 'gt'
            ? number > bound
            : name === 'lt'
              ? number < bound
              : true;
    if (!fits)
      return {
        says: `does not keep to ${name}=${text}`,
        failure: 'ValidationError: 1 validation error',
        meant: undefined,
      };
  }
  return undefined;
}

const quoted = (values: readonly string[]): string => eitherOf(values.map((each) => `'${each}'`));
