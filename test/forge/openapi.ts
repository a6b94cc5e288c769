import { readFileSync } from 'node:fs';
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';

/** A JSON Schema, as OpenAPI 3.0 writes them. */
export type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

/** What is documented of a method of a path. */
export interface Operation {
  /** `GET /repos/{owner}/{repo}` */
  readonly id: string;
  readonly parameters: readonly Parameter[];
  /** Undefined when it takes no body. */
  readonly body: { readonly required: boolean; readonly schema: Schema } | undefined;
  /** By status; undefined for one without a body. */
  readonly responses: ReadonlyMap<number, Schema | undefined>;
}

/** A forge's own description of its API: what may be asked, and what is answered. */
export interface Description {
  /** The documented operation of a request, with the values in its path; undefined when there is none. */
  readonly find: (
    method: string,
    path: string,
  ) => { readonly operation: Operation; readonly values: Readonly<Record<string, string>> } | undefined;
  /** What is wrong with a request; fields that are not documented are wrong as well. */
  readonly requestFaults: (
    operation: Operation,
    values: Readonly<Record<string, string>>,
    query: URLSearchParams,
    body: unknown,
  ) => readonly string[];
  /** A whole response from the facts that are known of it: what is required besides has the simplest documented value. */
  readonly complete: (operation: Operation, status: number, facts: unknown) => unknown;
  /** What is wrong with a response. */
  readonly responseFaults: (operation: Operation, status: number, body: unknown) => readonly string[];
}

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly Schema[] => (Array.isArray(value) ? value.filter(isObject) : []);

const read = new Map<string, Description>();

/** Reads the description in a JSON file (OpenAPI 3.0), once in a process. */
export function descriptionIn(path: string): Description {
  const known = read.get(path);
  if (known) return known;
  const description = describeApi(JSON.parse(readFileSync(path, 'utf8')) as Schema);
  read.set(path, description);
  return description;
}

