import type { ServiceView } from '../../src/model/stack.ts';
import type { StoreKind } from '../../src/model/store.ts';

const SERVERS: Readonly<Record<StoreKind, readonly string[]>> = {
  postgres: ['postgres', 'postmaster', 'pg_ctl', 'pg_ctlcluster'],
  mysql: ['mysqld', 'mysqld_safe'],
  mariadb: ['mysqld', 'mariadbd'],
  redis: ['redis-server', 'valkey-server'],
  rabbitmq: ['rabbitmq-server'],
  mongo: ['mongod'],
  memcached: ['memcached'],
  elasticsearch: ['elasticsearch'],
  minio: ['minio'],
  kafka: ['kafka-server-start'],
};

/** True when a store of this kind may run in the service's own container, so that localhost is right. */
export function runsItself(view: ServiceView, kind: StoreKind): boolean {
  const { startup, image } = view;
  const programs = SERVERS[kind];
  return (
    programs.some((name) => image?.hasProgram(name).is === 'yes') ||
    startup.commands.some(
      ({ program, argv }) =>
        /^(?:supervisord|s6-svscan|runit|pm2)/.test(program.name) ||
        argv.some((word) => programs.includes(word.split('/').at(-1) ?? '')),
    )
  );
}
