/** What is known of a base image's programs. */
export interface BasePrograms {
  readonly has: (program: string) => boolean;
  /** Every program that matters here is known: what `has` denies is not there. */
  readonly complete: boolean;
}

const SHELL = [
  'sh',
  'cat',
  'sleep',
  'grep',
  'sed',
  'chmod',
  'mkdir',
  'rm',
  'env',
  'test',
  'timeout',
  'date',
  'echo',
  'printf',
  'true',
  'id',
];
const DEBIAN = [...SHELL, 'bash', 'flock', 'setpriv', 'perl'];
/** BusyBox applets: https://busybox.net/downloads/BusyBox.html */
const ALPINE = [...SHELL, 'ash', 'nc', 'wget', 'flock', 'ps', 'pgrep', 'vi', 'unzip'];
/** buildpack-deps: https://github.com/docker-library/buildpack-deps */
const BUILDPACK = [...DEBIAN, 'curl', 'wget', 'git', 'gcc', 'make', 'unzip', 'ssh', 'hg', 'python3', 'ps', 'pgrep'];
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  python: ['python', 'python3', 'pip', 'pip3'],
  node: ['node', 'npm', 'npx', 'yarn'],
};
const OWN: Readonly<Record<string, readonly string[]>> = {
  postgres: ['pg_isready', 'psql', 'pg_dump'],
  redis: ['redis-cli', 'redis-server'],
  mysql: ['mysqladmin', 'mysql'],
  mariadb: ['mariadb-admin', 'mariadb', 'healthcheck.sh'],
  mongo: ['mongosh'],
  rabbitmq: ['rabbitmq-diagnostics', 'rabbitmqctl'],
  nginx: ['nginx', 'curl'],
};

/** The name of an image without registry, namespace, tag and digest: `docker.io/library/python:3.11` → `python`. */
export const imageFamily = (image: string): string =>
  (image.split('@')[0] ?? '')
    .replace(/:[^/]*$/, '')
    .split('/')
    .at(-1) ?? '';

/** The tag of an image; `latest` when there is none. */
export const imageTag = (image: string): string => /:([^/@]+)(?:@|$)/.exec(image)?.[1] ?? 'latest';

/** The programs of an official base image; an unknown image answers `complete: false`. */
export function programsOfBase(image: string | undefined): BasePrograms {
  if (image === undefined) return { has: () => false, complete: false };
  const family = imageFamily(image);
  const tag = imageTag(image);
  const official = !image.includes('/') || /^(?:docker\.io\/)?library\//.test(image);
  const runtime = RUNTIMES[family] ?? [];
  const own = OWN[family] ?? [];
  const system =
    family === 'alpine' || /alpine/.test(tag)
      ? ALPINE
      : /slim/.test(tag) || family === 'debian' || family === 'ubuntu'
        ? DEBIAN
        : runtime.length > 0
          ? BUILDPACK
          : SHELL;
  const programs = new Set([...system, ...runtime, ...own]);
  const known = runtime.length > 0 || ['alpine', 'debian', 'ubuntu'].includes(family);
  return { has: (program) => programs.has(program), complete: official && known };
}

/** Which shell `/bin/sh` of an official base image is; `undefined` for images that are not known. */
export function plainShellOf(image: string | undefined): 'dash' | 'busybox' | undefined {
  const { has, complete } = programsOfBase(image);
  return complete ? (has('ash') ? 'busybox' : 'dash') : undefined;
}
