import type { Symptom } from '../types.ts';

/** Compose refuses the file, or a container cannot be made from it. */
export const composeSymptoms: readonly Symptom[] = [
  {
    id: 'undefined-service',
    patterns: [
      /service "(?<service>[^"]{1,100})" depends on undefined service "?(?<dependency>[\w.-]{1,100})/,
      /Service '(?<service>[^']{1,100})' depends on service '(?<dependency>[^']{1,100})' which is undefined/,
      /(?:service|Service) ['"](?<service>[^'"]{1,100})['"] .{0,60}link(?:s to|ed to).{0,40}service ['"](?<dependency>[^'"]{1,100})['"]/,
    ],
    means: ({ service = 'A service', dependency = 'another' }) =>
      `${service} waits for ${dependency}, and no Compose file that was read defines it.`,
    suspects: [
      { transform: 'simplify-depends-on', by: ['dependency'] },
      { transform: 'remove-migrator', by: ['dependency'] },
      { transform: 'fix-compose-shape', by: ['dependency'] },
    ],
    look: ({ dependency = 'the service' }) => [
      `The name of ${dependency} under services:, and whether its file is given with -f, or its profile is active.`,
    ],
    search: ['dependency'],
  },
  {
    id: 'dependency-cycle',
    patterns: [
      /dependency cycle detected: (?<service>[\w.-]{1,100}) -> (?<dependency>[\w.-]{1,100})/,
      /Circular dependency between (?<service>[\w.-]{1,100}) and (?<dependency>[\w.-]{1,100})/,
    ],
    means: ({ service = 'A service', dependency = 'another' }) =>
      `${service} and ${dependency} wait for each other, so none can start.`,
    suspects: [
      { transform: 'remove-migrator', by: ['service', 'dependency'] },
      { transform: 'simplify-depends-on', by: ['service', 'dependency'] },
    ],
    look: () => ['depends_on of the services that the message names: one of the edges has to go.'],
    search: ['dependency'],
  },
  {
    id: 'undefined-volume',
    patterns: [
      /service "(?<service>[^"]{1,100})" refers to undefined (?:volume|network|secret|config) (?<volume>[^\s:]{1,100})/,
      /Named volume "(?<volume>[^":]{1,100})[^"]*" is used in service "(?<service>[^"]{1,100})" but no declaration/,
      /Service "(?<service>[^"]{1,100})" uses an undefined (?:network|volume|secret|config) "(?<volume>[^"]{1,100})"/,
    ],
    means: ({ volume = 'A volume' }) =>
      `${volume} is used, and no top-level volumes: (networks:, secrets:) declares it.`,
    suspects: [
      { transform: 'fix-compose-shape', by: ['volume'] },
      { transform: 'persist-data', by: ['volume'] },
      { transform: 'single-database', by: ['volume'] },
    ],
    look: ({ volume = 'it' }) => [`Declare ${volume} at the top level; a folder of the repository begins with "./".`],
    search: ['volume'],
  },
  {
    id: 'external-missing',
    patterns: [
      /(?:network|volume) "?(?<volume>[\w.-]{1,100})"? declared as external,? but could not be found/,
      /external volume "(?<volume>[^"]{1,100})" not found/,
      /(?:Volume|Network) (?<volume>[\w.-]{1,100}) declared as external, but could not be found/,
    ],
    means: ({ volume = 'A network or volume' }) =>
      `${volume} is external: Compose does not make it, and nobody else has made it on this machine.`,
    suspects: [{ transform: 'fix-compose-shape', by: ['volume'] }],
    look: ({ volume = '<name>' }) => [
      `docker network create ${volume} (docker volume create ${volume}), or start the stack first that it belongs to.`,
      'Where no other stack shares it: take external: true away, and Compose makes it.',
    ],
    search: ['volume'],
  },
  {
    id: 'env-file-missing',
    patterns: [
      /env file (?<path>\S{1,300}) not found/,
      /Couldn't find env file: (?<path>\S{1,300})/,
      /Failed to load (?<path>\S{1,300}): open \S{1,300}: no such file/,
      /couldn't read env-file: open (?<path>[^:]{1,300}): no such file/i,
      /open (?<path>\S{0,300}\.env(?:\.[\w-]+)?): no such file or directory/,
    ],
    means: ({ path = 'an env file' }) => `Compose reads ${path} before it starts anything, and there is no such file.`,
    suspects: [
      { transform: 'fix-build-paths', by: ['path'] },
      { transform: 'fix-compose-shape', by: ['path'] },
    ],
    look: ({ path = '.env' }) => [
      `Make ${path.split('/').pop()} from its example (.env.example), beside the Compose file that names it. It is not in git on purpose.`,
    ],
    search: ['path'],
  },
  {
    id: 'compose-variable',
    patterns: [
      /services\.(?<service>[\w-]{1,100})\.\S{1,100}: required variable (?<variable>\w{1,100}) is missing a value/,
      /required variable (?<variable>\w{1,100}) is missing a value/,
      /Missing mandatory value for "[^"]{1,60}" option (?:interpolating .{0,300}?\$\{(?<variable>\w{1,100}).{0,200}? )?in service "(?<service>[^"]{1,100})"/,
    ],
    means: ({ variable = 'A variable' }) =>
      `The Compose file asks for ${variable} with \${…:?}, and neither the shell nor .env sets it.`,
    suspects: [
      { transform: 'declare-env', by: ['variable'] },
      { transform: 'externalise-secrets', by: ['variable'] },
      { transform: 'fix-build-paths', by: ['variable'] },
    ],
    look: ({ variable = 'the variable' }) => [
      `Set ${variable} in the .env beside the Compose file (cp .env.example .env), or give the file with --env-file.`,
    ],
    search: ['variable'],
  },
  {
    id: 'mount-kind',
    patterns: [
      /mounting "(?<path>[^"\\]{1,300})\\?" to rootfs at "?[^"]{1,300}"? .{0,300}not a directory/,
      /mounting \\?"(?<path>[^"\\]{1,300})\\?" to rootfs .{0,500}not a directory/,
      /Are you trying to mount a directory onto a file/,
    ],
    vague: true,
    means: ({ path = 'the mounted path' }) =>
      `${path} is a folder on the host and a file in the image (or the reverse). Docker makes an empty folder for a source that does not exist.`,
    suspects: [{ transform: 'fix-build-paths', by: ['path'] }],
    look: ({ path = 'the path' }) => [
      `Whether ${path} exists and is a file. If Docker has made an empty folder of that name, delete it.`,
    ],
    search: ['path'],
  },
  {
    id: 'port-taken',
    patterns: [
      /Bind for (?:[\d.]+|\[?::\]?):(?<port>\d{1,5}) failed: port is already allocated/,
      /exposing port (?:TCP|UDP) \S{1,60}:(?<port>\d{1,5}) ->/,
      /listen (?:tcp|udp)[46]? \S{0,60}:(?<port>\d{1,5}): bind: (?:address already in use|An attempt)/,
      /bind\(\) to \S{0,60}:(?<port>\d{1,5}) failed \(98:/,
      /EADDRINUSE.{0,60}:(?<port>\d{1,5})/,
      /Connection in use: \('[^']*', (?<port>\d{1,5})\)/,
      /\[Errno 98\].{0,120}\(?'[^']{0,60}', (?<port>\d{1,5})\)?.{0,40}address already in use/i,
      /Port (?<port>\d{1,5}) is (?:already )?in use/,
      /port is already allocated|address already in use/i,
    ],
    means: ({ port }) => `Another process or container has ${port ? `port ${port}` : 'that port'} already.`,
    suspects: [{ transform: 'single-database', by: ['port'] }],
    look: ({ port = '<port>' }) => [
      `Who has it: docker ps --filter publish=${port}; ss -ltnp 'sport = :${port}'. Two services of one stack must not publish the same port.`,
      'If the port is for other services of the stack only, it need not be published at all.',
    ],
    search: ['port'],
  },
  {
    id: 'compose-invalid',
    patterns: [
      /services\.(?<service>[\w-]{1,100})(?:\.[\w.-]{1,100}|\.?\[\d+\])*:? (?:must be|contains|additional propert|Additional propert|value)/,
      /Unsupported config option for services\.(?<service>[\w-]{1,100})/,
      /service "(?<service>[^"]{1,100})" has neither an image nor a build context/,
      /The Compose file .{1,300} is invalid because:?\n(?!services\.|Unsupported)/,
      /(?:validating \S{1,300}: )?\(root\) (?:must be|Additional property)/,
      /yaml: (?:line \d+|unmarshal errors)/,
      /mapping values are not allowed (?:in this context|here)/,
      /yaml\.(?:scanner|parser)\.\w+/,
      /contains an invalid type, it should be/,
      /invalid interpolation format/,
      /services must be a mapping|top-level object must be a mapping/,
    ],
    vague: true,
    means: () => 'Compose does not accept the file: its YAML or its shape is wrong.',
    suspects: [{ transform: 'fix-compose-shape', by: ['service'] }],
    look: () => [
      'docker compose config names the place. Indentation is the usual suspect: a key one level too deep or too shallow.',
    ],
    search: [],
  },
  {
    id: 'compose-file-missing',
    patterns: [
      /no configuration file provided: not found/,
      /Can't find a suitable configuration file in this directory/,
    ],
    means: () => 'The folder in which Compose was started has no Compose file.',
    suspects: [],
    look: () => ['Start it in the folder of the Compose file, or name it with -f.'],
    search: [],
  },
  {
    id: 'no-healthcheck',
    patterns: [/container (?<service>[\w.-]{1,100}) has no healthcheck configured/],
    means: ({ service = 'A container' }) =>
      `Another service waits until ${service} is healthy, and it has no healthcheck.`,
    suspects: [
      { transform: 'simplify-depends-on', by: ['service'], telling: /no healthcheck/ },
      { transform: 'remove-migrator', by: ['service'], telling: /no healthcheck/ },
      { transform: 'add-healthchecks', by: ['service'] },
    ],
    look: () => ['Give it a healthcheck, or wait with condition: service_started.'],
    search: [],
  },
  {
    id: 'unhealthy',
    patterns: [
      /container (?<service>[\w.-]{1,100}) is unhealthy/,
      /for (?<service>[\w.-]{1,100}) +Container "[\da-f]+" is unhealthy/,
      /Container (?<service>[\w.-]{1,100}) +(?:Unhealthy|is unhealthy)/,
      /health_status: unhealthy.{0,200}name=(?<service>[\w.-]{1,100})/,
      /\(unhealthy\).* (?<service>[\w.-]{1,100})$/,
    ],
    means: ({ service = 'A container' }) => `The healthcheck of ${service} failed as often as it may.`,
    suspects: [
      { transform: 'fix-healthcheck', by: ['service'] },
      { transform: 'defer-module-init', by: ['service'] },
      { transform: 'bind-all-interfaces', by: ['service'] },
    ],
    look: ({ service = '<container>' }) => [
      `docker inspect --format '{{json .State.Health}}' ${service}: what the check printed.`,
      'Whether the program of the check (curl, wget) is in the image, the path is served, and start_period is long enough.',
    ],
    search: [],
  },
  {
    id: 'health-404',
    patterns: [
      /"(?:GET|HEAD) (?<path>\/[^\s?"]{0,200})(?:\?\S*)? HTTP\/[\d.]+"? 404/,
      /curl: \(22\) The requested URL returned error: 404/,
      /HTTP Error 404: (?:Not Found|NOT FOUND)/,
    ],
    weak: true,
    vague: true,
    means: ({ path = 'the path' }) =>
      `The healthcheck asks for ${path} and gets 404, so the container never becomes healthy.`,
    suspects: [
      { transform: 'fix-healthcheck', by: ['path'] },
      { transform: 'defer-module-init', by: [] },
    ],
    look: () => [],
    search: [],
  },
];
