import { quoteWord } from '../../parse/shell.ts';
import { folderOf, nameOf } from '../../repo/path.ts';
import type { ComposeProject } from './project.ts';

/** Names that `docker compose` finds by itself, and the overrides that it adds to them. https://docs.docker.com/compose/intro/compose-application-model/ */
const FOUND = /^(?:docker-)?compose\.ya?ml$/;
const OVERRIDE = /^(?:docker-)?compose\.override\.ya?ml$/i;

/** A command line for a POSIX shell. */
export const commandLine = (argv: readonly string[]): string => argv.map(quoteWord).join(' ');

/** The files that `-f` has to name, from the repository's root; none where Compose finds all of them by itself there. */
export function filesToName({ folder, files }: ComposeProject): readonly string[] {
  const [base, second] = files;
  if (!base) return [];
  const override = second && folderOf(second.path) === folder && OVERRIDE.test(nameOf(second.path)) ? [second] : [];
  if (folder === '' && FOUND.test(nameOf(base.path))) return [];
  return [base, ...override].map(({ path }) => path);
}

/** `docker compose …` for a project, to be typed in the repository's root. Files that others include are named by those. */
export const composeCommand = (project: ComposeProject, argv: readonly string[]): string =>
  commandLine(['docker', 'compose', ...filesToName(project).flatMap((path) => ['-f', path]), ...argv]);
