import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { BOT_DEFAULTS, botFileSchema, ConfigError, configSchema, readConfig } from '../src/config.ts';
import { UserError } from '../src/errors.ts';
import { Repo } from '../src/repo/repo.ts';
import { transforms } from '../transforms/index.ts';

const read = (path: string, text: string) => readConfig(Repo.of({ [path]: text }), transforms);

/** The error that a configuration is refused with. */
function refused(path: string, text: string): string {
  try {
    read(path, text);
  } catch (error) {
    if (error instanceof UserError) return `${error.message} | ${error.hint}`;
    throw error;
  }
  throw new Error('it was taken');
}

const FULL = {
  transforms: new Map([
    ['split-copy', false],
    ['drop-root', true],
  ]),
  groups: ['hygiene'],
  severity: new Map([['persist-data', 'warning']]),
  exclude: ['examples/**'],
  bot: BOT_DEFAULTS,
};
const YAML =
  'transforms:\n  split-copy: off\n  drop-root: on\ngroups: [hygiene]\nseverity:\n  persist-data: warning\nexclude:\n  - examples/**\n';
const DATA = {
  transforms: { 'split-copy': false, 'drop-root': 'on' },
  groups: ['hygiene'],
  severity: { 'persist-data': 'warning' },
  exclude: ['examples/**'],
};

describe('a configuration', () => {
  test('says the same in each of its three files', () => {
    expect(read('dockfix.yml', YAML)).toEqual(FULL);
    expect(read('dockfix.yml', YAML.replaceAll('\n', '\r\n'))).toEqual(FULL);
    expect(read('dockfix.json', JSON.stringify(DATA, undefined, '\t'))).toEqual(FULL);
    expect(read('package.json', JSON.stringify({ name: 'x', dockfix: DATA }))).toEqual(FULL);
  });

  test.each([
    ['Dockerfile', 'FROM a\n'],
    ['dockfix.yml', ''],
    ['dockfix.yml', '# nothing yet\n'],
    ['dockfix.json', '{}'],
    ['package.json', '{"name":"x","keywords":["dockfix"]}'],
    ['package.json', '{"dockfix":'],
    ['app/dockfix.yml', 'nonsense: 1\n'],
  ])('%s with %j says nothing', (path, text) => {
    expect(read(path, text)).toEqual({
      transforms: new Map(),
      groups: [],
      severity: new Map(),
      exclude: [],
      bot: BOT_DEFAULTS,
    });
  });

  test.each([
    [
      'dockfix.yml',
      'groups: [hygiene]\nexlude: [a]\n',
      'dockfix.yml:2: There is no key "exlude" | Did you mean exclude?',
    ],
    [
      'dockfix.yml',
      'transforms:\n  split-copi: off\n',
      'dockfix.yml:2: There is no transform "split-copi" | Did you mean split-copy?',
    ],
    ['dockfix.yml', 'transforms:\n  split-copy: of\n', 'dockfix.yml:2: There is no switch "of" | Did you mean on?'],
    [
      'dockfix.yml',
      'severity:\n  split-copy: fatal\n',
      'dockfix.yml:2: There is no severity "fatal" | It is error, warning or note.',
    ],
    ['dockfix.yml', 'groups:\n  - higiene\n', 'dockfix.yml:2: There is no group "higiene" | Did you mean hygiene?'],
    ['dockfix.yml', 'groups: hygiene\n', 'dockfix.yml:1: groups is a list | Write it as groups: [ … ]'],
    [
      'dockfix.yml',
      'transforms: [split-copy]\n',
      'dockfix.yml:1: transforms is a mapping | Write it as transforms: { fix-compose-shape: … }',
    ],
    ['dockfix.yml', 'exclude: [1]\n', 'dockfix.yml:1: This is no pattern | Write it as in .gitignore: legacy/**'],
    ['dockfix.json', '{\n  "dockfix": {}\n}', 'dockfix.json:2: There is no key "dockfix" |'],
    ['package.json', '{\n  "dockfix": {\n    "skip": []\n  }\n}', 'package.json:3: There is no key "skip" |'],
    ['package.json', '{\n  "dockfix": true\n}', 'package.json:2: A configuration is a mapping |'],
  ])('%s with %j is refused with the place and what was meant', (path, text, message) => {
    expect(refused(path, text)).toContain(message);
  });

  test.each(['a: [', '- a\n', 'text', 'transforms: !!js/function "x"\n', 'a: &a [*a]\n'])('%j is refused', (text) => {
    expect(refused('dockfix.yml', text)).toMatch(/^dockfix\.yml/);
  });

  test('is one, not two', () => {
    const repo = Repo.of({ 'dockfix.yml': YAML, 'package.json': '{"dockfix":{}}' });
    expect(() => readConfig(repo, transforms)).toThrow('There are two configurations: dockfix.yml and package.json');
  });

  test('the schema and the reader take the same', () => {
    const ajv = new Ajv({ allErrors: true });
    const validate = ajv.compile(configSchema(transforms));
    const values: readonly unknown[] = [
      {},
      DATA,
      { $schema: 'x' },
      { transforms: { 'split-copy': 'maybe' } },
      { transforms: { nothing: true } },
      { transforms: [] },
      { groups: ['all'] },
      { groups: 'hygiene' },
      { severity: { 'split-copy': 'off' } },
      { exclude: [''] },
      { exclude: [3] },
      { exclude: 'x' },
      { rules: {} },
      [],
      null,
      3,
    ];
    for (const value of values) {
      const text = JSON.stringify(value);
      let taken = true;
      try {
        read('dockfix.json', text);
      } catch (error) {
        expect(error, text).toBeInstanceOf(UserError);
        taken = false;
      }
      expect(taken, text).toBe(validate(value));
    }
  });
});

