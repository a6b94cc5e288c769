import { settingsUses } from '../../src/model/env/settings-use.ts';
import { defineTransform } from '../../src/transform.ts';
import { extraFinding } from './extra-keys.ts';
import { type RejectedValue, rejectedValues, valueFinding } from './values.ts';

/** pydantic checks the environment as soon as a settings class is made, and the process stops there. */
export default defineTransform({
  id: 'match-settings',
  group: 'repair',
  summary: 'Give pydantic-settings values that its fields take',
  *find(stack) {
    const values = new Map<string, RejectedValue[]>();
    const seen = new Set<string>();
    for (const service of stack.services) {
      const view = stack.view(service);
      for (const use of settingsUses(stack, view)) {
        for (const rejected of rejectedValues(stack, view, use)) {
          const at = rejected.value.evidence.at(-1)?.at ?? rejected.field.at;
          const key = `${at.path}:${at.start}:${rejected.rejection.meant}`;
          values.set(key, [...(values.get(key) ?? []), rejected]);
        }
        const extra = extraFinding(stack, view, use);
        const place = `${extra?.at.path}:${extra?.at.start}`;
        if (!extra || seen.has(place)) continue;
        seen.add(place);
        yield extra;
      }
    }
    for (const all of values.values()) {
      const finding = valueFinding(stack, all);
      if (finding) yield finding;
    }
  },
});
