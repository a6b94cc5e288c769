import type { Finding } from '../../src/finding.ts';
import { type StartedScript, startedScripts } from '../../src/model/script/started.ts';
import type { Stack } from '../../src/model/stack.ts';
import { defineTransform } from '../../src/transform.ts';
import { execFinding } from './exec.ts';
import { interpreterFinding } from './interpreter.ts';
import { crlfFinding } from './line-endings.ts';
import { modeFinding } from './mode.ts';
import { headFinding } from './shebang.ts';

/** Gives scripts that containers and builds start the form that Linux needs: line endings, `#!`, the right shell, the exec bit, `exec`. */
export default defineTransform({
  id: 'fix-shell-scripts',
  group: 'repair',
  summary:
    'Give scripts that containers start LF line endings, a first line, the shell, the exec bit and the exec they need',
  *find(stack) {
    const uses = new Map<string, StartedScript[]>();
    for (const use of startedScripts(stack)) uses.set(use.path, [...(uses.get(use.path) ?? []), use]);
    for (const [path, all] of uses) yield* findingsFor(stack, path, all);
  },
});

function* findingsFor(stack: Stack, path: string, uses: readonly StartedScript[]): Iterable<Finding> {
  const script = stack.sources.shell(path);
  if (!script) return;
  // Whatever else is edited follows the file's own line endings: it waits until those are right.
  const crlf = crlfFinding(stack, script, uses);
  if (crlf) return yield crlf;
  const mode = modeFinding(stack.repo, uses);
  if (mode) yield mode;
  const head = headFinding(script, uses);
  if (head) return yield head;
  if (script.problems.length > 0) return;
  yield* interpreterFinding(stack, script, uses);
  const exec = execFinding(stack, script, uses);
  if (exec) yield exec;
}
