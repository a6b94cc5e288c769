import type { Evidence } from '../../src/finding.ts';
import type { Service } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { databasesOf } from '../../src/model/store/databases.ts';

import type { Fault } from './faults.ts';
import type { Migrator } from './migrator.ts';
import { placeInWeb } from './place.ts';

/** The web services that serve the code whose migrations the migrator applies. */
export function websOf(stack: Stack, migrator: Migrator): readonly ServiceView[] {
  const { service } = migrator.view;
  return stack
    .neighbours(service)
    .filter((other) => other !== service)
    .map((other) => stack.view(other))
    .filter((other) => !other.store && other.startup.main?.program.role === 'web' && sameCode(stack, migrator, other));
}

/** The same image, or an image that holds the same migrations. */
function sameCode(stack: Stack, migrator: Migrator, web: ServiceView): boolean {
  const { service, image } = migrator.view;
  const named = service.image?.text;
  if (named !== undefined && named === web.service.image?.text) return true;
  if (image && web.image && image.dockerfile.path === web.image.dockerfile.path && sameContext(migrator.view, web))
    return true;
  return 'cwd' in placeInWeb(stack, migrator, web) || (image === undefined && sameContext(migrator.view, web));
}

const sameContext = (a: ServiceView, b: ServiceView): boolean =>
  a.service.build?.context !== undefined && a.service.build.context === b.image?.build.context;

/** The one that takes the migrations over: the only candidate, or the only one with a published port. */
export function chosenWeb(webs: readonly ServiceView[]): ServiceView | { readonly manual: string } {
  const [only, ...more] = webs;
  if (!only) return { manual: 'no web service of this file is built from the same code' };
  if (more.length === 0) return only;
  const published = webs.filter(({ service }) => service.ports.length > 0);
  const [first] = published;
  if (first && published.length === 1) return first;
  return {
    manual: `${webs.map(({ service }) => service.name).join(' and ')} serve the same code, and only one of them may migrate`,
  };
}

/** True when a service starts only after the other one has succeeded, directly or through a service that it waits for. */
export function waitsForSuccess(stack: Stack, from: Service, target: Service): boolean {
  const all = stack.neighbours(from);
  const seen = new Set<string>();
  const search = (service: Service): boolean => {
    if (seen.has(service.name)) return false;
    seen.add(service.name);
    return service.dependsOn.some((edge) => {
      if (edge.name === target.name) return edge.condition === 'service_completed_successfully';
      const next = all.find((each) => each.name === edge.name);
      return next !== undefined && search(next);
    });
  };
  return search(from);
}

/** Words by which a start script waits for a finished schema. */
const WAITS_ITSELF =
  /migrate\s+--(?:check|plan)|showmigrations|\bdb\s+(?:current|check|heads)\b|alembic\s+(?:current|check)|alembic_version|django_migrations|_prisma_migrations|migrate\s+status/;

function waitsItself(stack: Stack, { startup }: ServiceView): boolean {
  return (
    startup.commands.some(({ argv }) => WAITS_ITSELF.test(argv.join(' '))) ||
    startup.scripts.some(({ path }) => WAITS_ITSELF.test(stack.repo.read(path) ?? ''))
  );
}

/** Who starts before the migrations have succeeded. */
export function racesOf(stack: Stack, migrator: Migrator, webs: readonly ServiceView[]): readonly Fault[] {
  const { service } = migrator.view;
  const others = stack.neighbours(service).filter((other) => other !== service);
  const wrong = others.flatMap((other): Fault[] =>
    other.dependsOn
      .filter((edge) => edge.name === service.name)
      .flatMap((edge): Fault[] => {
        const fault = (why: string, says: string): Fault[] => [{ why, evidence: [{ at: edge.at, says }] }];
        if (
          edge.required &&
          service.profiles.length > 0 &&
          !service.profiles.some((name) => other.profiles.includes(name))
        )
          return fault(
            `${other.name} needs ${service.name}, which only exists under the profile ${service.profiles.join(', ')}`,
            `${other.name} waits for a service that may not be there`,
          );
        if (edge.condition === 'service_completed_successfully') return [];
        const says = `${other.name} waits for ${edge.condition}, not for its success`;
        return edge.condition === 'service_healthy'
          ? fault(`${other.name} waits for the health of ${service.name}, which ends instead`, says)
          : fault(`${other.name} waits only until ${service.name} has started`, says);
      }),
  );
  const concerned =
    webs.length > 0
      ? webs
      : others.map((other) => stack.view(other)).filter((other) => sharesDatabase(migrator.view, other));
  const none = concerned
    .filter(({ service: web }) => !web.dependsOn.some((edge) => edge.name === service.name))
    .filter((web) => !waitsForSuccess(stack, web.service, service) && !waitsItself(stack, web))
    .map(({ service: web }): Fault => {
      const evidence: Evidence[] = [{ at: web.at, says: `${web.name} does not wait for ${service.name}` }];
      return { why: `${web.name} does not wait for ${service.name}`, evidence };
    });
  return [...wrong, ...none];
}

const sharesDatabase = (a: ServiceView, b: ServiceView): boolean =>
  !b.store && databasesOf(b).some((store) => databasesOf(a).some((other) => other.service === store.service));
