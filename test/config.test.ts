import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { configSchema, readConfig } from '../src/config.ts';
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
    expect(read(path, text)).toEqual({ transforms: new Map(), groups: [], severity: new Map(), exclude: [] });
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
