import type { Dependency, Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { judgeOneShot } from './judge-one-shot.ts';
import { judgeProcess } from './judge-process.ts';
import { judgeStore } from './judge-store.ts';
import { definedElsewhere } from './other-files.ts';
import { storeBehind } from './store-behind.ts';
import { doesItsWork, isBuildOnly, keep, type Verdict } from './verdict.ts';

/** Judges one edge of a service, apart from all others. */
export function judge(stack: Stack, view: ServiceView, edge: Dependency): Verdict {
  const { service } = view;
  if (!edge.required) return keep(edge);
  const target = stack.neighbours(service).find((other) => other.name === edge.name);
  if (!target) return definedElsewhere(stack, service, edge.name) ? keep(edge) : undefinedService(service, edge);
  if (target === service)
    return {
      ...keep(edge),
      wish: 'drop',
      broken: true,
      why: `${service.name} waits for itself`,
      evidence: [{ at: edge.at, says: `${service.name} waits for ${service.name}` }],
    };
  if (isHiddenBehindProfile(service, target)) return hidden(edge, target);
  if (edge.restart) return keep(edge);
  const other = stack.view(target);
  if (doesItsWork(other) || isBuildOnly(other)) return judgeOneShot(stack, view, edge, other);
  const store = storeBehind(other);
  return store ? judgeStore(stack, view, edge, other, store) : judgeProcess(stack, view, edge, other);
}

const undefinedService = (service: Service, edge: Dependency): Verdict => ({
  ...keep(edge),
  wish: 'drop',
  broken: true,
  why: `${edge.name} is not a service`,
  evidence: [{ at: edge.at, says: `${service.name} waits for ${edge.name}, which no file defines` }],
});

/** Compose leaves a service with profiles out unless one of them is active. https://docs.docker.com/compose/how-tos/profiles/ */
function isHiddenBehindProfile(service: Service, target: Service): boolean {
  const active = (service.project.variables.get('COMPOSE_PROFILES') ?? '').split(',').map((name) => name.trim());
  const shown = [...service.profiles, ...active];
  return target.profiles.length > 0 && !shown.includes('*') && !shown.some((name) => target.profiles.includes(name));
}

function hidden(edge: Dependency, target: Service): Verdict {
  const profiles = target.profiles.join(', ');
  return {
    ...keep(edge),
    wish: 'optional',
    broken: true,
    why: `${edge.name} only exists under the profile ${profiles}`,
    evidence: [
      { at: edge.at, says: 'a required dependency' },
      { at: target.at, says: `profiles: ${profiles}` },
    ],
  };
}
