import { describe, expect, test } from 'vitest';
import { UserError } from '../src/errors.ts';
import { type Selection, selectTransforms, transformNamed } from '../src/selection.ts';
import { defineTransform, type Transform } from '../src/transform.ts';

const named = (id: string, group: Transform['group']): Transform =>
  defineTransform({ id, group, summary: id, find: () => [] });
const all = [named('split-copy', 'repair'), named('add-entrypoint', 'repair'), named('pin-image', 'hygiene')];
const none: Selection = { only: [], skip: [], groups: [] };
const idsOf = (selection: Partial<Selection>): readonly string[] =>
  selectTransforms(all, { ...none, ...selection }).map(({ id }) => id);

describe('selectTransforms', () => {
  test('takes the repairs, in the order of the pipeline', () => {
    expect(idsOf({})).toEqual(['split-copy', 'add-entrypoint']);
    expect(idsOf({ only: ['add-entrypoint', 'split-copy'] })).toEqual(['split-copy', 'add-entrypoint']);
    expect(idsOf({ skip: ['split-copy'] })).toEqual(['add-entrypoint']);
  });

  test('takes hygiene only when its group or its name is given', () => {
    expect(idsOf({ groups: ['hygiene'] })).toEqual(['split-copy', 'add-entrypoint', 'pin-image']);
    expect(idsOf({ only: ['pin-image'] })).toEqual(['pin-image']);
  });

  test('refuses what contradicts itself or leaves nothing', () => {
    expect(() => idsOf({ only: ['split-copy'], skip: ['split-copy'] })).toThrow(UserError);
    expect(() => idsOf({ skip: ['split-copy', 'add-entrypoint'] })).toThrow('No transform is left to run');
  });
});

describe('transformNamed', () => {
  test.each([
    ['split-kopy', 'Did you mean split-copy?'],
    ['splitcopy', 'Did you mean split-copy?'],
    ['something-else-altogether', 'See them with: dockfix list'],
  ])('%s: %s', (id, hint) => {
    expect(() => transformNamed(all, id)).toThrow(
      expect.objectContaining({ message: `There is no transform "${id}"`, hint }),
    );
  });
});
