import { beforeAll, describe, expect, test } from 'vitest';
import { pythonWasm } from '../../src/assets.ts';
import type { Finding } from '../../src/finding.ts';
import { readStack } from '../../src/model/stack.ts';
import { loadPython } from '../../src/parse/python.ts';
import { Repo } from '../../src/repo/repo.ts';
import repairConditional from '../../transforms/repair-conditional/transform.ts';

beforeAll(async () => {
  await loadPython(pythonWasm());
});

const found = (text: string): readonly Finding[] => [
  ...repairConditional.find(
    readStack(
      Repo.of({
        'config.py': text,
        Dockerfile: 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n',
        'compose.yaml': 'services:\n  web:\n    build: .\n',
      }),
      undefined,
    ),
  ),
];

test('tells what is wrong, and proves it', () => {
  const [finding] = found('D = 1\nHOST: str = if D: "localhost" else "db"\n');
  expect(finding?.message).toBe(
    '`HOST: str = if …` is not Python, so the import of config.py stops with "SyntaxError: invalid syntax" before any setting is read',
  );
  expect(finding?.evidence.map(({ at, says }) => `${at.path} ${says}`)).toEqual([
    'config.py an assignment takes no `if` statement',
    'compose.yaml web imports it as config',
  ]);
  expect(finding?.fix).toMatchObject({ safety: 'safe', changes: [{ text: '"localhost" if D else "db"' }] });
});

describe('manual', () => {
  test('a class body has no self: the property is told', () => {
    const [finding] = found('class S:\n    D: bool = True\n    HOST: str = if self.D: "localhost" else "db"\n');
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain('@property\ndef HOST(self) -> str:\n    return "localhost" if self.D else "db"');
  });

  test('other errors', () => {
    const [finding] = found('x = if D: 1 else 2\ndef broken(:\n');
    expect(finding?.fix?.safety).toBe('manual');
    expect(finding?.advice).toContain('other syntax errors');
  });

  test('never tells a secret', () => {
    const findings = found('class S:\n    PASSWORD: str = if self.D: "hunter2" else "hunter3"\n');
    expect(findings).toHaveLength(1);
    expect(JSON.stringify(findings)).not.toContain('hunter');
  });
});

describe('hard input', () => {
  test('BOM, tabs, CRLF, accents and emoji', () => {
    const text = '\ufeffclass S:\r\n\tD = True\r\n\tx: "été" = if D: "🐍: # é" else \'b\' # fin: else\r\n';
    const [change] = found(text)[0]?.fix?.changes ?? [];
    expect(change).toMatchObject({ text: '"🐍: # é" if D else \'b\'' });
    expect(change && 'start' in change && text.slice(change.start, change.end)).toBe('if D: "🐍: # é" else \'b\'');
  });

  test.each([
    ['an expression that is right', 'x = 1 if True else 2\n'],
    ['a docstring', '"""\nx: str = if a: b else c\n"""\n'],
    ['an open string', 'x = if a: "b else c\n'],
    ['an open bracket', 'x = if a: (b\n) else c\n'],
    ['no else', 'x = if a: b\n'],
    ['nothing between', 'x = if : else \n'],
    ['a lambda', 'x = (lambda: 1) if True else 2\n'],
  ])('nothing for %s', (_, text) => {
    expect(found(text)).toEqual([]);
  });
});
