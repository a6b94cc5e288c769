import type { StartCommand } from '../../src/model/process.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { within } from '../../src/repo/path.ts';

/** Settings that give a container rights which only root can use, or that say already who runs. */
const KEYS = [
  'user',
  'privileged',
  'cap_add',
  'devices',
  'group_add',
  'pid',
  'secrets',
  'volumes_from',
  'userns_mode',
  'runtime',
];
const PYTHON =
  /^(?:python[\d.]*(?: -c)?|gunicorn|uvicorn|hypercorn|daphne|celery.*|flask.*|django.*|fastapi.*|alembic.*|rq.*|streamlit|waitress-serve)$/;
/** Commands of start scripts that need no rights. */
const HARMLESS =
  /^(?:echo|printf|true|:|set|cd|export|sleep|test|\[|\[\[|exit|wait|trap|date|shift|return|read|nc|pg_isready|redis-cli|curl|wget|env)$/;
/** https://man7.org/linux/man-pages/man7/capabilities.7.html */
const ROOT_ONLY =
  /\bos\.(?:set(?:e?[ug]id|groups)|chown|chroot|mknod)\b|\bdocker\.(?:from_env|DockerClient|APIClient)\b|docker\.sock|\bscapy\b|\bSOCK_RAW\b|["'](?:sudo|systemctl|iptables|mount|apt-get|crontab)["' ]/;

/** The service's process is Python, all of its start is seen, and nothing in it needs root. */
export function isPlainProcess(stack: Stack, { service, startup, container, image }: ServiceView): boolean {
  if (KEYS.some((key) => service.parts.has(key)) || service.networkMode !== undefined) return false;
  if (!startup.complete || !startup.main || !image || !startup.commands.every(isPlain)) return false;
  if (startup.main.program.role === 'other' && !PYTHON.test(startup.main.program.name)) return false;
  if (container.workdir === undefined || within(image.workdir, container.workdir) === undefined) return false;
  if (service.hiddenEnvironment || service.environment.has('HOME')) return false;
  return (
    !usesLowPort(
      service.ports.map(({ text }) => text),
      startup.commands,
      image.layers,
    ) &&
    !startNeedsRoot(stack, startup) &&
    !sourceNeedsRoot(stack, image.build.context)
  );
}

const isPlain = ({ program, wrappers, argv }: StartCommand): boolean =>
  !wrappers.some((word) => /^(?:gosu|su-exec|setpriv|chpst|setuidgid|uv run|pipenv run)$/.test(word)) &&
  !argv.some((word) => /^--(?:uid|gid|user|group)(?:=|$)|^\/root\b|^~/.test(word)) &&
  (PYTHON.test(program.name) || HARMLESS.test(program.name) || program.role === 'wait' || program.role === 'migration');

/** Ports below 1024 are root's on older engines and outside of Docker. */
function usesLowPort(
  ports: readonly string[],
  commands: readonly StartCommand[],
  layers: NonNullable<ServiceView['image']>['layers'],
): boolean {
  const exposed = layers.flatMap(({ instruction: { keyword, words } }) =>
    keyword === 'EXPOSE' ? words.map(({ text }) => text) : [],
  );
  const bound = commands.flatMap(({ argv }) =>
    argv.flatMap((word, index) =>
      /^(?:-p|--port)$/.test(word) ? [argv[index + 1] ?? ''] : (/(?:^|:|--port=)(\d+)$/.exec(word)?.[1] ?? []),
    ),
  );
  const container = [...ports, ...exposed].flatMap((text) => /(?:^|:)(\d+)(?:-\d+)?(?:\/\w+)?$/.exec(text)?.[1] ?? []);
  const servers = commands.some(({ program }) => program.role === 'web') ? bound.filter((text) => text.length > 1) : [];
  return [...container, ...servers].some((text) => /^\d+$/.test(text) && Number(text) < 1024);
}

/** Code that stands in the start itself: `python -c "…"`, a here-document. */
const startNeedsRoot = ({ repo }: Stack, { commands, scripts }: ServiceView['startup']): boolean =>
  commands.some(({ argv }) => ROOT_ONLY.test(argv.join(' '))) ||
  scripts.some(({ path }) => ROOT_ONLY.test(repo.read(path) ?? ''));

const sourceNeedsRoot = ({ repo }: Stack, context: string | undefined): boolean =>
  context === undefined ||
  repo.paths.some(
    (path) => path.endsWith('.py') && within(context, path) !== undefined && ROOT_ONLY.test(repo.read(path) ?? ''),
  );
