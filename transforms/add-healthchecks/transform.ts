import type { Evidence, Finding } from '../../src/finding.ts';
import { checkOfService } from '../../src/model/health/check.ts';
import { isAlone, judgeCheck, onlyPort } from '../../src/model/health/judge.ts';
import { plainTarget } from '../../src/model/health/nearest-route.ts';
import { askerOf, checkArgv, healthcheckSection, slowStart } from '../../src/model/health/write.ts';
import { mayEncrypt } from '../../src/model/network/encrypted.ts';
import { listenersOf } from '../../src/model/network/listening.ts';
import { rehearse, sameService } from '../../src/model/rehearsal.ts';
import { routesOf } from '../../src/model/routes.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { storeOf } from '../../src/model/store.ts';
import { insertEntries } from '../../src/parse/compose.ts';
import { defineTransform } from '../../src/transform.ts';

/** Without a check Docker knows that a process runs, not that it answers. */
export default defineTransform({
  id: 'add-healthchecks',
  group: 'hygiene',
  summary: 'Give web services a healthcheck that asks a route of their application',
  *find(stack) {
    for (const service of stack.services) {
      const finding = storeOf(service) ? undefined : findingOf(stack, stack.view(service));
      if (finding) yield finding;
    }
  },
});

function findingOf(stack: Stack, view: ServiceView): Finding | undefined {
  const { service, startup } = view;
  const definition = service.definitions.find(({ overlay }) => !overlay);
  if (!startup.main || !definition || !isAlone(stack, view)) return undefined;
  if (service.healthcheck || checkOfService(stack, view).is !== 'none') return undefined;
  const listeners = listenersOf(stack, view);
  const port = onlyPort(listeners);
  const asker = askerOf(view);
  if (!listeners || port === undefined || asker === undefined) return undefined;
  const table = routesOf(stack, view);
  const route = table && !mayEncrypt(stack, view) ? plainTarget(table) : undefined;
  const argv = checkArgv(asker, { host: '127.0.0.1', port: String(port), path: route?.path });
  const slow = slowStart(view);
  const changes =
    argv && insertEntries(definition.file, definition.path, healthcheckSection(argv, slow ? '60s' : '20s'));
  if (!changes) return undefined;
  const next = rehearse(stack, changes);
  const after = sameService(next, view);
  const found = after && checkOfService(next, after);
  if (!after || found?.is !== 'read' || judgeCheck(next, after, found.check).faults.length > 0) return undefined;
  const evidence: Evidence[] = [
    { at: startup.main.at, says: `${service.name} runs ${startup.main.program.name}` },
    ...listeners.flatMap((listener) => listener.evidence),
    ...(route?.evidence.slice(-1) ?? []),
  ];
  const asks = route ? `for ${route.path}` : `for a connection to port ${port}`;
  return {
    message: `${service.name} has no healthcheck: Docker shows it as running also when it does not answer, and no service can wait until it does.`,
    at: service.at,
    evidence,
    fix: { title: `Let Docker ask ${service.name} ${asks}`, safety: 'review', changes },
  };
}
