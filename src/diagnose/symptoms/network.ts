import type { Symptom } from '../types.ts';

const LOCAL = String.raw`(?:localhost|127\.0\.0\.1|::1|\[::1\]|0\.0\.0\.0)`;

/** Pairs of patterns: for the container itself, and for another host. */
const refusals = (host: string): readonly RegExp[] => [
  new RegExp(
    `connection to server at "(?<host>${host})"(?: \\([^)]{1,60}\\))?, port (?<port>\\d+) failed: (?:Connection refused|FATAL)?`,
  ),
  new RegExp(`running on host "(?<host>${host})"[^\\n]{0,80}\\n.{0,20}connections on port (?<port>\\d+)`),
  new RegExp(`Error (?:111|99|61) connecting to (?<host>${host}):(?<port>\\d+)`),
  new RegExp(`ECONNREFUSED (?<host>${host}):(?<port>\\d+)`),
  new RegExp(`Connect call failed \\('(?<host>${host})', (?<port>\\d+)`),
  new RegExp(`Cannot connect to \\w+:\\/\\/(?:[^\\s@/]{0,200}@)?(?<host>${host}):(?<port>\\d+)`),
  new RegExp(`dial tcp (?<host>${host}):(?<port>\\d+): connect: connection refused`),
  new RegExp(`(?<host>${host}):(?<port>\\d+): \\[Errno 111\\]`),
  new RegExp(
    `Can't (?:connect to MySQL server on|reach database server at) ['\`](?<host>${host})(?::(?<port>\\d+))?['\`:]`,
  ),
  new RegExp(`host='(?<host>${host})', port=(?<port>\\d+)\\): Max retries exceeded.{0,300}refused`),
  new RegExp(`Failed to connect to (?<host>${host}) port (?<port>\\d+).{0,60}(?:refused|Could not connect)`, 'i'),
];

/** A connection that is not made. */
export const networkSymptoms: readonly Symptom[] = [
  {
    id: 'upstream-refused',
    patterns: [
      /connect\(\) failed \(111: Connection refused\) while connecting to upstream.{0,600}upstream: "\w+:\/\/[^":/]+:(?<port>\d+)/,
      /(?:upstream timed out|no live upstreams|upstream prematurely closed connection).{0,400}upstream: "\w+:\/\/(?<host>[^":/]+):?(?<port>\d+)?/,
      /dial tcp [\d.]+:(?<port>\d+): connect: connection refused.{0,200}(?:reverse_proxy|proxy)/,
      /curl: \((?:52|56)\) (?:Empty reply from server|Recv failure: Connection reset by peer)/,
      /502 Bad Gateway/,
    ],
    vague: true,
    means: ({ port = 'its port' }) =>
      `The proxy reaches the container, and nothing there listens on ${port} for it: the server listens on its loopback, on another port, or not yet.`,
    suspects: [{ transform: 'bind-all-interfaces', by: ['port'] }],
    look: ({ port = '<port>' }) => [
      `On which address the server listens: it must be 0.0.0.0:${port}, not 127.0.0.1. Then whether it starts at all: its own log.`,
    ],
    search: ['port'],
  },
  {
    id: 'upstream-unknown',
    patterns: [/host not found in upstream "(?<host>[^":]{1,100})(?::(?<port>\d+))?"(?: in (?<path>\S{1,200}):\d+)?/],
    means: ({ host = 'the host' }) =>
      `nginx looks up ${host} once, when it starts, and there is no running service of that name on its network.`,
    suspects: [
      { transform: 'use-service-hosts', by: ['host'] },
      { transform: 'simplify-depends-on', by: ['host'] },
      { transform: 'fix-build-paths', by: ['host'] },
    ],
    look: ({ host = 'the host' }) => [
      `Whether a service is called ${host} (or has that alias), shares a network with nginx, and is started before it (depends_on).`,
      'Whether that service runs: when it stops at its start, its name is unknown, too.',
    ],
    search: ['host'],
  },
  {
    id: 'refused-local',
    patterns: [
      ...refusals(LOCAL),
      /connection to server on socket "[^"]{1,100}\.(?<port>\d+)" failed: No such file/,
      /Can't connect to local (?:MySQL|MariaDB) server through socket/,
    ],
    means: ({ host = 'localhost', port }) =>
      `The process connects to ${host}${port ? `:${port}` : ''}. In a container that is the container itself, and nothing listens there.`,
    suspects: [
      { transform: 'use-service-hosts', by: ['port'] },
      { transform: 'unquote-env-values', by: ['port'], telling: /localhost|127\.0\.0\.1/ },
    ],
    look: ({ port }) => [
      `Which variable (or default in the source) has localhost${port ? `:${port}` : ''}: in Compose it is the name of the service, with the port inside of its container.`,
      'docker compose exec <service> env shows what the process really gets; an old image may hold old settings.',
    ],
    search: ['port'],
  },
  {
    id: 'refused-service',
    patterns: refusals(String.raw`[\w.-]{1,100}`),
    means: ({ host = 'the host', port }) =>
      `${host} is known, and nothing answers there${port ? ` on port ${port}` : ''}: it is not ready yet, stopped, or listens on another port.`,
    suspects: [
      { transform: 'simplify-depends-on', by: ['host'] },
      { transform: 'add-entrypoint', by: ['host'] },
      { transform: 'use-service-hosts', by: ['host'] },
      { transform: 'bind-all-interfaces', by: ['port'] },
    ],
    look: ({ host = 'the service' }) => [
      `Whether ${host} runs (its own log), and whether who connects waits until it is healthy.`,
      'The port: between containers it is the one inside, not the published one.',
    ],
    search: ['host'],
  },
  {
    id: 'host-unknown',
    patterns: [
      /could not translate host name "(?<host>[^"]{1,100})" to address/,
      /getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?<host>[\w.-]{1,100})/,
      /Error -[235] connecting to (?<host>[\w.-]{1,100}):(?<port>\d+)/,
      /(?:lookup|resolve) (?<host>[\w.-]{1,100}) on \S{1,60}: (?:no such host|server misbehaving)/,
      /Unknown MySQL server host '(?<host>[^']{1,100})'/,
      /Cannot connect to \w+:\/\/(?:[^\s@/]{0,200}@)?(?<host>[\w.-]{1,100}):(?<port>\d+)\S*: \[Errno -[235]\]/,
      /host='(?<host>[\w.-]{1,100})', port=(?<port>\d+)\): .{0,300}(?:Name or service not known|Failed to resolve|Temporary failure)/,
      /Could not resolve host: (?<host>[\w.-]{1,100})/,
      /(?:gaierror|failed).{0,40}(?:Name or service not known|Temporary failure in name resolution|nodename nor servname)/,
    ],
    means: ({ host = 'that is asked for' }) =>
      `No container on the network has the name ${host}: there is no such service, it is stopped, or it is on another network.`,
    suspects: [
      { transform: 'use-service-hosts', by: ['host'], inMessage: true },
      { transform: 'simplify-depends-on', by: ['host'] },
      { transform: 'single-database', by: ['host'] },
      { transform: 'unquote-env-values', by: ['host'] },
    ],
    look: ({ host = '<host>' }) => [
      `Whether a service is called ${host}, runs, and shares a network with who asks. A stopped container has no name: its own log comes first.`,
    ],
    search: ['host'],
  },
];
