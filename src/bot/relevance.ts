import { CONFIG_FILES } from '../config.ts';
import { isComposePath } from '../model/compose/project.ts';
import { isEnvPath } from '../model/secret/written.ts';
import { isDockerfilePath } from '../model/stack.ts';
import { nameOf } from '../repo/path.ts';
import { Repo } from '../repo/repo.ts';

/**
 * What a change may mean to containers. `docker`: it touches files that are there for Docker, or the configuration of dockfix.
 * `source`: it touches what runs in containers, such as a module that a server names. `none`: texts and pictures.
 */
export type Relevance = 'docker' | 'source' | 'none';

const TEXT =
  /\.(?:md|mdx|rst|adoc|png|jpe?g|gif|svg|webp|ico|pdf|drawio|po|pot)$|(?:^|\/)(?:LICEN[CS]E|CODEOWNERS|\.gitattributes)$/i;
const SCRIPT = /\.(?:sh|bash)$|^(?:docker-)?entrypoint$|^\.dockerignore$|\.dockerignore$/;
/** Without its files, a repository tells Compose files by name alone. */
const NAMES = Repo.of({});

const forDocker = (path: string): boolean =>
  isDockerfilePath(path) ||
  isComposePath(NAMES, path) ||
  isEnvPath(path) ||
  SCRIPT.test(nameOf(path)) ||
  (CONFIG_FILES.some((each) => each === path) && path !== 'package.json');

/** What a change of these paths may mean, judged by their names. */
export function relevanceOf(paths: readonly string[]): Relevance {
  if (paths.some(forDocker)) return 'docker';
  return paths.some((path) => !TEXT.test(path)) ? 'source' : 'none';
}
