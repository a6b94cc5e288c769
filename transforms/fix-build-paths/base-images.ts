import type { Finding } from '../../src/finding.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { entryOf, valueAt } from '../../src/parse/compose.ts';

/** A build whose FROM names the image that another service of the project builds, with nothing that orders the two. */
export function unorderedBase(stack: Stack, service: Service): readonly Finding[] {
  const { build } = service;
  const dockerfile = build?.dockerfile === undefined ? undefined : stack.sources.dockerfile(build.dockerfile);
  if (!build || !dockerfile || dockerfile.problems.length > 0) return [];
  const node = build.part.node.kind === 'map' ? build.part.node : undefined;
  return dockerfile.stages.flatMap(({ base, from }) => {
    const bare = base.replace(/:latest$/, '');
    const owner = stack
      .neighbours(service)
      .find((other) => other !== service && other.build && other.image?.text.replace(/:latest$/, '') === bare);
    const contexts = valueAt(node, 'additional_contexts');
    const listed = contexts?.kind === 'seq' && contexts.items.length > 0;
    if (!owner || listed || (contexts && entryOf(contexts, base))) return [];
    return [
      {
        message: `${service.name} is built on ${base}, which ${owner.name} builds; Compose builds both at once, so the first build stops with "${base}: failed to resolve source metadata … pull access denied"`,
        at: from.at,
        evidence: [
          { at: from.at, says: `${service.name} starts from ${base}` },
          { at: owner.image?.at ?? owner.at, says: `${owner.name} builds the image ${base}` },
          { at: build.at, says: `nothing tells the build of ${service.name} that it needs ${owner.name}` },
        ],
        advice: `Add \`additional_contexts: { "${base}": "service:${owner.name}" }\` to the build of ${service.name} (Docker Compose 2.30 or later), run \`docker compose build ${owner.name}\` first, or make both stages of one Dockerfile with \`target\`.`,
        fix: { title: `Build ${owner.name} before ${service.name}`, safety: 'manual', changes: [] },
      },
    ];
  });
}
