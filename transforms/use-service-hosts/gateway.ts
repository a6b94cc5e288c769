import type { Evidence, Finding } from '../../src/finding.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { entryOf, insertEntries, insertItems } from '../../src/parse/compose.ts';

const GATEWAY = 'host.docker.internal';

/** https://docs.docker.com/reference/cli/docker/container/run/#add-host: on Linux nothing defines host.docker.internal by itself. */
export function* gatewayFindings(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    const uses = usesOf(stack, service);
    const [first] = uses;
    if (!first || service.networkMode !== undefined || isNamed(service)) continue;
    const edits = editsFor(service);
    yield {
      message: `${service.name} connects to ${GATEWAY}, a name that Docker Desktop defines and Docker on Linux does not: there it fails with "Name or service not known".`,
      at: first.at,
      evidence: [...uses, { at: service.at, says: `${service.name} has no extra_hosts for it` }],
      ...(edits
        ? { fix: { title: `Give ${service.name} the host's address under ${GATEWAY}`, safety: 'safe', changes: edits } }
        : { advice: `Add extra_hosts: ["${GATEWAY}:host-gateway"] to ${service.name}.` }),
    };
  }
}

function usesOf(stack: Stack, service: Service): readonly Evidence[] {
  const inEnvironment = [...service.environment.values()].flatMap(({ name, value, at }) =>
    value?.text.includes(GATEWAY) ? [{ at, says: `${name} names ${GATEWAY}` }] : [],
  );
  const inCommand = stack
    .view(service)
    .startup.commands.flatMap(({ argv, at }) =>
      argv.some((word) => word.includes(GATEWAY)) ? [{ at, says: `the command names ${GATEWAY}` }] : [],
    );
  return [...inEnvironment, ...inCommand];
}

/** Also where an overlay names it. */
const isNamed = (service: Service): boolean =>
  service.definitions.some(({ file, entry }) => {
    const hosts = entryOf(entry.value, 'extra_hosts')?.value;
    return hosts !== undefined && file.text.slice(hosts.at.start, hosts.at.end).includes(GATEWAY);
  }) ||
  (service.parts.get('extra_hosts') ?? []).some(({ file, node }) =>
    file.text.slice(node.at.start, node.at.end).includes(GATEWAY),
  );

function editsFor(service: Service) {
  const parts = service.parts.get('extra_hosts') ?? [];
  const own = parts.find(({ shared }) => !shared);
  if (own)
    return own.node.kind === 'seq'
      ? insertItems(own.file, own.path, [`"${GATEWAY}:host-gateway"`])
      : insertEntries(own.file, own.path, [`${GATEWAY}: host-gateway`]);
  const definition = service.definitions.find(({ overlay }) => !overlay);
  if (parts.length > 0 || !definition) return undefined;
  return insertEntries(definition.file, definition.path, ['extra_hosts:', `  - "${GATEWAY}:host-gateway"`]);
}
