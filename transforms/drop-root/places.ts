import { imageFamily } from '../../src/model/image/base-image.ts';
import { installationsOf } from '../../src/model/image/installations.ts';
import type { Mount } from '../../src/model/service.ts';
import { keysOf, valueAt } from '../../src/parse/compose.ts';
import { within } from '../../src/repo/path.ts';
import type { Case } from './case.ts';

/** What the new user has to own, or why only a person can say. */
export type Places =
  | {
      readonly owned: readonly string[];
      /** Mount points of volumes. */
      readonly volumes: readonly Mount[];
      /** Source folders of the host that cover the image's. */
      readonly binds: readonly Mount[];
    }
  | { readonly why: string; readonly advice: string };

/** Everything that the processes write, as far as the image, the mounts and the source say. */
export function placesOf(subject: Case): Places | undefined {
  const { views, image, made, stack } = subject;
  const mounts = views.flatMap(({ service }) => service.mounts);
  if (mounts.some(({ kind, target }) => kind === 'unknown' || target === '/' || /docker\.sock|^\/root\b/.test(target)))
    return undefined;
  const writable = mounts.filter(({ readOnly }) => !readOnly);
  const volumes = writable.filter(({ kind }) => kind === 'volume' || kind === 'anonymous');
  const { all } = installationsOf(stack.repo, image);
  const holdsPackages = ({ target }: Mount): boolean =>
    all.some(({ root }) => root !== undefined && (within(target, root) ?? within(root, target)) !== undefined);
  if (volumes.some((mount) => holdsPackages(mount) || isForeign(mount) || isShared(subject, mount))) return undefined;
  const binds = writable.filter(
    ({ kind, source }) => kind === 'bind' && !(source !== undefined && stack.repo.has(source)),
  );
  const data = binds.find(({ source }) => source === undefined || !holdsCode(subject, source));
  if (data) return { why: `${data.target} is a folder of the host`, advice: adviceForBind(data) };
  const covered = [image.workdir, '/tmp', '/dev', ...mounts.map(({ target }) => target), ...made];
  const stray = namedPaths(subject).find((path) => covered.every((folder) => within(folder, path) === undefined));
  if (stray !== undefined)
    return {
      why: `the application names ${stray}, which root makes or owns`,
      advice: `Make ${stray} in the Dockerfile (RUN mkdir -p) or a volume of it, then run dockfix again.`,
    };
  const folders = [...made.filter((path) => !isSystem(path)), ...volumes.map(({ target }) => target)];
  const own = new Set(folders.flatMap((path) => [...foldersBetween(image.workdir, path), path]));
  own.delete(image.workdir);
  return { owned: [image.workdir, ...[...own].sort()], volumes: unique(volumes), binds: unique(binds) };
}

/** Folders of the application above a path, which `mkdir -p` makes too. */
function foldersBetween(workdir: string, path: string): readonly string[] {
  const segments = (within(workdir, path) ?? '').split('/').slice(0, -1);
  return segments.map((_, index) => [workdir, ...segments.slice(0, index + 1)].join('/'));
}

const adviceForBind = ({ target, source }: Mount): string =>
  `${source ?? 'That folder'} on the host has to belong to user 1000 (sudo chown -R 1000:1000), or ${target} has to become a named volume. Then add a user and \`USER\` to the Dockerfile.`;

const unique = (mounts: readonly Mount[]): readonly Mount[] => [
  ...new Map(mounts.map((mount) => [mount.target, mount])).values(),
];

const isSystem = (path: string): boolean => /^\/(?:usr|etc|bin|sbin|lib|opt\/venv|tmp|dev|proc)(?:\/|$)/.test(path);

/** A volume with a driver, or one made elsewhere: who may write there is not said here. */
const isForeign = ({ kind, source, part }: Mount): boolean => {
  const declared = kind === 'volume' ? valueAt(valueAt(part.file.root, 'volumes'), source ?? '') : undefined;
  return keysOf(declared).some((key) => /^(?:driver|driver_opts|external)$/.test(key));
};

/** Another service, that writes as root, mounts the volume too; a web server in front only reads it. */
const isShared = ({ views, stack }: Case, { source, kind }: Mount): boolean =>
  kind === 'volume' &&
  views.some(({ service }) =>
    stack
      .neighbours(service)
      .some(
        (other) =>
          !views.some((view) => view.service === other) &&
          !/^(?:nginx|caddy|traefik|httpd)$/.test(imageFamily(other.image?.text ?? '')) &&
          other.mounts.some((mount) => mount.kind === 'volume' && mount.source === source && !mount.readOnly),
      ),
  );

const holdsCode = ({ stack }: Case, folder: string): boolean =>
  stack.repo.paths.some((path) => within(folder, path) !== undefined && /\.(?:py|html|jinja2?|js)$/.test(path));

/** Names of variables whose values look like paths and are none that anybody writes to. */
const NOT_WRITTEN =
  /(?:^|_)(?:PATH|PYTHONPATH|PREFIX|ROOT_PATH|ENDPOINT|ROUTE|SCRIPT_NAME|SHELL|VIRTUAL_ENV|URL_PREFIX|BASE_PATH)$/;
const READ_ONLY = /^\/(?:usr|etc|bin|lib|proc|sys|opt\/venv|app\/\.venv)(?:\/|$)/;
const IN_SOURCE =
  /["'](?:sqlite:\/{3})?(\/(?:var|data|srv|mnt|home|root|run|app|code|opt|logs?|uploads?|media|static|storage|files|database|db|cache|backups?|exports?|models)(?:\/[^"'\s{]*)?)["']/g;
const ROUTE =
  /route|url|prefix|href|endpoint|redirect|\.(?:get|post|put|patch|delete|mount|include_router|websocket)\(|\bpath\(/i;

/** Absolute paths that the environment, the command lines and the source name and that a process may write to. */
function namedPaths({ views, image, stack }: Case): readonly string[] {
  const environment = views.flatMap(({ service, container }) =>
    [...new Set([...service.environment.keys(), ...image.env.keys()])].flatMap((name) => {
      const value = container.variable(name) ?? '';
      const path = /^(?:\w+:\/{3})?(\/[^/\s:,;?][^\s:,;?]*)$/.exec(value)?.[1];
      return path === undefined || (/^\//.test(value) && NOT_WRITTEN.test(name)) ? [] : [path];
    }),
  );
  const words = views.flatMap(({ startup }) =>
    startup.commands.flatMap(({ argv }) =>
      argv.slice(1).flatMap((word) => /^(?:-[\w-]+=|unix:)?(\/[^\s:]+)$/.exec(word)?.[1] ?? []),
    ),
  );
  const { context } = image.build;
  const source = stack.repo.paths
    .filter((path) => path.endsWith('.py') && context !== undefined && within(context, path) !== undefined)
    .flatMap((path) => (stack.repo.read(path) ?? '').split('\n'))
    .filter((line) => !/^\s*#/.test(line) && (!ROUTE.test(line) || line.includes('sqlite:')))
    .flatMap((line) => [...line.matchAll(IN_SOURCE)].map((match) => match[1] ?? ''));
  return [...environment, ...words, ...source].filter(
    (path) => !READ_ONLY.test(path) && image.fileAt(path).kind !== 'repo',
  );
}
