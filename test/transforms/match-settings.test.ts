import { beforeAll, describe, expect, test } from 'vitest';
import { type Finding, isEdit } from '../../src/finding.ts';
import { lineNumber } from '../../src/lines.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import matchSettings from '../../transforms/match-settings/transform.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(async () => {
  await loadPythonForTests();
});

type Files = Readonly<Record<string, string>>;

const HEAD =
  'from enum import Enum\nfrom typing import Dict, List, Literal, Optional, Set, Union\nfrom pydantic import Field\n';
const V2 = `${HEAD}from pydantic_settings import BaseSettings, SettingsConfigDict\n`;
const V1 = `${HEAD}from pydantic import BaseSettings\n`;
const stackOf = (config: string, compose: string, files: Files = {}): Files => ({
  'compose.yaml': compose,
  Dockerfile: 'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD ["uvicorn", "main:app"]\n',
  'main.py': 'from config import settings\napp = settings\n',
  'config.py': config,
  ...files,
});
const found = (files: Files): readonly Finding[] => [...matchSettings.find(readStack(Repo.of(files), undefined))];
const classWith = (field: string, head = V2): string =>
  `${head}\nclass Level(str, Enum):\n    LOW = "low"\n\nclass Settings(BaseSettings):\n    ${field}\n\nsettings = Settings()\n`;
const COMPOSE = (value: string): string =>
  `services:\n  web:\n    build: .\n    environment:\n      X: ${JSON.stringify(value)}\n`;

test('tells what is wrong, proves it, and keeps the value to itself', () => {
  const files = stackOf(classWith('X: List[str]'), COMPOSE('hunter2,hunter3'));
  const [finding] = found(files);
  expect(finding?.message).toBe(
    'X of web is not JSON, which a list or an object has to be, so Settings rejects it when it starts: `SettingsError: error parsing value for field "X"`',
  );
  expect(finding?.fix).toMatchObject({ title: 'Write X as Settings reads it', safety: 'review' });
  expect(
    finding?.evidence.map(({ at, says }) => `${at.path}:${lineNumber(files[at.path] ?? '', at.start)} ${says}`),
  ).toEqual([
    'compose.yaml:5 web gets X here',
    'config.py:10 the field X of Settings is List[str]',
    'config.py:12 Settings is made here, when the process starts',
  ]);
  const { fix: _, ...words } = finding ?? {};
  expect(JSON.stringify(words)).not.toContain('hunter');
});

describe('values as pydantic takes them', () => {
  const accepted = '(taken)';
  test.each<[string, string, string]>([
    ['bool', 'TRUE', accepted],
    ['bool', 'y', accepted],
    ['bool', ' yes', '"yes"'],
    ['bool', 'enabled', 'manual'],
    ['bool', '', 'manual'],
    ['int', ' 5 ', accepted],
    ['int', '1_000', accepted],
    ['int', '5.0', accepted],
    ['int', '+5', accepted],
    ['int', '5s', 'manual'],
    ['int', '1e3', 'manual'],
    ['Optional[int]', '', 'manual'],
    ['int | None', 'None', 'manual'],
    ['float', '1e3', accepted],
    ['float', '.5', accepted],
    ['float', '-inf', accepted],
    ['float', '0,5', 'manual'],
    ['Literal["dev", "prod"]', 'prod', accepted],
    ['Literal["dev", "prod"]', 'PROD', '"prod"'],
    ['Literal["dev", "Dev"]', 'DEV', 'manual'],
    ['Literal[1, 2]', '3', accepted],
    ['Level', 'low', accepted],
    ['Level', 'Low', '"low"'],
    ['Level', 'LOUD', 'manual'],
    ['List[str]', '["a"]', accepted],
    ['List[str]', 'a', `'["a"]'`],
    ['list[int]', '1, 2', '"[1,2]"'],
    ['list[int]', '1,x', 'manual'],
    ['Set[str]', "['a', 'b']", `'["a","b"]'`],
    ['Optional[List[str]]', 'a,b', `'["a","b"]'`],
    ['List[str]', 'a b', 'manual'],
    ['List[str]', '[a]', 'manual'],
    ['List[str]', '{"a": 1}', 'manual'],
    ['List[str]', 'null', accepted],
    ['Dict[str, int]', 'a=1', 'manual'],
    ['Dict[str, int]', '{"a": 1}', accepted],
    ['Union[List[str], str]', 'a,b', accepted],
    ['list[str] | str', 'a,b', accepted],
    ['str', 'a,b', accepted],
    ['Unknown', 'a,b', accepted],
    ['int = Field(1, ge=1)', '0', 'manual'],
    ['int = Field(1, ge=1)', '1', accepted],
  ])('%s and %j: %s', (type, value, expected) => {
    const [finding, ...others] = found(stackOf(classWith(`X: ${type}`), COMPOSE(value)));
    expect(others).toEqual([]);
    const [change] = finding?.fix?.changes ?? [];
    const text = change && isEdit(change) ? change.text : finding?.fix?.safety;
    expect(text ?? accepted).toBe(expected);
  });
});

test('pydantic 1 takes no point in whole numbers, and ignores what it does not declare', () => {
  const [finding, ...others] = found(
    stackOf(classWith('X: int\n    class Config:\n        env_file = ".env"', V1), COMPOSE('5.0'), { '.env': 'Y=1\n' }),
  );
  expect(finding?.message).toContain('value is not a valid integer');
  expect(others).toEqual([]);
});

describe('keys of an env file that the class does not declare', () => {
  const config = (options: string): string =>
    `${V2}\nclass Settings(BaseSettings):\n    model_config = SettingsConfigDict(${options})\n    debug: bool = False\n\nsettings = Settings()\n`;
  const compose = 'services:\n  web:\n    build: .\n';
  test.each<[string, string, string | undefined]>([
    ['env_file=".env"', 'OTHER=1\n', 'review'],
    ['env_file=".env"', 'OTHER=\n', undefined],
    ['env_file=".env"', 'debug=true\n', undefined],
    ['env_file=".env"', 'DEBUGG=1\n', 'manual'],
    ['env_file=".env", extra="allow"', 'OTHER=1\n', undefined],
    ['env_file=".env", extra="forbid"', 'OTHER=1\n', 'manual'],
    ['env_file=".env", env_prefix="APP_"', 'OTHER=1\n', undefined],
    ['env_file=".env", env_prefix="APP_"', 'APP_OTHER=1\n', 'review'],
    ['env_file="settings/.env"', 'OTHER=1\n', undefined],
    ['env_file=PATH', 'OTHER=1\n', undefined],
    ['**OPTIONS', 'OTHER=1\n', undefined],
  ])('%s and %j: %s', (options, env, safety) => {
    const [finding] = found(stackOf(config(options), compose, { '.env': env }));
    expect(finding?.fix?.safety).toBe(safety);
  });
});
