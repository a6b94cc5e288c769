import { buildGitea } from './gitea-program.ts';

/** Builds Gitea before the tests, outside of their time limits. */
export default async function build(): Promise<void> {
  await buildGitea();
}