/** What an OpenAPI document (3.0) says. */
export function describeApi(document: Schema): Description {
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Schema>>>>;
  const templates = Object.keys(paths).map((template) => {
    const names = [...template.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] ?? '');
    const pattern = template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '([^/]+)');
    return { template, names, pattern: new RegExp(`^${pattern}$`) };
  });
  // A literal path goes before one with a placeholder in its place.
  templates.sort((a, b) => a.names.length - b.names.length);
  const operations = new Map<string, Operation>();
  // `strict` would refuse the words that OpenAPI adds; its formats of its own are not checked.
  const ajv = new Ajv2019({ strict: false, logger: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validators = new Map<Schema, ValidateFunction>();

  function resolve(schema: Schema): Schema {
    const ref = schema['$ref'];
    if (typeof ref !== 'string') return schema;
    const target = ref
      .slice(2)
      .split('/')
      .reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), document);
    if (!isObject(target)) throw new Error(`The description has no ${ref}`);
    return resolve(target);
  }

  function jsonSchema(content: unknown): Schema | undefined {
    const media = isObject(content) ? (content['application/json'] ?? content['application/scim+json']) : undefined;
    return isObject(media) && isObject(media['schema']) ? media['schema'] : undefined;
  }

  function operationOf(method: string, template: string): Operation | undefined {
    const id = `${method} ${template}`;
    const known = operations.get(id);
    if (known) return known;
    const written = paths[template]?.[method.toLowerCase()];
    if (!written) return undefined;
    const body = written['requestBody'];
    const schema = isObject(body) ? jsonSchema(resolve(body)['content']) : undefined;
    const operation: Operation = {
      id,
      parameters: listOf(written['parameters']).map((each) => resolve(each) as unknown as Parameter),
      body: schema && { required: isObject(body) && resolve(body)['required'] === true, schema },
      responses: new Map(
        Object.entries(written['responses'] as Readonly<Record<string, Schema>>).map(([status, response]) => [
          Number(status),
          jsonSchema(resolve(response)['content']),
        ]),
      ),
    };
    operations.set(id, operation);
    return operation;
  }

  function faults(schema: Schema, value: unknown, at: string, strict: boolean): readonly string[] {
    const target = resolve(schema);
    const validate = validators.get(target) ?? ajv.compile(translated(target, resolve, strict));
    validators.set(target, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${at}${instancePath}: ${message} ${JSON.stringify(params)}`,
    );
  }

  return {
    find(method, path) {
      for (const { template, names, pattern } of templates) {
        const match = pattern.exec(path);
        const operation = match && operationOf(method, template);
        if (!operation) continue;
        const values = names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')] as const);
        return { operation, values: Object.fromEntries(values) };
      }
      return undefined;
    },

    requestFaults({ parameters, body: wanted }, values, query, body) {
      const found: string[] = [];
      const known = new Set(parameters.filter((each) => each.in === 'query').map(({ name }) => name));
      for (const name of query.keys()) if (!known.has(name)) found.push(`query: there is no parameter ${name}`);
      for (const { name, in: place, required, schema } of parameters) {
        if (place === 'header') continue;
        const text = place === 'path' ? values[name] : query.get(name);
        if (text === null || text === undefined) {
          if (required) found.push(`${place}: ${name} is missing`);
        } else found.push(...faults(schema, asType(text, resolve(schema)['type']), `${place} ${name}`, false));
      }
      if (body === undefined) return wanted?.required ? [...found, 'body: is missing'] : found;
      if (!wanted) return [...found, 'body: there must be none'];
      return [...found, ...faults(wanted.schema, body, 'body', true)];
    },

    complete(operation, status, facts) {
      const schema = operation.responses.get(status);
      return schema ? completed(schema, facts, resolve, `${operation.id} ${status}`) : facts;
    },

    responseFaults(operation, status, body) {
      if (!operation.responses.has(status)) return [`response: status ${status} is not documented`];
      const schema = operation.responses.get(status);
      if (!schema) return body === undefined ? [] : ['response: there must be no body'];
      return faults(schema, body, 'response', false);
    },
  };
}

function asType(text: string, type: unknown): unknown {
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}

/** Words of OpenAPI that a JSON Schema has in other words, or that say nothing about a value. */
const LEFT_OUT = new Set(['nullable', 'discriminator', 'example', 'examples', 'description', 'title', 'deprecated']);
const SCHEMAS = new Set(['allOf', 'anyOf', 'oneOf']);

/**
 * An OpenAPI 3.0 schema as JSON Schema, with its references in place. `strict` refuses fields that are not documented, wherever
 * fields are documented at all.
 */
function translated(written: Schema, resolve: (schema: Schema) => Schema, strict: boolean): Schema {
  const walk = (raw: Schema, closed: boolean): Schema => {
    const schema = resolve(raw);
    const result: Record<string, unknown> = {};
    for (const [word, value] of Object.entries(schema)) {
      if (LEFT_OUT.has(word)) continue;
      if (word === 'properties' && isObject(value))
        result[word] = Object.fromEntries(
          Object.entries(value).map(([name, each]) => [name, isObject(each) ? walk(each, true) : each]),
        );
      else if (word === 'additionalProperties' && isObject(value)) result[word] = walk(value, true);
      else if (word === 'additionalProperties' && value === true && strict && schema['properties']) continue;
      else if (word === 'items' && isObject(value)) result[word] = walk(value, true);
      else if (word === 'not' && isObject(value)) result[word] = walk(value, false);
      // The schema around them knows which fields are documented: in one of these, or in itself.
      else if (SCHEMAS.has(word)) result[word] = listOf(value).map((each) => walk(each, false));
      else result[word] = value;
    }
    const describesFields = schema['properties'] !== undefined || Object.keys(schema).some((word) => SCHEMAS.has(word));
    if (strict && closed && describesFields && schema['additionalProperties'] === undefined)
      result['unevaluatedProperties'] = false;
    if (strict && closed && schema['additionalProperties'] === true && schema['properties'])
      result['unevaluatedProperties'] = false;
    if (schema['nullable'] !== true) return result;
    return { anyOf: [{ type: 'null' }, result] };
  };
  return walk(written, true);
}

/** The fields of a schema with those of the parts that it consists of. */
function fieldsOf(
  schema: Schema,
  resolve: (schema: Schema) => Schema,
): { readonly properties: Readonly<Record<string, Schema>>; readonly required: readonly string[]; open: boolean } {
  const parts = listOf(schema['allOf']).map((part) => fieldsOf(resolve(part), resolve));
  const own = isObject(schema['properties']) ? (schema['properties'] as Readonly<Record<string, Schema>>) : {};
  return {
    properties: Object.assign({}, ...parts.map(({ properties }) => properties), own) as Record<string, Schema>,
    required: [
      ...parts.flatMap(({ required }) => required),
      ...(Array.isArray(schema['required']) ? (schema['required'] as string[]) : []),
    ],
    open: parts.some(({ open }) => open) || Boolean(schema['additionalProperties']),
  };
}

/** Facts with all that a schema requires besides them; rejects facts that the schema has no field for. */
function completed(raw: Schema, facts: unknown, resolve: (schema: Schema) => Schema, at: string): unknown {
  const schema = resolve(raw);
  if (facts === undefined) return simplest(schema, resolve, at);
  const variants = [...listOf(schema['oneOf']), ...listOf(schema['anyOf'])].map(resolve);
  if (variants.length > 0 && schema['properties'] === undefined) {
    const fits = (variant: Schema): boolean =>
      isObject(facts)
        ? Object.keys(facts).every((name) => name in fieldsOf(variant, resolve).properties)
        : variant['type'] === (Array.isArray(facts) ? 'array' : typeof facts);
    const variant = variants.find(fits);
    return variant ? completed(variant, facts, resolve, at) : facts;
  }
  if (Array.isArray(facts))
    return isObject(schema['items'])
      ? facts.map((each) => completed(schema['items'] as Schema, each, resolve, `${at}[]`))
      : facts;
  if (!isObject(facts)) return facts;
  const { properties, required, open } = fieldsOf(schema, resolve);
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    const property = properties[name];
    if (!property && !open) throw new Error(`${at}: the description has no field ${name}`);
    result[name] = property ? completed(property, value, resolve, `${at}.${name}`) : value;
  }
  for (const name of required) {
    const property = properties[name];
    if (!(name in result) && property) result[name] = simplest(property, resolve, `${at}.${name}`);
  }
  return result;
}

const OF_FORMAT: Readonly<Record<string, string>> = {
  'date-time': '2024-01-01T00:00:00Z',
  date: '2024-01-01',
  uri: 'https://example.org/',
  email: 'someone@example.org',
};

function simplest(raw: Schema, resolve: (schema: Schema) => Schema, at: string): unknown {
  const schema = resolve(raw);
  if (schema['nullable'] === true) return null;
  const choices = schema['enum'];
  if (Array.isArray(choices)) return choices[0];
  const variant = [...listOf(schema['oneOf']), ...listOf(schema['anyOf'])][0];
  if (variant) return simplest(variant, resolve, at);
  const { type, format } = schema;
  if (type === 'string') return OF_FORMAT[String(format)] ?? 'text';
  if (type === 'integer' || type === 'number') return schema['minimum'] ?? 0;
  if (type === 'boolean') return false;
  if (type === 'array') return [];
  return completed(schema, {}, resolve, at);
}
