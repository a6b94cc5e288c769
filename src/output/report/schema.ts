/** A JSON Schema, as far as it is written here. */
type Schema = Readonly<Record<string, unknown>>;

const TEXT = { type: 'string' };
const COUNT = { type: 'integer', minimum: 0 };
const NUMBERS = { type: 'array', items: { type: 'integer', minimum: 1 }, uniqueItems: true };

const list = (items: Schema): Schema => ({ type: 'array', items });
const oneOf = (...values: string[]): Schema => ({ enum: values });

/** An object that has these keys, those with `?` perhaps, and no others. */
function object(keys: Readonly<Record<string, Schema>>): Schema {
  const entries = Object.entries(keys);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([key, schema]) => [key.replace(/\?$/, ''), schema])),
    required: entries.map(([key]) => key).filter((key) => !key.endsWith('?')),
    additionalProperties: false,
  };
}

const PLACE = object({ path: TEXT, 'line?': { type: 'integer', minimum: 1 }, 'text?': TEXT });

const PROBLEM = object({
  number: { type: 'integer', minimum: 1 },
  transform: object({ id: TEXT, group: oneOf('repair', 'hygiene'), summary: TEXT }),
  message: TEXT,
  'shows?': TEXT,
  'showsExample?': { const: true },
  at: PLACE,
  evidence: list(object({ at: PLACE, says: TEXT })),
  'repair?': object({ title: TEXT, safety: oneOf('safe', 'review', 'manual'), diff: TEXT }),
  'left?': object({
    reason: oneOf(
      'no fix',
      'manual',
      'left out by --safe-only',
      'overlaps another fix',
      'ignored by comment',
      'excluded by configuration',
      'would break the file',
    ),
    says: TEXT,
  }),
  'advice?': TEXT,
});

const SERVICE = object({
  id: TEXT,
  file: TEXT,
  name: TEXT,
  runs: TEXT,
  'program?': TEXT,
  ports: list(object({ 'host?': TEXT, container: TEXT })),
  'healthcheck?': TEXT,
  role: oneOf('store', 'web', 'worker', 'task', 'proxy', 'other'),
});

const GRAPH = object({
  services: list(SERVICE),
  links: list(object({ from: TEXT, to: TEXT, kind: oneOf('waits', 'uses'), 'label?': TEXT })),
});

const YES_NO = { type: 'boolean' };
const AMOUNT = { type: 'number', minimum: 0 };

const SIDE = object({
  healthy: YES_NO,
  clean: YES_NO,
  services: list(
    object({
      name: TEXT,
      state: TEXT,
      'reason?': TEXT,
      'exitCode?': { type: 'integer' },
      'restarts?': COUNT,
      'secondsToHealthy?': AMOUNT,
      'imageBytes?': AMOUNT,
      'installCached?': YES_NO,
    }),
  ),
  'stopped?': TEXT,
  notes: list(TEXT),
  seconds: AMOUNT,
});

/** As `dockfix verify --format json` writes it. */
const VERIFICATION = object({
  schemaVersion: { const: 1 },
  passed: YES_NO,
  'before?': SIDE,
  after: SIDE,
  changes: list(object({ name: TEXT, change: oneOf('better', 'worse', 'same', 'new', 'removed', 'not compared') })),
});

/** The JSON Schema of `dockfix report --format json`. */
export const reportSchema = (): Schema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'The report of dockfix on a repository',
  ...object({
    schemaVersion: { const: 1 },
    title: TEXT,
    summary: object({ problems: COUNT, repaired: COUNT, notes: COUNT }),
    problems: list(PROBLEM),
    tasks: list(
      object({
        kind: oneOf('variables', 'secrets', 'manual', 'review', 'unread'),
        text: TEXT,
        details: list(TEXT),
        problems: NUMBERS,
      }),
    ),
    checks: list(object({ command: TEXT, expects: TEXT })),
    before: GRAPH,
    after: GRAPH,
    files: list(
      object({
        path: TEXT,
        kind: oneOf('created', 'edited', 'removed', 'renamed'),
        'from?': TEXT,
        diff: TEXT,
        problems: NUMBERS,
      }),
    ),
    notices: list(object({ path: TEXT, 'line?': { type: 'integer', minimum: 1 }, message: TEXT, hint: TEXT })),
    errors: list(object({ transform: TEXT, message: TEXT })),
    'selection?': list(TEXT),
    'verification?': VERIFICATION,
  }),
});
