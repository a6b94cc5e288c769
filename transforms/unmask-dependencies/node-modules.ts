import type { Finding } from '../../src/finding.ts';
import { type Installation, installationsOf } from '../../src/model/image/installations.ts';
import type { Image } from '../../src/model/image.ts';
import type { Mount } from '../../src/model/service.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { insertItems } from '../../src/parse/compose.ts';
import { folderOf, nameOf, within } from '../../src/repo/path.ts';

const NODE =
  /^(?:node|npm|npx|yarn|pnpm|bun|next|nuxt|nuxi|vite|nest|nodemon|ts-node|ts-node-dev|tsx|ng|react-scripts|vue-cli-service|remix|astro|pm2|pm2-runtime)$/;

/** node_modules of an image that a bind mount covers: an anonymous volume keeps them, filled from the image. */
export function* hiddenModules(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    const view = stack.view(service);
    if (!view.image || !runsNode(view)) continue;
    for (const installation of installationsOf(stack.repo, view.image).all) {
      const finding = hidden(stack, view, view.image, installation);
      if (finding) yield finding;
    }
  }
}

/** Its process is Node's, and does not install the packages itself. */
function runsNode({ startup, container }: ServiceView): boolean {
  const installs = startup.commands.some(
    ({ argv }) =>
      /^(?:npm|yarn|pnpm|bun)$/.test(argv[0] ?? '') && (argv.length === 1 || /^(?:ci|i|install)$/.test(argv[1] ?? '')),
  );
  const names = [startup.main?.argv[0], container.argv?.words[0]?.text].map((word) => nameOf(word ?? ''));
  return startup.complete && !installs && names.some((name) => NODE.test(name));
}

function hidden(stack: Stack, view: ServiceView, image: Image, installation: Installation): Finding | undefined {
  const { container, service } = view;
  const { kind, root, origin, doubtful } = installation;
  if (kind !== 'node_modules' || root === undefined || doubtful) return undefined;
  const mount = container.mountOver(root);
  if (mount?.kind !== 'bind' || mount.source === undefined || mount.target === root) return undefined;
  // Node looks for packages from the script's folder upwards.
  if (within(folderOf(root), container.workdir ?? '/') === undefined) return undefined;
  const onHost = [mount.source, within(mount.target, root)].filter(Boolean).join('/');
  if (stack.repo.hasFolder(onHost) || stack.repo.linkAt(onHost) !== undefined) return undefined;
  if (!hasDependencies(stack, image, `${folderOf(root)}/package.json`)) return undefined;
  const finding = {
    message: `The mount of ${mount.source === '' ? 'the repository' : mount.source} on ${mount.target} hides ${root}, so ${service.name} finds no packages ("Cannot find module"), or those that the host installed for its own platform`,
    at: mount.at,
    evidence: [
      ...(container.argv?.evidence ?? []),
      ...origin,
      { at: mount.at, says: `this mount covers ${mount.target}, and hides ${root}` },
    ],
  };
  const title = `Keep ${root} of the image with an anonymous volume`;
  const edits = mount.part.shared
    ? undefined
    : insertItems(mount.part.file, mount.part.path, [quotedLike(mount, root)]);
  return edits
    ? { ...finding, fix: { title, safety: 'review', changes: edits } }
    : {
        ...finding,
        fix: { title, safety: 'manual', changes: [] },
        advice: `Add the volume ${root} to ${service.name}; its volumes are shared with other services or cannot be edited here.`,
      };
}

/** Without a dependency nothing is missed; with Plug'n'Play nothing is in node_modules. */
function hasDependencies(stack: Stack, image: Image, manifest: string): boolean {
  const file = image.fileAt(manifest);
  const text = file.kind === 'repo' ? stack.repo.read(file.path) : undefined;
  if (
    file.kind !== 'repo' ||
    text === undefined ||
    stack.repo.has(`${folderOf(file.path)}/.pnp.cjs`.replace(/^\//, ''))
  )
    return false;
  return /"(?:dev|optional)?[dD]ependencies"\s*:\s*\{\s*"/.test(text);
}

/** In the quotes that the mount itself is written with. */
function quotedLike({ part, at }: Mount, path: string): string {
  const quote = part.file.text[at.start];
  return quote === '"' || quote === "'" ? `${quote}${path}${quote}` : path;
}
