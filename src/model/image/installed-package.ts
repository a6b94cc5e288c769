import type { Span } from '../../finding.ts';
import { folderOf, nameOf, resolveIn } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Image } from '../image.ts';

/** Whether an image installs a Python package, and the manifest (or the RUN) that says so. */
export interface Installed {
  readonly is: 'yes' | 'no' | 'unknown';
  readonly at: Span | undefined;
}

/** Looks a package up in what the Dockerfile's RUN instructions install: named there, or in a manifest of the build context. */
export function installsPython(repo: Repo, image: Image, name: string): Installed {
  const pattern = new RegExp(`(?:^|["'\\s,\\[])${name.replace(/[-_.]/g, '[-_.]')}(?![-_.\\w])`, 'im');
  const context = image.build.context ?? '';
  const runs = image.dockerfile.instructions
    .filter(({ keyword }) => keyword === 'RUN')
    .concat(
      image.layers.filter(({ dockerfile }) => dockerfile !== image.dockerfile).map(({ instruction }) => instruction),
    );
  const manifests = new Set<string>();
  for (const run of runs) {
    if (/\binstall\b|\badd\b/.test(run.script) && pattern.test(run.script)) return { is: 'yes', at: run.at };
    for (const path of manifestsOf(repo, context, run.script)) manifests.add(path);
  }
  for (const path of manifests) {
    const text = repo.read(path) ?? '';
    for (const include of text.matchAll(/^\s*-(?:r|-requirement)[ =]?(\S+)/gm)) {
      const included = resolveIn(folderOf(path), include[1] ?? '');
      if (included !== undefined && repo.has(included)) manifests.add(included);
    }
    const found = pattern.exec(text.replace(/^[ \t]*#.*$/gm, (comment) => ' '.repeat(comment.length)));
    if (found) return { is: 'yes', at: { path, start: found.index, end: found.index + found[0].length } };
  }
  const [first] = manifests;
  return first === undefined ? { is: 'unknown', at: undefined } : { is: 'no', at: { path: first, start: 0, end: 0 } };
}

/** The manifests that a RUN reads, as paths of the repository: by the file names that it gives, or by its installer. */
function manifestsOf(repo: Repo, context: string, script: string): readonly string[] {
  const inContext = repo.paths.filter((path) => context === '' || path.startsWith(`${context}/`));
  const named = [...script.matchAll(/(?:-r|--requirement)[ =]?["']?([^\s"';&|]+)/g)].map((match) =>
    nameOf(match[1] ?? ''),
  );
  const direct = inContext.filter((path) => named.includes(nameOf(path)));
  const projects =
    /\bpip3? install .*(?:\s|^)(?:-e )?["']?\.(?=["'[\s]|$)|\b(?:poetry|uv|pdm|hatch|rye) (?:install|sync)|\bpipenv (?:install|sync)/m.test(
      script,
    )
      ? inContext.filter(
          (path) =>
            /^(?:pyproject\.toml|setup\.(?:py|cfg)|Pipfile)$/.test(nameOf(path)) && !/\bnode_modules\b/.test(path),
        )
      : [];
  return [...direct, ...projects];
}
