import type { Edit, Evidence } from '../../src/finding.ts';
import { checkOfService, type HealthCheck } from '../../src/model/health/check.ts';
import { type Judgement, judgeCheck, onlyPort } from '../../src/model/health/judge.ts';
import { nearestRoute, plainRoutes } from '../../src/model/health/nearest-route.ts';
import { askerOf, checkArgv, cutCheck, replaceCheck } from '../../src/model/health/write.ts';
import { rehearse, sameService } from '../../src/model/rehearsal.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';

/** How a check is mended, or what a person has to do. */
export type Mended =
  | { readonly title: string; readonly changes: readonly Edit[]; readonly evidence: readonly Evidence[] }
  | { readonly title: string; readonly advice: string };

/** A check that succeeds: the address put right in place, the whole command only where its program cannot stay. */
export function mended(stack: Stack, view: ServiceView, check: HealthCheck, judgement: Judgement): Mended {
  const { service } = view;
  const { faults, routes, listeners } = judgement;
  const has = (kind: string): boolean => faults.some((fault) => fault.kind === kind);
  const title = `Mend the healthcheck of ${service.name}`;
  const manual = (advice: string): Mended => ({ title, advice });
  if (has('allowed-host'))
    return manual(
      `Add localhost to ALLOWED_HOSTS, or let the check send the Host header of an allowed name; the settings decide, so this is for you.`,
    );
  const { address } = check;
  const isWhole = has('program') || has('code');
  if (!address) return manual(`Ask an address of ${service.name} with a program that its image has.`);
  const port = onlyPort(listeners);
  if (has('port') && port === undefined)
    return manual(`Ask a port on which ${service.name} listens inside of its container.`);
  const asked = address.path.value === undefined || address.path.value === '' ? '/' : address.path.value;
  const route = has('path') && routes ? nearestRoute(routes, asked) : undefined;
  if (has('path') && !route) {
    const known = routes ? [...new Set(plainRoutes(routes).map(({ path }) => path))].slice(0, 6) : [];
    return manual(
      known.length > 0
        ? `Ask for one of the routes that answer a plain GET: ${known.join(', ')}.`
        : 'Add a route such as /health that answers a plain GET, and ask for it.',
    );
  }
  if (route && routes?.hosts && routes.hosts(address.host.value ?? '') !== 'yes')
    return manual(`Ask for ${route.path}, and see that ALLOWED_HOSTS allows ${address.host.value ?? 'the host'}.`);
  const newPort = has('port') ? String(port) : address.port.raw;
  const newPath = route ? route.path : address.path.raw;
  const changes = isWhole
    ? wholly(view, check, newPort, newPath)
    : inPlace(check, has('host') ? '127.0.0.1' : undefined, has('port') ? newPort : undefined, route?.path);
  const cut =
    isWhole || check.strayAt === undefined || !has('words') ? [] : cutCheck(check.place, check.argv, check.strayAt);
  if (!changes || !cut) return manual(adviceFor(check, newPath));
  const titles = [
    route ? `ask for ${route.path}` : '',
    has('port') ? `ask port ${newPort}` : '',
    has('host') ? 'ask its own container' : '',
    cut.length > 0 ? 'ask without a shell operator' : '',
    isWhole ? `with ${askerOf(view) ?? 'another program'}` : '',
  ].filter(Boolean);
  const all = [...changes, ...cut];
  if (!succeeds(stack, view, all)) return manual(adviceFor(check, newPath));
  const asks = titles.join(', ').replace(/^with/, 'ask with');
  return { title: `Let the healthcheck of ${service.name} ${asks}`, changes: all, evidence: route?.evidence ?? [] };
}

const adviceFor = ({ program }: HealthCheck, path: string): string =>
  `Ask for ${path === '' ? '/' : path} with a program that the image has, instead of ${program}; the check is written in a way that is not changed automatically.`;

/** Another command, by the image's own interpreter. A check without --fail keeps its mildness: a connection is enough. */
function wholly(view: ServiceView, check: HealthCheck, port: string, path: string): readonly Edit[] | undefined {
  const asker = askerOf(view);
  if (!asker || check.address?.scheme !== 'http' || isElaborate(check)) return undefined;
  const usual = port === '' ? '80' : port;
  const host = /^(?:localhost|127\.0\.0\.1)$/.test(check.address.host.raw) ? check.address.host.raw : '127.0.0.1';
  const argv = checkArgv(asker, {
    host,
    port: usual,
    path: check.failsOnStatus || check.code !== undefined ? path : undefined,
  });
  return argv && replaceCheck(check.place, argv);
}

/** Headers, methods and bodies that a plain request would lose. */
const isElaborate = ({ argv, program }: HealthCheck): boolean =>
  argv
    .slice(1)
    .some((word) =>
      program === 'curl'
        ? /^(?:-[a-zA-Z]*[HXdukEx]|--header|--request|--data|--user|--insecure|--unix-socket|--resolve|--cert)/.test(
            word,
          ) && !/^-[fsSoLm]+$/.test(word)
        : /^--(?:header|post|method|user|password|no-check)/.test(word),
    );

function inPlace(
  { address }: HealthCheck,
  host: string | undefined,
  port: string | undefined,
  path: string | undefined,
): readonly Edit[] | undefined {
  if (!address) return undefined;
  const edits: Edit[] = [];
  if (host !== undefined) edits.push({ ...address.host.at, text: host });
  if (port !== undefined) {
    if (address.port.raw.includes('$')) return undefined;
    edits.push({ ...address.port.at, text: address.port.raw === '' ? `:${port}` : port });
  }
  if (path !== undefined) {
    if (/['"\\\s$]/.test(path) || address.path.raw.includes('$')) return undefined;
    edits.push({ ...address.path.at, text: path });
  }
  return joinedUp(edits);
}

/** Insertions at one place become one. */
function joinedUp(edits: readonly Edit[]): readonly Edit[] {
  const found: Edit[] = [];
  for (const edit of edits) {
    const last = found.at(-1);
    if (last && last.end === edit.start && last.start === last.end)
      found[found.length - 1] = { ...last, end: edit.end, text: last.text + edit.text };
    else found.push(edit);
  }
  return found;
}

/** With the edits made, nothing is wrong with the check any more. */
function succeeds(stack: Stack, view: ServiceView, changes: readonly Edit[]): boolean {
  const next = rehearse(stack, changes);
  const after = sameService(next, view);
  const found = after && checkOfService(next, after);
  return after !== undefined && found?.is === 'read' && judgeCheck(next, after, found.check).faults.length === 0;
}
