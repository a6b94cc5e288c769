import { describe, expect, test } from 'vitest';
import type { Finding } from '../../src/finding.ts';
import { readStack } from '../../src/model/stack.ts';
import { Repo } from '../../src/repo/repo.ts';
import fixComposeShape from '../../transforms/fix-compose-shape/transform.ts';

const found = (text: string): readonly Finding[] => [
  ...fixComposeShape.find(readStack(Repo.of({ 'compose.yaml': text }), undefined)),
];
const web = (rest: string): string => `services:\n  db:\n    image: postgres\n  web:\n    image: nginx\n${rest}`;

test('tells what is wrong in the words of Compose, and proves it', () => {
  const [finding] = found(web('    depends_on:\n      db: {}\n'));
  expect(finding?.message).toBe(
    'Compose rejects compose.yaml ("services.web.depends_on.db condition is required"), so no service of it starts',
  );
  expect(finding?.evidence.map(({ says }) => says)).toEqual(['db has no condition']);
  expect(finding?.fix).toMatchObject({ title: 'Wait for db to be started', safety: 'safe' });
});

describe('manual', () => {
  test.each([
    ['an anchor that nothing defines', '    <<: &common\n', 'map merge requires map'],
    [
      'a name twice',
      '    depends_on:\n      - db\n      - db:\n          condition: service_healthy\n',
      'must be a string',
    ],
    ['comments in the list', '    depends_on:\n      - x\n      # y\n      - db: {}\n', 'must be a string'],
    ['a variable without value', '    environment:\n      - A:\n', 'unexpected type map'],
    ['two variables in one item', '    environment:\n      - A: 1\n        B: 2\n', 'unexpected type map'],
  ])('%s', (_, rest, words) => {
    const [finding] = found(web(rest));
    expect(finding?.fix).toMatchObject({ safety: 'manual', changes: [] });
    expect(finding?.advice).toContain(words);
  });
});

describe('hard input', () => {
  test('never tells a value', () => {
    const findings = found(web('    environment:\n      - PASSWORD: hunter2\n'));
    expect(
      findings.map(({ message, advice, evidence, fix }) => [message, advice, evidence, fix?.title]).join(),
    ).not.toContain('hunter2');
    expect(findings[0]?.fix?.changes).toMatchObject([{ text: 'PASSWORD=hunter2' }]);
  });

  test.each([
    ['an empty file', ''],
    ['null services', 'services:\n  web:\n'],
    ['lists everywhere', 'services: []\nvolumes: []\n'],
    ['a BOM, accents and emoji', `\ufeff# été 🐍\r\n${web('    environment:\r\n      - A=é\r\n')}`],
    ['a template', '{{ x }}\nservices:\n\tweb: {% if a %}\n'],
    ['an alias', 'x: &e\n  - A=1\nservices:\n  web:\n    image: x\n    environment: *e\n'],
  ])('no change for %s', (_, text) => {
    expect(found(text).flatMap(({ fix }) => fix?.changes ?? [])).toEqual([]);
  });
});
