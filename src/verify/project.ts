/** What `docker compose config --format json` answers: values as the Compose specification names them. */
export type Json = string | number | boolean | null | readonly Json[] | JsonMap;
export type JsonMap = { readonly [key: string]: Json | undefined };

/** Where a bind mount leads on the machine, as it may be mounted for a trial. */
export interface HostPath {
  readonly path: string;
  readonly readOnly: boolean;
  /** Why it is not what the repository asks for. */
  readonly note?: string;
}

/** How a project is set apart from everything else on the machine. */
export interface Isolation {
  readonly project: string;
  /** Put on everything that is made, so that it is found again. */
  readonly label: { readonly name: string; readonly value: string };
  readonly hostPath: (path: string) => HostPath;
}

/** A project that can be started beside any other, and what it does not do as the repository says. */
export interface Isolated {
  readonly config: JsonMap;
  readonly notes: readonly string[];
}

/** Keys of a service that would touch what is not its own, or that only matter to other commands. */
const DROPPED = ['container_name', 'logging', 'develop', 'external_links', 'profiles', 'mac_address', 'pull_policy'];
const BUILD_DROPPED = ['tags', 'cache_to', 'pull', 'no_cache', 'provenance', 'sbom'];

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const mapOf = (value: Json | undefined): JsonMap => (isMap(value) ? value : {});

/** The services of a project by name. */
export const servicesOf = (config: JsonMap): ReadonlyMap<string, JsonMap> =>
  new Map(Object.entries(mapOf(config['services'])).map(([name, service]) => [name, mapOf(service)]));

/** The variables of a service, with the values that Compose gives them. */
export const environmentOf = (service: JsonMap): JsonMap => mapOf(service['environment']);

/** The same project under another name, with ports, volumes, networks, images and container names of its own. */
export function isolated(config: JsonMap, isolation: Isolation): Isolated {
  const notes: string[] = [];
  const images = ownImages(config, isolation.project);
  const services = [...servicesOf(config)].map(
    ([name, service]) => [name, isolatedService(name, service, images, isolation, notes)] as const,
  );
  const { name: _, ...rest } = config;
  return {
    config: {
      ...rest,
      name: isolation.project,
      services: Object.fromEntries(services),
      volumes: ownStores(config['volumes'], isolation, (each) => pick(each, ['driver', 'driver_opts'], isLocal)),
      networks: ownStores({ default: null, ...mapOf(config['networks']) }, isolation, (each) =>
        pick(each, ['internal', 'attachable', 'enable_ipv6'], () => true),
      ),
    },
    notes: [...new Set(notes)],
  };
}

/** Images that the project builds: a tag of the user's must not be overwritten. By the name that other services use, too. */
function ownImages(config: JsonMap, project: string): ReadonlyMap<string, string> {
  const built = [...servicesOf(config)].filter(([, service]) => service['build'] !== undefined);
  return new Map(
    built.flatMap(([name, { image }]) => (typeof image === 'string' ? [[image, `${project}-${name}`] as const] : [])),
  );
}

function isolatedService(
  name: string,
  service: JsonMap,
  images: ReadonlyMap<string, string>,
  isolation: Isolation,
  notes: string[],
): JsonMap {
  const kept = Object.fromEntries(Object.entries(service).filter(([key]) => !DROPPED.includes(key)));
  const { image, build, ports, volumes, networks, network_mode: mode } = kept;
  const labels = { [isolation.label.name]: isolation.label.value };
  const onHost = mode === 'host';
  if (onHost) {
    notes.push(`${name} runs in a network of its own, not in the host's`);
    delete kept['network_mode'];
  }
  return {
    ...kept,
    labels: { ...mapOf(kept['labels']), ...labels },
    ...(build !== undefined && { image: `${isolation.project}-${name}`, build: ownBuild(build, labels) }),
    ...(build === undefined && typeof image === 'string' && { image: images.get(image) ?? image }),
    ...(ports !== undefined && !onHost && { ports: listOf(ports).map(freePort) }),
    ...(onHost && { networks: { default: null } }),
    ...(networks !== undefined && { networks: withoutAddresses(networks) }),
    ...(volumes !== undefined && {
      volumes: listOf(volumes).flatMap((volume) => ownMount(name, volume, isolation, notes)),
    }),
  };
}

