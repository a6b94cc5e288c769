import type { Evidence, Finding } from '../../src/finding.ts';
import { isAlone } from '../../src/model/health/judge.ts';
import { type Listener, listenersOf } from '../../src/model/network/listening.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { storeOf } from '../../src/model/store.ts';
import { defineTransform } from '../../src/transform.ts';
import { rebound } from './repair.ts';
import { wantedBy } from './wanted-by.ts';

/** The loopback of a container is its own: neither the host's published port nor another container reaches it. */
export default defineTransform({
  id: 'bind-all-interfaces',
  group: 'repair',
  summary: 'Let servers listen on every interface of their container where others reach for them',
  *find(stack) {
    const seen = new Set<string>();
    for (const service of stack.services) {
      const view = storeOf(service) ? undefined : stack.view(service);
      if (!view || !isAlone(stack, view)) continue;
      const listeners = listenersOf(stack, view) ?? [];
      const reached = listeners.some(({ reach, port }) => reach !== 'loopback' || port === undefined);
      for (const listener of reached ? [] : listeners) {
        const finding = findingOf(stack, view, listener);
        const key = JSON.stringify(finding?.fix?.changes);
        // Services of one image share the line that is changed.
        if (!finding || (finding.fix?.changes.length !== 0 && seen.has(key))) continue;
        seen.add(key);
        yield finding;
      }
    }
  },
});

function findingOf(stack: Stack, view: ServiceView, listener: Listener): Finding | undefined {
  const { service, startup } = view;
  const { port } = listener;
  const wanted = port === undefined ? undefined : wantedBy(stack, service, port);
  if (!wanted || !startup.main) return undefined;
  const says = `${service.name} listens on the loopback of its container, port ${port}, and ${wanted.says}`;
  const message = `${says}, so nobody gets through (${wanted.error}).`;
  const evidence: Evidence[] = [...listener.evidence, ...wanted.evidence];
  const title = `Let ${service.name} listen on every interface of its container`;
  const changes = rebound(stack, view, listener);
  return changes
    ? { message, at: startup.main.at, evidence, fix: { title, safety: 'review', changes } }
    : {
        message,
        at: startup.main.at,
        evidence,
        fix: { title, safety: 'manual', changes: [] },
        advice: `Let ${startup.main.program.name} listen on 0.0.0.0 instead; which part of the address reaches the machine is decided by ports: "127.0.0.1:${port}:${port}" stays private.`,
      };
}