const BOT = `transforms:
  split-copy: off
bot:
  base: release/2.x
  one-per-transform: on
  draft: true
  safe-only: true
  labels: [docker, "good first issue"]
  reviewers: [someone, acme/platform]
  check: neutral
`;

describe('.github/dockfix.yml', () => {
  test('says what the bot does, and what any configuration says', () => {
    const { bot, transforms: switched } = read('.github/dockfix.yml', BOT);
    expect(switched).toEqual(new Map([['split-copy', false]]));
    expect(bot).toEqual({
      enabled: true,
      base: 'release/2.x',
      onePerTransform: true,
      draft: true,
      safeOnly: true,
      labels: ['docker', 'good first issue'],
      reviewers: ['someone', 'acme/platform'],
      check: 'neutral',
    });
    expect(read('.github/dockfix.yml', 'bot:\n  enabled: off\n').bot).toEqual({ ...BOT_DEFAULTS, enabled: false });
  });

  test('may stand beside another one when it speaks of the bot alone', () => {
    const both = (own: string) => Repo.of({ 'dockfix.yml': YAML, '.github/dockfix.yml': own });
    expect(readConfig(both('bot: { draft: on }\n'), transforms)).toEqual({
      ...FULL,
      bot: { ...BOT_DEFAULTS, draft: true },
    });
    expect(() => readConfig(both(BOT), transforms)).toThrow(
      'There are two configurations: dockfix.yml and .github/dockfix.yml',
    );
  });

  test.each([
    ['bot:\n  drafts: on\n', ':2: There is no key of bot "drafts" | Did you mean draft?'],
    ['bot:\n  draft: perhaps\n', ':2: There is no switch "perhaps"'],
    ['bot:\n  check: failed\n', ':2: There is no check "failed" | Did you mean failure?'],
    ['bot:\n  labels: docker\n', ':2: labels is a list |'],
    ['bot:\n  labels:\n    - 1\n', ':3: This cannot stand here | A label is a text'],
    ['bot:\n  reviewers: ["@someone"]\n', ':2: This cannot stand here | A reviewer is a login'],
    ['bot:\n  base: --upload-pack=x\n', ':2: This cannot stand here | It is the name of a branch'],
    ['bot:\n  base: a..b\n', ':2: This cannot stand here'],
    ['bot: on\n', ':1: bot is a mapping'],
    ['bto: {}\n', ':1: There is no key "bto" | Did you mean bot?'],
    ['bot:\n  <<: { drafts: on }\n', ':2: There is no key of bot "<<"'],
  ])('%j is refused with the place and what was meant', (text, message) => {
    expect(refused('.github/dockfix.yml', text)).toContain(`.github/dockfix.yml${message}`);
  });

  test('an error carries its place', () => {
    const repo = Repo.of({ '.github/dockfix.yml': 'bot:\n  drafts: on\n' });
    expect(() => readConfig(repo, transforms)).toThrow(ConfigError);
    expect(() => readConfig(repo, transforms)).toThrow(
      expect.objectContaining({ place: { path: '.github/dockfix.yml', line: 2 } }),
    );
  });

  test('speaks of the bot, no other file does', () => {
    expect(refused('dockfix.yml', BOT)).toBe(
      'dockfix.yml:3: There is no key "bot" here | It belongs into .github/dockfix.yml.',
    );
  });

  test('the schema and the reader take the same', () => {
    const validate = new Ajv({ allErrors: true }).compile(botFileSchema(transforms));
    const bots: readonly unknown[] = [
      {},
      { base: 'develop', labels: ['a b'], reviewers: ['someone', 'a/b'], check: 'off', draft: 'off', enabled: true },
      { base: '-x' },
      { base: 'a b' },
      { base: 3 },
      { labels: [''] },
      { labels: ['x'.repeat(51)] },
      { labels: [2] },
      { reviewers: ['a/b/c'] },
      { check: 'on' },
      { 'safe-only': 'maybe' },
      { safeOnly: true },
      [],
      null,
    ];
    for (const bot of bots) {
      const text = JSON.stringify({ bot });
      const taken = () => read('.github/dockfix.yml', text);
      if (validate({ bot })) expect(taken, text).not.toThrow();
      else expect(taken, text).toThrow(ConfigError);
    }
  });
});
