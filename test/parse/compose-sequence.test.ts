import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deleteItems, insertEntries, readCompose, replaceValue } from '../../src/parse/compose.ts';
import { type ComposeStep, inSequence, throughAnchors } from '../../src/parse/compose-sequence.ts';

const spliced = (text: string, edit: { start: number; end: number; text: string }): string =>
  text.slice(0, edit.start) + edit.text + text.slice(edit.end);

test('one splice equals the steps, one after the other, and begins and ends where lines differ', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 6 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), name: fc.stringMatching(/^[a-z]{5}$/) }),
    fc.record({ kind: fc.constant('set' as const), index: fc.nat(5) }),
  );
  fc.assert(
    fc.property(names, fc.array(step, { maxLength: 5 }), fc.constantFrom('\n', '\r\n'), (keys, plan, eol) => {
      const text = ['services:', ...keys.flatMap((key) => [`  ${key}: # ${key}`, '    image: x']), ''].join(eol);
      const steps = plan.map(
        (each): ComposeStep =>
          (file) =>
            (each.kind === 'add'
              ? insertEntries(file, ['services'], [`${each.name}:`, '  image: y'])
              : replaceValue(file, ['services', keys[each.index % keys.length] ?? '', 'image'], 'z')) ?? [],
      );
      const expected = steps.reduce((now, next) => {
        const edits = [...(next(readCompose('c.yaml', now)) ?? [])].sort((a, b) => b.start - a.start);
        return edits.reduce(spliced, now);
      }, text);
      const edit = inSequence(readCompose('c.yaml', text), steps);
      expect(edit && spliced(text, edit)).toBe(expected);
      if (!edit) return;
      const old = text.slice(edit.start, edit.end).split(/(?<=\n)/);
      const next = edit.text.split(/(?<=\n)/);
      expect(edit.start === 0 || text[edit.start - 1] === '\n').toBe(true);
      if (edit.text !== '' && edit.end > edit.start) {
        expect(old[0]).not.toBe(next[0]);
        expect(old.at(-1)).not.toBe(next.at(-1));
      }
    }),
  );
});

test('a step that cannot be done ends the sequence', () => {
  const file = readCompose('c.yaml', 'services:\n  a:\n    image: x\n');
  expect(inSequence(file, [(now) => deleteItems(now, ['services', 'b'], [0])])).toBeUndefined();
});

test('no step changes nothing', () => {
  const edit = inSequence(readCompose('c.yaml', 'services: {}\n'), []);
  expect(edit).toMatchObject({ text: '' });
  expect(edit?.start).toBe(edit?.end);
});

describe('through anchors', () => {
  const text = 'x: &x\n  deps: &d [a, b] # *no\nservices:\n  a:\n    <<: *x\n  b:\n    deps: *d\n    <<: [*x]\n';
  const file = readCompose('c.yaml', text);

  test('what is shared is edited where it stands', () => {
    const step: ComposeStep = (now) => deleteItems(now, ['x', 'deps'], [0]);
    expect(inSequence(file, [step])).toBeUndefined();
    const edit = inSequence(file, [throughAnchors(step)]);
    expect(edit && spliced(text, edit)).toBe(text.replace('[a, b]', '[b]'));
  });

  test('a merged key can be hidden by an own one', () => {
    const step: ComposeStep = (now) => insertEntries(now, ['services', 'a'], ['deps: [c]']);
    expect(inSequence(file, [step])).toBeUndefined();
    const edit = inSequence(file, [throughAnchors(step)]);
    expect(edit && spliced(text, edit)).toBe(text.replace('    <<: *x\n', '    <<: *x\n    deps: [c]\n'));
  });
});
