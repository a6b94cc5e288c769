import { describe, expect, test } from 'vitest';
import { isolated, type JsonMap, selected, servicesOf, without } from '../../src/verify/project.ts';

const ISOLATION = {
  project: 'trial',
  label: { name: 'dockfix.verify', value: 'abc' },
  hostPath: (path: string) =>
    path.startsWith('/copy/') ? { path, readOnly: false } : { path, readOnly: true, note: `${path} is outside` },
};
const LABELS = { 'dockfix.verify': 'abc' };

const isolatedService = (service: JsonMap): JsonMap =>
  servicesOf(isolated({ services: { web: service } }, ISOLATION).config).get('web') ?? {};

describe('isolated', () => {
  test('gives the project its own name, and labels all that it makes', () => {
    const { config } = isolated(
      { name: 'shop', services: { db: { image: 'postgres' } }, volumes: { data: { name: 'shop_data' } }, networks: {} },
      ISOLATION,
    );
    expect(config).toEqual({
      name: 'trial',
      services: { db: { image: 'postgres', labels: LABELS } },
      volumes: { data: { name: 'trial_data', labels: LABELS } },
      networks: { default: { name: 'trial_default', labels: LABELS } },
    });
  });

  test('lets the engine choose free ports, on this machine alone', () => {
    const ports = [{ mode: 'ingress', target: 80, published: '8080', host_ip: '0.0.0.0', protocol: 'tcp' }];
    expect(isolatedService({ ports })['ports']).toEqual([
      { mode: 'ingress', target: 80, host_ip: '127.0.0.1', protocol: 'tcp' },
    ]);
  });

  test('drops the name of the container, and what would leave the machine', () => {
    const service = { container_name: 'shop-web', logging: { driver: 'gelf' }, pull_policy: 'always', image: 'nginx' };
    expect(isolatedService(service)).toEqual({ image: 'nginx', labels: LABELS });
  });

  test('never builds over a tag of the user, and follows it where another service runs that image', () => {
    const { config } = isolated(
      {
        services: {
          web: { image: 'shop:latest', build: { context: '/copy', tags: ['shop:1'], cache_to: ['x'], target: 'run' } },
          worker: { image: 'shop:latest' },
        },
      },
      ISOLATION,
    );
    expect(Object.fromEntries(servicesOf(config))).toEqual({
      web: { image: 'trial-web', build: { context: '/copy', target: 'run', labels: LABELS }, labels: LABELS },
      worker: { image: 'trial-web', labels: LABELS },
    });
  });

  test('makes empty stand-ins for external volumes and networks, and frees fixed addresses', () => {
    const { config } = isolated(
      {
        services: { web: { networks: { front: { ipv4_address: '10.1.2.3', aliases: ['shop'] }, default: null } } },
        volumes: { data: { external: true, name: 'precious' } },
        networks: { front: { external: true, name: 'traefik', ipam: { config: [{ subnet: '10.1.0.0/16' }] } } },
      },
      ISOLATION,
    );
    expect(config['volumes']).toEqual({ data: { name: 'trial_data', labels: LABELS } });
    expect(config['networks']).toMatchObject({ front: { name: 'trial_front', labels: LABELS } });
    expect(servicesOf(config).get('web')?.['networks']).toEqual({ front: { aliases: ['shop'] }, default: null });
  });

  test('does not reach a folder of the machine through the options of a volume', () => {
    const bound = { driver: 'local', driver_opts: { type: 'none', o: 'bind', device: '/srv/data' } };
    const memory = { driver: 'local', driver_opts: { type: 'tmpfs', device: 'tmpfs' } };
    const { config } = isolated({ services: {}, volumes: { bound, memory } }, ISOLATION);
    expect(config['volumes']).toEqual({
      bound: { name: 'trial_bound', labels: LABELS },
      memory: { ...memory, name: 'trial_memory', labels: LABELS },
    });
  });

  test('mounts what lies outside of the copy read-only, and says so', () => {
    const mount = (source: string) => ({ type: 'bind', source, target: '/x' });
    const { config, notes } = isolated(
      { services: { web: { volumes: [mount('/copy/src'), mount('/etc/ssl'), { type: 'volume', source: 'v' }] } } },
      ISOLATION,
    );
    expect(servicesOf(config).get('web')?.['volumes']).toEqual([
      mount('/copy/src'),
      { ...mount('/etc/ssl'), read_only: true },
      { type: 'volume', source: 'v' },
    ]);
    expect(notes).toEqual(['web: /etc/ssl is outside']);
  });

  test('takes a service out of the network of the host', () => {
    const { config, notes } = isolated({ services: { web: { network_mode: 'host' } } }, ISOLATION);
    expect(servicesOf(config).get('web')).toEqual({ labels: LABELS, networks: { default: null } });
    expect(notes).toHaveLength(1);
  });
});

const SHOP: JsonMap = {
  services: {
    web: { depends_on: { db: { condition: 'service_healthy' }, maps: { condition: 'service_started' } } },
    worker: { depends_on: { db: {} }, network_mode: 'service:web' },
    db: {},
    maps: {},
    mail: { links: ['maps:m'] },
  },
};
const namesOf = (config: JsonMap): readonly string[] => [...servicesOf(config).keys()];

test('selected keeps the named services and what they need', () => {
  expect(namesOf(selected(SHOP, ['worker']))).toEqual(['web', 'worker', 'db', 'maps']);
  expect(namesOf(selected(SHOP, ['db']))).toEqual(['db']);
  expect(namesOf(selected(SHOP, ['none']))).toEqual([]);
});

test('without takes a service away, and nothing waits for it any more', () => {
  const rest = without(SHOP, ['maps']);
  expect(namesOf(rest)).toEqual(['web', 'worker', 'db', 'mail']);
  expect(servicesOf(rest).get('web')).toEqual({ depends_on: { db: { condition: 'service_healthy' } } });
  expect(servicesOf(rest).get('mail')).toEqual({ links: [] });
});
