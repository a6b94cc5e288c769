import type { Finding } from '../../src/finding.ts';
import { eolOf } from '../../src/lines.ts';
import {
  type BuildContext,
  type ContextUser,
  namedSources,
  type OwnCopy,
  ownCopies,
} from '../../src/model/context/build-context.ts';
import { type Installation, installationsOf } from '../../src/model/image/installations.ts';
import type { Image } from '../../src/model/image.ts';
import type { Stack } from '../../src/model/stack.ts';
import { readDockerignore } from '../../src/parse/dockerignore.ts';
import { joinContainer, nameOf, within } from '../../src/repo/path.ts';

/** A folder that an image installs, and a later COPY that would lay the host's own over it. */
export interface Overwritten {
  /** Repository path of the host's folder. */
  readonly path: string;
  readonly installation: Installation;
  readonly copy: OwnCopy;
}

/** What a user's stages install and then copy over. */
export function overwrittenIn(stack: Stack, { stages }: ContextUser): readonly Overwritten[] {
  return stages.flatMap((image) => {
    const copies = ownCopies(stack, image);
    return installationsOf(stack.repo, image).all.flatMap((installation) => {
      const { root, kind } = installation;
      if (root === undefined || kind === 'packages' || !/^(?:node_modules|\.?venv|\.?env)$/.test(nameOf(root)))
        return [];
      const made = layerOf(image, installation);
      return copies.flatMap((copy) => {
        const rest = copy.folder && copy.index > made && made >= 0 ? within(copy.target, root) : undefined;
        if (!rest) return [];
        const path = [copy.source, rest].filter(Boolean).join('/');
        // What the repository itself holds there is no leftover of the host.
        return stack.repo.hasFolder(path) || stack.repo.has(path) ? [] : [{ path, installation, copy }];
      });
    });
  });
}

/** The layer that put an installation where it is; -1 when it is not of this stage. */
function layerOf(image: Image, { origin }: Installation): number {
  const at = origin.at(-1)?.at;
  return image.layers.findIndex(
    ({ instruction }) =>
      at !== undefined &&
      instruction.at.path === at.path &&
      instruction.at.start <= at.start &&
      at.end <= instruction.at.end,
  );
}

/** Ignore files that let the host's `node_modules` or `.venv` in, over those that the image has just installed. */
export function* overwrittenInstallations(stack: Stack, context: BuildContext): Iterable<Finding> {
  if (!context.complete) return;
  const done = new Set<string>();
  for (const user of context.users) {
    const text = stack.repo.read(user.ignoreFile);
    if (text === undefined) continue;
    for (const { path, installation, copy } of overwrittenIn(stack, user)) {
      const relative = within(context.folder, path);
      const key = `${user.ignoreFile} ${relative}`;
      if (!relative || done.has(key)) continue;
      done.add(key);
      const before = readDockerignore(user.ignoreFile, text);
      if (before.ignores(relative) || before.ignores(`${relative}/x`)) continue;
      if (isNamed(context, relative)) continue;
      const eol = eolOf(text);
      const added = `${text === '' || text.endsWith('\n') ? '' : eol}${relative}${eol}`;
      const end = text.length;
      const place = joinContainer('/', installation.root ?? '/');
      yield {
        message: `${user.ignoreFile} lets ${relative} of the host in, and the COPY after the install lays it over ${place}: packages of another system or another day replace those that the build installed.`,
        at: copy.instruction.at,
        evidence: [
          ...installation.origin,
          { at: copy.instruction.at, says: `copies ${context.folder || 'the whole repository'} over it afterwards` },
          { at: { path: user.ignoreFile, start: 0, end: 0 }, says: `no line leaves ${relative} out` },
        ],
        fix: {
          title: `Leave ${relative} out of the build context`,
          safety: 'safe',
          changes: [{ path: user.ignoreFile, start: end, end, text: added }],
        },
      };
    }
  }
}

/** A COPY of some build names the folder, or something in it: then it is meant to come along. */
const isNamed = ({ users, possible }: BuildContext, path: string): boolean =>
  [...users, ...possible].some(({ stages }) =>
    stages.some((image) => namedSources(image).some((source) => within(path, source) !== undefined)),
  );
