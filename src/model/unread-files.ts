import { folderOf, resolveIn } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import { isComposePath } from './compose/project.ts';
import { isDockerfilePath, type Notice } from './stack.ts';

/** Names that Docker itself looks for. */
const DEFAULT_NAMES = ['Dockerfile', 'compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];

/** True for a path that is a Dockerfile or a Compose file by name. */
const isDockerFile = (repo: Repo, path: string): boolean => isDockerfilePath(path) || isComposePath(repo, path);

/** Dockerfiles and Compose files by name, whether they can be read or not. */
export const dockerFiles = (repo: Repo): readonly string[] => repo.paths.filter((path) => isDockerFile(repo, path));

/** What could not be read at all: folders, Docker files (too large, binary, no permission), and links, which are never followed. */
export function unreadFiles(repo: Repo): readonly Notice[] {
  const listed = repo.unread.map(({ path, reason }) => ({
    path: path === '' ? '.' : path,
    message: reason,
    hint: 'Make it readable, or leave it out with .gitignore.',
  }));
  const files = dockerFiles(repo).flatMap((path) => {
    const file = repo.file(path);
    return 'text' in file
      ? []
      : [{ path, message: file.reason, hint: 'Its services and stages are left as they are.' }];
  });
  const links = repo.links
    .filter(({ path, target }) => DEFAULT_NAMES.includes(path) || (isDockerFile(repo, path) && leaves(path, target)))
    .map(({ path, target }) => ({
      path,
      message: `it is a symbolic link to ${target}, and links are not followed`,
      hint: 'Put the file itself there.',
    }));
  return [...listed, ...files, ...links];
}

/** True for a link that leads out of the repository. */
const leaves = (path: string, target: string): boolean => resolveIn(folderOf(path), target) === undefined;