function ownBuild(build: Json, labels: JsonMap): Json {
  if (!isMap(build)) return build;
  const kept = Object.fromEntries(Object.entries(build).filter(([key]) => !BUILD_DROPPED.includes(key)));
  return { ...kept, labels: { ...mapOf(kept['labels']), ...labels } };
}

/** The engine chooses a free port on this machine alone. */
function freePort(port: Json): Json {
  if (!isMap(port)) return port;
  const { published: _, host_ip: __, ...kept } = port;
  return { ...kept, host_ip: '127.0.0.1' };
}

const withoutAddresses = (networks: Json): Json =>
  isMap(networks)
    ? Object.fromEntries(
        Object.entries(networks).map(([name, each]) => [
          name,
          isMap(each) ? pick(each, ['aliases'], () => true) : null,
        ]),
      )
    : networks;

function ownMount(service: string, mount: Json, { hostPath }: Isolation, notes: string[]): readonly Json[] {
  if (!isMap(mount) || mount['type'] !== 'bind' || typeof mount['source'] !== 'string') return [mount];
  const { path, readOnly, note } = hostPath(mount['source']);
  if (note !== undefined) notes.push(`${service}: ${note}`);
  return [{ ...mount, source: path, ...(readOnly && { read_only: true }) }];
}

/** Volumes and networks get names of this project; external ones are empty stand-ins. */
function ownStores(stores: Json | undefined, isolation: Isolation, kept: (store: JsonMap) => JsonMap): JsonMap {
  const labels = { [isolation.label.name]: isolation.label.value };
  return Object.fromEntries(
    Object.entries(mapOf(stores)).map(([name, store]) => [
      name,
      { ...kept(mapOf(store)), name: `${isolation.project}_${name}`, labels },
    ]),
  );
}

/** A volume that is a folder of the machine (`o: bind`) or of a server would reach the user's own data. */
const isLocal = (store: JsonMap): boolean => {
  const driver = store['driver'] ?? 'local';
  return driver === 'local' && mapOf(store['driver_opts'])['type'] === 'tmpfs';
};

const pick = (map: JsonMap, keys: readonly string[], allowed: (map: JsonMap) => boolean): JsonMap =>
  allowed(map) ? Object.fromEntries(keys.flatMap((key) => (map[key] === undefined ? [] : [[key, map[key]]]))) : {};

/** The project with just these services, and those that they need. */
export function selected(config: JsonMap, names: readonly string[]): JsonMap {
  const services = servicesOf(config);
  const wanted = new Set<string>();
  const add = (name: string): void => {
    const service = services.get(name);
    if (!service || wanted.has(name)) return;
    wanted.add(name);
    for (const needed of neededBy(service)) add(needed);
  };
  for (const name of names) add(name);
  return { ...config, services: Object.fromEntries([...services].filter(([name]) => wanted.has(name))) };
}

function neededBy(service: JsonMap): readonly string[] {
  const links = listOf(service['links']).map((link) => String(link).split(':')[0] ?? '');
  const shared = [service['network_mode'], service['pid'], service['ipc']].flatMap((mode) =>
    typeof mode === 'string' && mode.startsWith('service:') ? [mode.slice('service:'.length)] : [],
  );
  const from = listOf(service['volumes_from']).map((each) => String(each).split(':')[0] ?? '');
  return [...Object.keys(mapOf(service['depends_on'])), ...links, ...shared, ...from];
}

/** The project without some services: nothing waits for them any more. */
export function without(config: JsonMap, names: readonly string[]): JsonMap {
  const services = [...servicesOf(config)].filter(([name]) => !names.includes(name));
  return {
    ...config,
    services: Object.fromEntries(
      services.map(([name, service]) => {
        const waits = Object.entries(mapOf(service['depends_on'])).filter(([other]) => !names.includes(other));
        const links = listOf(service['links']).filter((link) => !names.includes(String(link).split(':')[0] ?? ''));
        return [
          name,
          {
            ...service,
            ...(service['depends_on'] !== undefined && { depends_on: Object.fromEntries(waits) }),
            ...(service['links'] !== undefined && { links }),
          },
        ];
      }),
    ),
  };
}
