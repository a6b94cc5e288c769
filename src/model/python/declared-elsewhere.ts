import type { Span } from '../../finding.ts';
import { folderOf, nameOf } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import { distributionName, readManifest } from '../image/manifest-packages.ts';

const MANIFEST = /(?:^|\/)(?:requirements[^/]*\.(?:txt|in)|requirements\/[^/]+\.(?:txt|in)|pyproject\.toml|Pipfile)$/;
/** What only developers install. */
const DEVELOPMENT = /(?:^|[-_.])(?:dev|develop|development|tests?|testing|lint|docs?|ci)(?=[-_.])/;

/** Where a manifest beside those that an image installs names a distribution: perhaps the image should install that one. */
export function declaredElsewhere(repo: Repo, installed: readonly string[], name: string): Span | undefined {
  const folder = (path: string): string => folderOf(path).replace(/(?:^|\/)requirements$/, '');
  const folders = new Set(installed.map(folder));
  const wanted = distributionName(name).replace(/\[.*$/, '');
  return repo.paths
    .filter((path) => MANIFEST.test(path) && !installed.includes(path) && folders.has(folder(path)))
    .filter((path) => !DEVELOPMENT.test(nameOf(path)))
    .flatMap((path) => readManifest(repo, path)?.packages ?? [])
    .find((each) => each.name.replace(/\[.*$/, '') === wanted)?.at;
}
