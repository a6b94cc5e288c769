import type { Evidence } from '../../src/finding.ts';
import type { ComposeProject } from '../../src/model/compose/project.ts';
import { isOneShot } from '../../src/model/entrypoint/start-script.ts';
import { imageFamily } from '../../src/model/image/base-image.ts';
import type { Service } from '../../src/model/service.ts';
import type { ServiceView } from '../../src/model/stack.ts';
import { entryOf, textOf, valueAt } from '../../src/parse/compose.ts';
import { nameOf } from '../../src/repo/path.ts';

const DEVELOPMENT =
  /(?:^|[-_./])(?:dev|devel|development|devcontainer|local|tests?|testing|ci|e2e|examples?|debug)(?:[-_./]|$)/i;
const DEV_SERVER =
  /(?:^|\s)(?:--reload|--debug|runserver|nodemon|watchmedo|watchfiles|watchexec|air|vite|ts-node-dev|--watch|--inspect|dev|start:dev|next dev|debugpy|livereload)(?:[\s=:]|$)/;

/** A stack that a developer starts by hand: file names and processes that reload the code say so. */
export function isForDevelopment({ files }: ComposeProject, views: readonly ServiceView[]): boolean {
  const [base] = files;
  if (!base || DEVELOPMENT.test(base.path.replace(/\.ya?ml$/i, ''))) return true;
  return views.some(({ startup, service }) => {
    const commands = startup.commands.map(({ argv }) => argv.join(' '));
    const flags = [...service.environment.values()].some(
      ({ name, value }) =>
        /^(?:FLASK_DEBUG|FLASK_ENV|NODE_ENV|DEBUG|RAILS_ENV|APP_ENV|ENVIRONMENT)$/.test(name) &&
        /^(?:1|true|yes|on|dev|development|local)$/i.test(value?.text ?? ''),
    );
    return flags || commands.some((command) => DEV_SERVER.test(command)) || mountsCode({ service, startup });
  });
}

/** `.:/app` shows the developer's files in the container: that is no deployment. */
const mountsCode = ({ service, startup }: Pick<ServiceView, 'service' | 'startup'>): boolean =>
  startup.main !== undefined &&
  service.build !== undefined &&
  service.mounts.some(
    ({ kind, source }) => kind === 'bind' && source !== undefined && source === service.build?.context,
  );

/** Servers that run for as long as they are let, by the name of their image. */
const SERVERS =
  /^(?:nginx|nginx-unprivileged|traefik|caddy|httpd|haproxy|envoy|grafana|grafana-oss|prometheus|loki|jaeger|keycloak|adminer|pgadmin4|pgbouncer|minio|registry|vault|consul|nats|mosquitto|eclipse-mosquitto)$/;
/** Names of services that do something and end, or that only hold what others use. */
const ENDS =
  /(?:^|[-_])(?:migrat\w*|init\w*|seed\w*|setup|bootstrap|provision\w*|create\w*|jobs?|cron|backup|restore|dump|import\w*|export|load\w*|fixtures?|tests?|e2e|cypress|playwright|lint|build\w*|base|builder|tools?|cli|shell|console|debug|certbot|wait\w*|cleanup)(?:[-_]|$)/i;

/** Why a service runs until somebody stops it; `undefined` when it may end, or nobody can tell. */
export function staysUp(view: ServiceView, views: readonly ServiceView[]): Evidence | undefined {
  const { service, startup, store } = view;
  if (service.profiles.length > 0 || service.parts.has('profiles') || service.replicas === 0) return undefined;
  if (ENDS.test(service.name) || isOneShot(view) || hasPolicy(service)) return undefined;
  if (views.some((other) => waitsForEnd(other, service.name) || isMadeFrom(other.service, service))) return undefined;
  const first = view.container.argv?.words[0]?.text;
  const overrides = service.parts.has('entrypoint') || (first !== undefined && !first.startsWith('-'));
  const { image } = service;
  if (store && !service.build && !endsAtOnce(view))
    return { at: image?.at ?? service.at, says: `${service.name} is a ${store.kind} server` };
  if (image && !service.build && !overrides && SERVERS.test(imageFamily(image.text)))
    return { at: image.at, says: `${imageFamily(image.text)} is a server` };
  const base = view.image?.base;
  if (base !== undefined && first === undefined && SERVERS.test(imageFamily(base)))
    return {
      at: service.build?.at ?? service.at,
      says: `its image is made from ${imageFamily(base)}, which is a server`,
    };
  const { main } = startup;
  if (!main || main.conditional || !/^(?:web|worker|beat|monitor)$/.test(main.program.role)) return undefined;
  if (/^(?:node|tsx|ts-node)$/.test(main.program.name) && service.ports.length === 0) return undefined;
  return { at: main.at, says: `${service.name} runs ${main.program.name}, which stays` };
}

/** The image of a store that is used for its client: `command: psql …`. */
const endsAtOnce = ({ container, service }: ServiceView): boolean => {
  if (!service.parts.has('command') && !service.parts.has('entrypoint')) return false;
  const first = nameOf(container.argv?.words[0]?.text ?? '');
  return !/^(?:-.*|postgres|redis-server|valkey-server|mysqld|mariadbd|mongod|rabbitmq-server|memcached|server|minio|docker-entrypoint\.sh)$/.test(
    first,
  );
};

const waitsForEnd = ({ service }: ServiceView, name: string): boolean =>
  service.dependsOn.some((edge) => edge.name === name && edge.condition === 'service_completed_successfully');

/** Another service takes its settings over (`extends`): what is added here would be added there. */
const isMadeFrom = (other: Service, service: Service): boolean =>
  other !== service &&
  other.definitions.some(({ entry }) => {
    const base = valueAt(entry.value, 'extends');
    return (textOf(base) ?? textOf(valueAt(base, 'service'))) === service.name;
  });

/** It has a policy in one of its files, an overlay among them. */
export const hasPolicy = (service: Service): boolean =>
  service.parts.has('restart') ||
  service.definitions.some(
    ({ entry }) =>
      entryOf(entry.value, 'restart') !== undefined ||
      entryOf(valueAt(entry.value, 'deploy'), 'restart_policy') !== undefined,
  ) ||
  (service.parts.get('deploy') ?? []).some(({ node }) => entryOf(node, 'restart_policy') !== undefined);
