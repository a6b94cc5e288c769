import type { Finding } from '../../src/finding.ts';
import { executableIn } from '../../src/model/script/mode.ts';
import type { StartedScript } from '../../src/model/script/started.ts';
import type { Stack } from '../../src/model/stack.ts';
import { startedAt } from './started.ts';

/** A script that is executed, and not executable where that happens. */
export function modeFinding(repo: Stack['repo'], uses: readonly StartedScript[]): Finding | undefined {
  for (const use of uses) {
    if (use.by !== 'kernel' && use.by !== 'shell') continue;
    const answer = executableIn(repo, use);
    if (answer.is !== 'no') continue;
    return {
      message: `${use.path} is not executable where ${use.owner} runs it, so that ends with "permission denied".`,
      at: use.at,
      evidence: [startedAt(use), ...answer.evidence],
      fix: { title: `Make ${use.path} executable`, safety: 'safe', changes: [{ path: use.path, mode: 0o755 }] },
    };
  }
  return undefined;
}
