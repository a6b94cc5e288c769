import { expect, test } from 'vitest';
import type { Span } from '../../src/finding.ts';
import { deleteShown, entryOf, readCompose, valueAt } from '../../src/parse/compose.ts';

const deleted = (text: string, at: (file: ReturnType<typeof readCompose>) => Span | undefined): string | undefined => {
  const file = readCompose('compose.yaml', text);
  const span = at(file);
  const edits = span && deleteShown(file, span);
  return edits?.reduceRight((out, edit) => out.slice(0, edit.start) + edit.text + out.slice(edit.end), text);
};
const edge =
  (...path: readonly string[]) =>
  (file: ReturnType<typeof readCompose>): Span | undefined => {
    const [name = '', ...above] = [...path].reverse();
    return entryOf(valueAt(file.root, ...above.reverse()), name)?.at;
  };

test('deletes an entry of an anchored mapping for all who merge it', () => {
  const text =
    'x-app: &app\n  depends_on:\n    db:\n      condition: service_healthy\n    job:\n      condition: service_started\nservices:\n  web:\n    <<: *app\n  worker:\n    <<: *app\n';
  expect(deleted(text, edge('services', 'web', 'depends_on', 'job'))).toBe(
    'x-app: &app\n  depends_on:\n    db:\n      condition: service_healthy\nservices:\n  web:\n    <<: *app\n  worker:\n    <<: *app\n',
  );
});

test('deletes an item of an anchored list, and parents that are left empty', () => {
  const item = (file: ReturnType<typeof readCompose>): Span | undefined => {
    const seq = valueAt(file.root, 'services', 'web', 'depends_on');
    return seq?.kind === 'seq' ? seq.items[1]?.at : undefined;
  };
  expect(deleted('services:\n  web:\n    depends_on: &d [db, job]\n  api:\n    depends_on: *d\n  db: {}\n', item)).toBe(
    'services:\n  web:\n    depends_on: &d [db]\n  api:\n    depends_on: *d\n  db: {}\n',
  );
  expect(
    deleted(
      'services:\n  web:\n    image: a\n    depends_on:\n      job:\n        condition: x\n  db: {}\n',
      edge('services', 'web', 'depends_on', 'job'),
    ),
  ).toBe('services:\n  web:\n    image: a\n  db: {}\n');
});

test('refuses where an alias would dangle, or where a hidden key would show', () => {
  expect(
    deleted(
      'services:\n  web:\n    image: a\n    depends_on: &d\n      job: {}\n  api:\n    depends_on: *d\n',
      edge('services', 'web', 'depends_on', 'job'),
    ),
  ).toBeUndefined();
  expect(
    deleted(
      'x-a: &a\n  depends_on: {db: {}}\nservices:\n  web:\n    <<: *a\n    depends_on:\n      job: {}\n',
      edge('services', 'web', 'depends_on', 'job'),
    ),
  ).toBeUndefined();
});
