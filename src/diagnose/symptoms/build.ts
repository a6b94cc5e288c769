import type { Symptom } from '../types.ts';

/** An image cannot be built or pulled. */
export const buildSymptoms: readonly Symptom[] = [
  {
    id: 'dockerfile-missing',
    patterns: [
      /failed to read dockerfile: open (?:\/\S*\/)?(?<path>[^\s:/]{1,200}): no such file or directory/,
      /unable to evaluate symlinks in Dockerfile path: lstat (?<path>[^:]{1,300}): no such file/,
      /Cannot locate (?:specified )?Dockerfile: (?<path>\S{1,200})/,
      /unable to prepare context: path "(?<path>[^"]{1,300})" not found/,
      /build path (?<path>\S{1,300}) either does not exist/,
    ],
    means: ({ path = 'the Dockerfile' }) => `The build was told to use ${path}, and there is no such file or folder.`,
    suspects: [
      { transform: 'fix-build-paths', by: ['path'] },
      { transform: 'remove-migrator', by: ['path'] },
      { transform: 'fix-compose-shape', by: ['path'] },
    ],
    look: () => [
      'build.context and build.dockerfile in the Compose file: the Dockerfile is looked for inside of the context.',
      'The folder that the command was started in.',
    ],
    search: ['path'],
  },
  {
    id: 'copy-source-missing',
    patterns: [
      /failed to (?:compute cache key|calculate checksum)[^"]{0,200}"(?<path>[^"]{1,300})"?:? not found/,
      /ERROR: "(?<path>\/[^"]{1,300})" not found: not found/,
      /failed to (?:compute cache key|walk)[^"]{0,200}lstat (?:\/\S*?buildkit-mount\d+)?(?<path>[^:]{1,300}): no such file/,
      /(?:COPY|ADD) failed: (?:file not found in build context or excluded by \.dockerignore: )?(?:l?stat|open) (?:\/\S*?docker-builder\d+\/)?(?<path>[^:]{1,300}): (?:file does not exist|no such file)/,
      /lstat \/var\/lib\/docker\/tmp\/docker-builder\d+\/(?<path>[^:]{1,300}): no such file/,
      /(?:COPY|ADD) failed: forbidden path outside the build context: (?<path>\S{1,200})/,
    ],
    means: ({ path = 'a file' }) =>
      `COPY asks for ${path}, and the build context does not hold it (or .dockerignore keeps it out).`,
    suspects: [
      { transform: 'copy-from-stage', by: ['path'] },
      { transform: 'fix-build-paths', by: ['path'] },
      { transform: 'ignore-build-context', by: ['path'], telling: /out of the build context/ },
      { transform: 'split-copy', by: ['path'] },
    ],
    look: ({ path = 'it' }) => [
      `Sources of COPY are relative to build.context, also those that begin with "/". Where is ${path} in that folder?`,
      '.dockerignore: a line there may leave it out. A file that only another stage has needs COPY --from=<stage>.',
    ],
    search: ['path'],
  },
  {
    id: 'image-not-found',
    patterns: [
      /pull access denied for (?<image>[^\s,]{1,200}),/,
      /manifest for (?<image>\S{1,200}) not found/,
      /failed to resolve source metadata for (?:docker\.io\/(?:library\/)?)?(?<image>[^\s:]{1,160}(?::[\w.-]{1,100})?): .{0,200}(?:not found|authorization failed|denied)/,
      /(?<image>[\w./-]{1,160}:[\w.-]{1,100}): (?:manifest unknown|not found)$/,
      /no match(?:ing manifest)? for (?:platform in manifest|linux\/\w+)/,
      /manifest unknown/,
    ],
    means: ({ image = 'an image' }) => `No registry has ${image} under that name and tag (or it is private).`,
    suspects: [
      { transform: 'copy-from-stage', by: ['image'] },
      { transform: 'fix-build-paths', by: ['image'] },
      { transform: 'fix-compose-shape', by: ['image'] },
    ],
    look: ({ image = 'the image' }) => [
      `The spelling and the tag of ${image}; "docker login" when it is private.`,
      'A name that a service of this Compose file builds needs build: beside image:. A name behind --from must be a stage of the Dockerfile (AS <name>).',
    ],
    search: ['image'],
  },
  {
    id: 'registry-unreachable',
    patterns: [
      /"https?:\/\/[^"\s]{1,100}\/v2\/(?:library\/)?(?<image>[^"\s]{1,200})\/manifests\/[^"]{1,100}": (?:dial tcp|net\/http|context deadline|EOF|read tcp|x509)/,
      /Get "https?:\/\/[^"\s]{1,100}\/v2\/": (?:dial tcp|net\/http|context deadline|EOF|read tcp|x509)/,
      /toomanyrequests: /,
    ],
    means: ({ image = 'an image' }) => `The registry was asked for ${image} and did not answer.`,
    suspects: [
      { transform: 'copy-from-stage', by: ['image'] },
      { transform: 'fix-build-paths', by: ['image'] },
    ],
    look: ({ image = 'the name' }) => [
      `If ${image} is a stage or an image of this repository: its spelling (FROM … AS <name>), or build: beside image:.`,
      'Otherwise the network, the proxy and the certificates of the machine.',
    ],
    search: ['image'],
  },
  {
    id: 'requirements-missing',
    patterns: [
      /Could not open requirements file: \[Errno 2\] No such file or directory: '(?<path>[^']{1,200})'/,
      /npm (?:ERR!|error) (?:enoent )?(?:Could not read package\.json: Error: )?ENOENT: no such file or directory, open '(?<path>[^']{0,200}package\.json)'/,
      /npm (?:ERR!|error) path (?<path>\S{0,200}package\.json)/,
      /npm ci`? can only install (?:packages )?with an existing (?<path>package-lock\.json)/,
      /Poetry could not find a (?<path>pyproject\.toml) file/,
      /(?<path>poetry\.lock|pyproject\.toml|uv\.lock) (?:not found|does not exist)/,
      /error: No `(?<path>pyproject\.toml)` found/,
    ],
    means: ({ path = 'the manifest' }) => `${path} is not in the folder in which the install (or the start) runs.`,
    suspects: [
      { transform: 'fix-build-paths', by: ['path'] },
      { transform: 'ignore-build-context', by: ['path'], telling: /out of the build context/ },
      { transform: 'fix-app-reference', by: ['path'] },
    ],
    look: ({ path = 'the manifest' }) => [
      `WORKDIR and the COPY above the install: they must bring ${path.split('/').pop()} to the same folder.`,
      'When it happens at the start: a volume in the Compose file that covers the folder with an empty one.',
    ],
    search: ['path'],
  },
  {
    id: 'compiler-missing',
    patterns: [
      /pg_config executable not found/,
      /error: command '?(?<program>gcc|cc|g\+\+|x86_64-linux-gnu-gcc)'? failed: No such file or directory/,
      /fatal error: (?<path>[\w./-]{1,100}\.h): No such file or directory/,
      /unable to execute '(?<program>gcc|cc)'/,
      /gyp ERR! (?:find Python|stack Error: not found: (?<program>make|gcc|g\+\+))/,
    ],
    means: ({ program = 'a compiler or headers' }) => `A package is built from source, and the image lacks ${program}.`,
    suspects: [],
    look: () => [
      'Install what it needs above the install (gcc, libpq-dev, python3-dev …), or take a package that brings binaries (psycopg2-binary).',
    ],
    search: [],
  },
  {
    id: 'library-missing',
    patterns: [/(?:ImportError|OSError): (?<module>lib[\w.+-]{1,80}\.so[\d.]*): cannot open shared object file/],
    means: ({ module = 'a library' }) =>
      `A package needs the system library ${module}, and the image that runs does not have it.`,
    suspects: [{ transform: 'slim-runtime', by: ['module'] }],
    look: ({ module = 'the library' }) => [
      `The stage that runs must install the package of ${module} (libpq.so.5 is in libpq5), not only the stage that builds.`,
    ],
    search: [],
  },
  {
    id: 'no-space',
    patterns: [/no space left on device/i, /\bENOSPC\b/, /No space left on device/],
    means: () => 'The disk of Docker is full. That is a matter of the machine, not of the repository.',
    suspects: [],
    look: () => [
      'docker system df; then docker builder prune and docker image prune. (docker volume prune deletes data.)',
    ],
    search: [],
  },
  {
    id: 'engine-unreachable',
    patterns: [
      /Cannot connect to the Docker daemon/,
      /error during connect: .{0,200}docker/i,
      /permission denied while trying to connect to the Docker daemon socket/i,
    ],
    means: () => 'Docker itself cannot be reached. That is a matter of the machine, not of the repository.',
    suspects: [],
    look: () => ['Whether Docker runs (docker info), and whether your user is in the group docker.'],
    search: [],
  },
];
