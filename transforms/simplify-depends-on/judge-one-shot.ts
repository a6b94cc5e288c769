import { closesCycle } from '../../src/model/compose/dependency-graph.ts';
import type { Dependency } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { textOf, valueAt } from '../../src/parse/compose.ts';
import { judgeProcess } from './judge-process.ts';
import { doesItsWork, keep, type Verdict } from './verdict.ts';

/** An edge to a service that does its work and ends: what it does counts only once it has ended well. */
export function judgeOneShot(stack: Stack, view: ServiceView, edge: Dependency, other: ServiceView): Verdict {
  if (closesCycle(stack, view.service, other.service)) return judgeProcess(stack, view, edge, other);
  if (edge.condition === 'service_completed_successfully') return keep(edge);
  // Nobody minds whether a service that does nothing has ended; only that it is healthy never comes true.
  if (!doesItsWork(other) && edge.condition !== 'service_healthy') return keep(edge);
  const main = other.startup.main;
  const verdict: Verdict = {
    ...keep(edge),
    wish: { condition: 'service_completed_successfully' },
    broken: true,
    why: `${edge.name} does its work and ends, and nobody waits for its success`,
    evidence: [
      { at: edge.at, says: `${view.service.name} waits for ${edge.condition}` },
      ...(main ? [{ at: main.at, says: `${edge.name} runs ${main.argv.join(' ')} and ends` }] : []),
    ],
  };
  if (!isStartedAgain(other)) return verdict;
  return {
    ...verdict,
    wish: 'keep',
    why: `${edge.name} does its work and ends, but is started again each time, so that nobody can wait for its success`,
    advice: `Set restart: "no" (or on-failure) on ${edge.name} and let ${view.service.name} wait for it with condition: service_completed_successfully.`,
  };
}

function isStartedAgain({ service }: ServiceView): boolean {
  const restart = textOf(service.parts.get('restart')?.at(-1)?.node) ?? 'no';
  const deploy = service.parts.get('deploy')?.at(-1)?.node;
  const policy = valueAt(deploy, 'restart_policy');
  const condition = policy ? (textOf(valueAt(policy, 'condition')) ?? 'any') : 'none';
  return /^(?:always|unless-stopped)$/.test(restart) || condition === 'any';
}
