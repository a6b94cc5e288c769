import { BOT_DEFAULTS, type BotConfig, botConfigOf, botSchema } from './config/bot.ts';
import { entriesIn, itemsIn, oneOf, type Reading, readingOf, switchAt, wrong } from './config/reading.ts';
import { UserError } from './errors.ts';
import type { Repo } from './repo/repo.ts';
import type { Level, Transform } from './transform.ts';
import { eitherOf } from './words.ts';

export { BOT_DEFAULTS, type BotConfig } from './config/bot.ts';
export { ConfigError } from './config/reading.ts';

/** What a repository says about how dockfix treats it. */
export interface Config {
  /** Transforms that are switched on or off. */
  readonly transforms: ReadonlyMap<string, boolean>;
  /** Groups that run besides `repair`. */
  readonly groups: readonly Transform['group'][];
  readonly severity: ReadonlyMap<string, Level>;
  /** Patterns as in `.gitignore`, of files that are read, but neither reported nor changed. */
  readonly exclude: readonly string[];
  /** What the bot does here; only `.github/dockfix.yml` speaks of it. */
  readonly bot: BotConfig;
}

const NONE: Config = { transforms: new Map(), groups: [], severity: new Map(), exclude: [], bot: BOT_DEFAULTS };
/** Where the bot looks for what concerns it; it may say all that the others say, too. */
export const BOT_FILE = '.github/dockfix.yml';
/** The files that can hold a configuration. */
export const CONFIG_FILES = ['dockfix.yml', 'dockfix.json', 'package.json', BOT_FILE] as const;
const KEYS = ['$schema', 'transforms', 'groups', 'severity', 'exclude'] as const;
const GROUPS = ['repair', 'hygiene'] as const;
const LEVELS = ['error', 'warning', 'note'] as const;

/**
 * Reads `dockfix.yml`, `dockfix.json` or `dockfix` in package.json at the root, or `.github/dockfix.yml`; a `ConfigError` names the
 * place of what is wrong. A `.github/dockfix.yml` that speaks of the bot alone may stand beside one of the others.
 */
export function readConfig(repo: Repo, transforms: readonly Transform[]): Config {
  const found = CONFIG_FILES.flatMap((path) => {
    const text = repo.has(path) ? repo.read(path) : undefined;
    const reading = text === undefined ? undefined : readingOf(path, text);
    return reading ? [{ reading, config: configOf(reading, transforms) }] : [];
  });
  const [first, second] = found.filter(({ reading }) => !speaksOfBotAlone(reading));
  if (second)
    throw new UserError(
      `There are two configurations: ${first?.reading.path} and ${second.reading.path}`,
      second.reading.path === BOT_FILE ? `Keep one of them, or only bot: in ${BOT_FILE}.` : 'Keep one of them.',
    );
  const bot = found.find(({ reading }) => reading.path === BOT_FILE)?.config.bot ?? BOT_DEFAULTS;
  return { ...(first?.config ?? NONE), bot };
}

const speaksOfBotAlone = ({ path, node }: Reading): boolean =>
  path === BOT_FILE &&
  (node?.kind !== 'map' || node.own.every(({ key }) => key.value === 'bot' || key.value === '$schema'));

interface Schema {
  readonly $schema: string;
  readonly title: string;
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: Readonly<Record<string, object>>;
}

/** The JSON Schema of `.github/dockfix.yml`. */
export function botFileSchema(transforms: readonly Transform[]): Schema {
  const schema = configSchema(transforms);
  return {
    ...schema,
    title: 'Configuration of dockfix and its bot',
    properties: { ...schema.properties, bot: botSchema() },
  };
}

/** The JSON Schema of a configuration. */
export function configSchema(transforms: readonly Transform[]): Schema {
  const each = (value: object): object => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(transforms.map(({ id, summary }) => [id, { description: summary, ...value }])),
  });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of dockfix',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      transforms: {
        description: 'Transforms that are switched on or off.',
        ...each({ enum: [true, false, 'on', 'off'] }),
      },
      groups: {
        description: 'Groups that run; repair always does.',
        type: 'array',
        items: { enum: GROUPS },
      },
      severity: { description: 'How much the findings of a transform matter to a check.', ...each({ enum: LEVELS }) },
      exclude: {
        description: 'Files that are read, but neither reported nor changed; patterns as in .gitignore.',
        type: 'array',
        items: { type: 'string', minLength: 1 },
      },
    },
  };
}

function configOf(reading: Reading, transforms: readonly Transform[]): Config {
  const { node } = reading;
  const keys = reading.path === BOT_FILE ? ([...KEYS, 'bot'] as const) : KEYS;
  if (!node && /^\s*(?:#.*\s*)*$/.test(reading.text)) return NONE;
  if (node?.kind !== 'map')
    throw wrong(reading, node, 'A configuration is a mapping', `Its keys are ${eitherOf(keys)}.`);
  for (const { key } of node.own) {
    if (key.value === 'bot' && reading.path !== BOT_FILE)
      throw wrong(reading, key, 'There is no key "bot" here', `It belongs into ${BOT_FILE}.`);
    oneOf(reading, key, keys, 'key');
  }
  const ids = transforms.map(({ id }) => id);
  return {
    transforms: new Map(
      entriesIn(reading, node, 'transforms', ids, 'transform').map(({ key, value }) => [
        String(key.value),
        switchAt(reading, value),
      ]),
    ),
    groups: itemsIn(reading, node, 'groups').map((item) => oneOf(reading, item, GROUPS, 'group')),
    severity: new Map(
      entriesIn(reading, node, 'severity', ids, 'transform').map(({ key, value }) => [
        String(key.value),
        oneOf(reading, value, LEVELS, 'severity'),
      ]),
    ),
    exclude: itemsIn(reading, node, 'exclude').map((item) => {
      if (item.kind !== 'scalar' || typeof item.value !== 'string' || item.value === '')
        throw wrong(reading, item, 'This is no pattern', 'Write it as in .gitignore: legacy/**');
      return item.value;
    }),
    bot: botConfigOf(reading, node),
  };
}
