import type { Finding } from '../../src/finding.ts';
import type { Stack } from '../../src/model/stack.ts';
import { isWeb } from './missing-steps.ts';
import { waitingFindings } from './waiting.ts';

/** Start scripts of web services that wait in a way that cannot end well. Their form is the matter of `fix-shell-scripts`. */
export function* brokenScripts(stack: Stack): Iterable<Finding> {
  const seen = new Set<string>();
  for (const service of stack.services) {
    const view = stack.view(service);
    if (view.store || !isWeb(view)) continue;
    for (const script of view.startup.scripts) {
      const parsed = stack.sources.shell(script.path);
      if (!parsed || seen.has(script.path)) continue;
      seen.add(script.path);
      // New lines follow the file's own line endings, and CRLF cannot run.
      if (parsed.problems.length > 0 || parsed.crlf) continue;
      const says = `${view.service.name} starts ${script.containerPath}, which is ${script.path}`;
      yield* waitingFindings(stack, view, script, parsed, { at: script.at, says });
    }
  }
}
