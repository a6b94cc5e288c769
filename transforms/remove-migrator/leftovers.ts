import type { Change } from '../../src/finding.ts';
import { isDocumentation } from '../../src/model/mention.ts';
import type { Service } from '../../src/model/service.ts';
import { isDockerfilePath, type Stack } from '../../src/model/stack.ts';
import { copyOf } from '../../src/parse/dockerfile.ts';
import { escapeRegExp } from '../../src/pattern.ts';
import { folderOf, nameOf } from '../../src/repo/path.ts';
import type { Migrator } from './migrator.ts';

/** What becomes of the files that served a migrator alone. */
export interface Leftovers {
  readonly removed: readonly string[];
  /** Files that stay because another one mentions them. */
  readonly kept: readonly { readonly path: string; readonly mentionedIn: string }[];
}

const NOT_A_USE = /(?:^|\/)\.(?:gitignore|gitattributes|dockerignore|editorconfig)$|\.dockerignore$/;

/** Finds the Dockerfile and the scripts that nothing needs once the migrator is gone. `texts`: files as the fix leaves them. */
export function leftoversOf(
  stack: Stack,
  migrator: Migrator,
  removed: readonly Service[],
  texts: ReadonlyMap<string, string | undefined>,
): Leftovers {
  const dockerfile = deadDockerfile(stack, migrator, removed);
  const scripts = [
    ...migrator.scripts,
    ...(dockerfile === undefined ? [] : copiedScripts(stack, migrator, dockerfile)),
  ];
  const found: { removed: string[]; kept: { path: string; mentionedIn: string }[] } = { removed: [], kept: [] };
  for (const path of [...(dockerfile === undefined ? [] : [dockerfile]), ...new Set(scripts)]) {
    const mentionedIn = mentionOf(stack, path, texts, found.removed);
    if (mentionedIn === undefined) found.removed.push(path);
    else found.kept.push({ path, mentionedIn });
  }
  const ignore = dockerfile === undefined ? '' : `${dockerfile}.dockerignore`;
  if (dockerfile !== undefined && found.removed.includes(dockerfile) && stack.repo.has(ignore))
    found.removed.push(ignore);
  return found;
}

/** The migrator's own Dockerfile: the one that its build names, or the only one of that name when it is not there. */
function deadDockerfile(stack: Stack, { view }: Migrator, removed: readonly Service[]): string | undefined {
  const named = view.service.build?.dockerfile;
  if (
    named === undefined ||
    (view.service.image &&
      stack.services.some((other) => !removed.includes(other) && other.image?.text === view.service.image?.text))
  )
    return undefined;
  const others = stack.services
    .filter((other) => !removed.includes(other))
    .flatMap((other) => other.build?.dockerfile ?? []);
  const elsewhere = stack.repo.paths.filter((path) => nameOf(path) === nameOf(named) && isDockerfilePath(path));
  const path = stack.repo.has(named)
    ? named
    : elsewhere.length === 1 && !/^Dockerfile$/.test(nameOf(named))
      ? elsewhere[0]
      : undefined;
  return path === undefined || others.includes(path) ? undefined : path;
}

/** Shell scripts that the dead Dockerfile names one by one: `COPY wait-for-it.sh /`. */
function copiedScripts(stack: Stack, { view }: Migrator, dockerfile: string): readonly string[] {
  const context = view.service.build?.context ?? '';
  const file = stack.sources.dockerfile(dockerfile);
  return (file?.instructions ?? []).flatMap((instruction) => {
    const copy = copyOf(instruction);
    if (!copy || copy.from !== undefined) return [];
    return copy.sources
      .map(({ text }) => [context, text.replace(/^\.?\//, '')].filter(Boolean).join('/'))
      .filter((path) => stack.repo.has(path) && /\.(?:sh|bash)$/.test(path));
  });
}

/** The first file, documentation apart, that mentions a path: by its name, or by its folder when the name is common. */
function mentionOf(
  stack: Stack,
  path: string,
  texts: ReadonlyMap<string, string | undefined>,
  gone: readonly string[],
): string | undefined {
  const common = /^(?:Dockerfile|Containerfile|entrypoint\.sh|run\.sh|start\.sh|docker-entrypoint\.sh)$/.test(
    nameOf(path),
  );
  const words =
    common && folderOf(path) !== ''
      ? [path, `${nameOf(folderOf(path))}/${nameOf(path)}`, `./${folderOf(path)}`]
      : [nameOf(path)];
  const pattern = new RegExp(words.map((word) => `(?<![\\w.-])${escapeRegExp(word)}(?![\\w-]|\\.\\w)`).join('|'));
  if (common && folderOf(path) === '' && isDockerfilePath(path)) return 'a plain `docker build`';
  return stack.repo.paths.find((other) => {
    if (other === path || gone.includes(other) || isDocumentation(other) || NOT_A_USE.test(other)) return false;
    const text = texts.has(other) ? texts.get(other) : stack.repo.read(other);
    // A comment at the top of a file may name the file itself; elsewhere a mention is a mention.
    return text !== undefined && pattern.test(text);
  });
}

/** The changes that remove what is left over. */
export const removalsOf = ({ removed }: Leftovers): readonly Change[] =>
  removed.map((path) => ({ path, remove: true as const }));
