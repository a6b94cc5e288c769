import type { Schema } from './openapi.ts';

/** Short words for an OpenAPI 3.0 document: a description of an API that is written here, from its documentation. */
export const text: Schema = { type: 'string' };
export const filled: Schema = { type: 'string', minLength: 1 };
export const number: Schema = { type: 'integer' };
export const yesNo: Schema = { type: 'boolean' };
export const time: Schema = { type: 'string', format: 'date-time' };
export const commit: Schema = { type: 'string', pattern: '^[0-9a-f]{40}$' };
export const upTo = (length: number, schema: Schema): Schema => ({ ...schema, maxLength: length });
export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
export const listOf = (items: Schema): Schema => ({ type: 'array', items });
export const orNull = (schema: Schema): Schema =>
  '$ref' in schema ? { nullable: true, allOf: [schema] } : { ...schema, nullable: true };
/** One of the schemas that the document names. */
export const a = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

type Fields = Readonly<Record<string, Schema>>;

/** A response: all of `always` is there, and what is in `sometimes` may be. */
export const answer = (always: Fields, sometimes: Fields = {}): Schema => ({
  type: 'object',
  required: Object.keys(always),
  properties: { ...always, ...sometimes },
});

/** A request: it needs `always`, may have `sometimes`, at least one field, and no other. */
export const request = (always: Fields, sometimes: Fields = {}): Schema => ({
  ...answer(always, sometimes),
  minProperties: 1,
  additionalProperties: false,
});

export interface WrittenOperation {
  /** Parameters of the query; those of the path are read from it. */
  readonly query?: Fields;
  readonly body?: Schema;
  /** The status of success and what it answers. */
  readonly gives: readonly [status: number, schema: Schema];
  /** The other statuses, all of which answer an `Error`. */
  readonly orElse: readonly number[];
}

/** The document of operations (by `GET /path/{name}`) and schemas; `special` are parameters of paths that are no plain text. */
export function documentOf(
  operations: Readonly<Record<string, WrittenOperation>>,
  schemas: Fields,
  special: Fields,
): Schema {
  const json = (schema: Schema): Schema => ({ description: '', content: { 'application/json': { schema } } });
  const paths: Record<string, Record<string, Schema>> = {};
  for (const [id, { query = {}, body, gives, orElse }] of Object.entries(operations)) {
    const [method = '', path = ''] = id.split(' ');
    const places = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = {
      parameters: [
        ...places.map((name) => ({ name, in: 'path', required: true, schema: special[name] ?? text })),
        ...Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema })),
      ],
      ...(body && { requestBody: { required: true, ...json(body) } }),
      responses: Object.fromEntries([
        [gives[0], json(gives[1])],
        ...orElse.map((status) => [status, json(a('Error'))]),
      ]) as Schema,
    };
  }
  return { openapi: '3.0.3', paths, components: { schemas } };
}
