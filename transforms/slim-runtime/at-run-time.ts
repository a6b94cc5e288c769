import type { Image } from '../../src/model/image.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { within } from '../../src/repo/path.ts';

/** Python's own places and the compiler, as the source or a command line would name them. */
const NEEDS_OLD_PLACE =
  /\/usr\/local\/(?:bin\/(?:python|pip|gunicorn|uvicorn|celery|flask|django)|lib\/python)|site-packages|dist-packages/;
const NEEDS_COMPILER =
  /\bfind_library\(|["'](?:gcc|g\+\+|cc|make|cmake)["' ]|\bpyximport\b|\bffi\.(?:verify|compile)\(|\btorch\.compile\(|\bdistutils\.ccompiler\b/;
const OWN_VARIABLES =
  /^(?:PATH|PYTHONHOME|VIRTUAL_ENV|PYTHONUSERBASE|PIP_TARGET|PIP_PREFIX|PIP_USER|LD_LIBRARY_PATH|CC|CXX)$/;

/** Nothing at run time needs the compilers, or the packages at the place where they are now. */
export function isUndisturbed(stack: Stack, image: Image, views: readonly ServiceView[]): boolean {
  const { dockerfile, build, env } = image;
  const { context } = build;
  if (context === undefined || [...env.keys()].some((name) => OWN_VARIABLES.test(name))) return false;
  if (NEEDS_OLD_PLACE.test(dockerfile.text)) return false;
  const source = stack.repo.paths.filter(
    (path) => /\.(?:py|sh|ini|conf|cfg)$/.test(path) && within(context, path) !== undefined,
  );
  const disturbs = (text: string): boolean => NEEDS_OLD_PLACE.test(text) || NEEDS_COMPILER.test(text);
  if (source.some((path) => disturbs(stack.repo.read(path) ?? ''))) return false;
  return views.every((view) => isPlain(view, image));
}

function isPlain({ service, startup, container, image }: ServiceView, first: Image): boolean {
  if (!image || image.dockerfile !== first.dockerfile || image.build.context !== first.build.context) return false;
  if (!startup.complete || !startup.main) return false;
  if ([...service.environment.keys()].some((name) => OWN_VARIABLES.test(name))) return false;
  const covers = service.mounts.some(
    ({ target }) =>
      within('/opt/venv', target) !== undefined ||
      within(target, '/opt/venv') !== undefined ||
      within('/usr/local', target) !== undefined,
  );
  const words = (container.argv?.words ?? []).map(({ text }) => text);
  const login =
    words.some((word) => /^(?:--login|-\w*l\w*c?)$/.test(word)) &&
    words.some((word) => /(?:^|\/)(?:ba)?sh$/.test(word));
  const health = service.healthcheck
    ? service.healthcheck.file.text.slice(service.healthcheck.entry.at.start, service.healthcheck.entry.at.end)
    : '';
  return (
    !covers &&
    !login &&
    !NEEDS_OLD_PLACE.test(`${words.join(' ')} ${health}`) &&
    startup.commands.every(
      ({ argv, wrappers }) =>
        [...argv.slice(0, 1), ...wrappers].every(
          (word) =>
            !/(?:^|\/)(?:gcc|g\+\+|cc|make|cmake|cargo|rustc|pip[\d.]*|apt-get|apt|sudo|su|cron|crond|supervisord)$/.test(
              word,
            ),
        ) && !(argv[1] === '-m' && argv[2] === 'pip'),
    )
  );
}
