import type { Evidence } from '../../src/finding.ts';
import { imageFamily } from '../../src/model/image/base-image.ts';
import type { Dependency, Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { healthOf } from '../../src/model/store/health.ts';
import { joinContainer, nameOf, within } from '../../src/repo/path.ts';
import type { Migrator } from './migrator.ts';

/** One reason why something does not work, as a clause, with its proof. */
export interface Fault {
  readonly why: string;
  readonly evidence: readonly Evidence[];
}

/** Base images that put nothing of their own where commands with a path are looked for. */
const PLAIN = /^(?:python|node|debian|ubuntu|alpine|buildpack-deps|pypy)$/;

/** Why a migrator cannot do its work. */
export const faultsOf = (stack: Stack, migrator: Migrator): readonly Fault[] => [
  ...missingDockerfile(stack, migrator.view),
  ...missingCommand(stack, migrator),
  ...migrator.view.service.dependsOn.flatMap((edge) => invalidEdge(stack, migrator.view.service, edge)),
  ...cycle(stack, migrator.view.service),
];

function missingDockerfile(stack: Stack, { service }: ServiceView): readonly Fault[] {
  const path = service.build?.dockerfile;
  if (!service.build || path === undefined || stack.repo.has(path) || stack.repo.linkAt(path)) return [];
  const why = `its Dockerfile ${path} does not exist`;
  return [{ why, evidence: [{ at: service.build.dockerfileAt, says: why.replace('its', 'the') }] }];
}

/** Words with a path (and `python manage.py`) that stand for a file which the image does not hold. */
function missingCommand(stack: Stack, { view, run, shellless }: Migrator): readonly Fault[] {
  const { container, image, service } = view;
  const words = container.argv?.words ?? [];
  if (shellless) {
    const word = words.find(({ text }) => /^(?:&&|\|\||;|\|)$/.test(text));
    const why = `no shell reads its command, so ${word?.text ?? '&&'} is passed on as an argument`;
    return [{ why, evidence: word ? [{ at: word.at, says: why }] : [] }];
  }
  const nowhere = image ? undefined : absentScript(stack, view);
  if (nowhere) return [nowhere];
  const workdir = container.workdir;
  if (workdir === undefined || !image || !PLAIN.test(imageFamily(image.base ?? ''))) return [];
  const script = run.argv.find((word) => /\.py$/.test(word));
  const named = words.filter(
    ({ text }, index) =>
      (/\//.test(text) && /\.(?:sh|bash|py)$/.test(text) && index < 4) ||
      (/\.(?:sh|bash)$/.test(text) && /^(?:sh|bash|ash|dash)$/.test(words[index - 1]?.text ?? '')) ||
      (index === 0 && /^\.{1,2}\//.test(text)) ||
      text === script,
  );
  const gone = named.find(({ text }) => {
    const path = joinContainer(workdir, text);
    const known = !text.startsWith('/') || /^\/[^/]+$/.test(text) || within(workdir, path) !== undefined;
    return known && container.fileAt(path).kind === 'absent';
  });
  if (!gone) return [];
  const why = `its image does not hold ${gone.text}`;
  return [
    { why, evidence: [{ at: gone.at, says: `${service.name} starts ${gone.text}, which no COPY or mount brings` }] },
  ];
}

/** A script that no file of the repository is named like, where the Dockerfile that could bring it is missing. */
function absentScript(stack: Stack, { container, service }: ServiceView): Fault | undefined {
  if (!service.build) return undefined;
  const word = container.argv?.words.find(({ text }) => /^\.{1,2}\/.*\.(?:sh|bash)$/.test(text));
  if (!word || stack.repo.paths.some((path) => nameOf(path) === nameOf(word.text))) return undefined;
  const why = `no file of this repository is ${word.text}`;
  return { why, evidence: [{ at: word.at, says: `${service.name} starts ${word.text}, which no file is named like` }] };
}

function invalidEdge(stack: Stack, service: Service, edge: Dependency): readonly Fault[] {
  if (!edge.required) return [];
  const target = stack.neighbours(service).find((other) => other.name === edge.name);
  const fault = (why: string): readonly Fault[] => [
    { why, evidence: [{ at: edge.at, says: why.replace(/^it /, `${service.name} `) }] },
  ];
  if (!target) return fault(`it waits for ${edge.name}, which is not a service`);
  if (edge.condition === 'service_healthy' && healthOf(stack.view(target)) === 'no')
    return fault(`it waits for the health of ${edge.name}, which has no healthcheck`);
  if (edge.condition === 'service_completed_successfully' && stack.view(target).store)
    return fault(`it waits for the end of ${edge.name}, which never ends`);
  return [];
}

function cycle(stack: Stack, service: Service): readonly Fault[] {
  const all = stack.neighbours(service);
  const seen = new Map<string, Dependency>();
  const queue = [...service.dependsOn];
  for (let edge = queue.shift(); edge !== undefined; edge = queue.shift()) {
    if (seen.has(edge.name)) continue;
    seen.set(edge.name, edge);
    const next = all.find((each) => each.name === edge?.name)?.dependsOn ?? [];
    const back = next.find((each) => each.name === service.name);
    if (back) {
      const why = `it and ${edge.name} wait for each other`;
      const says = `${edge.name} waits for ${service.name} in turn`;
      return [
        {
          why,
          evidence: [
            ...service.dependsOn.slice(0, 1).map(({ at }) => ({ at, says: `${service.name} waits here` })),
            { at: back.at, says },
          ],
        },
      ];
    }
    queue.push(...next);
  }
  return [];
}
