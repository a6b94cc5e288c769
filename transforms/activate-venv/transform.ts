import type { Finding } from '../../src/finding.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { judge } from './judge.ts';

/** Makes the process that a service really runs find its virtual environment. */
export default defineTransform({
  id: 'activate-venv',
  group: 'repair',
  summary: 'Put the virtual environment on PATH where the program that a service runs is in it but is not found',
  *find(stack) {
    // Services of one Dockerfile are broken in one way, and repaired by one change.
    const seen = new Map<string, Finding>();
    for (const view of views(stack)) {
      const finding = judge(stack, view);
      if (!finding) continue;
      const key = JSON.stringify([
        finding.fix?.title,
        finding.fix?.changes,
        finding.advice,
        view.image?.dockerfile.path,
      ]);
      if (!seen.has(key)) seen.set(key, finding);
    }
    yield* seen.values();
  },
});

const views = (stack: Stack): readonly ServiceView[] => stack.services.map((service) => stack.view(service));
