import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { forgeAt } from '../../src/forge/connect.ts';
import { credentialsIn } from '../../src/forge/credentials.ts';
import { contract } from './contract.ts';
import { startGitea } from './gitea-server.ts';
import { startGithub } from './github-server.ts';
import { startGitlab } from './gitlab-server.ts';
import { stageOf } from './stage.ts';
import { World } from './world.ts';

/** The contract through the door that everything else takes: an address, and what the environment has. */
for (const { kind, start, variable } of [
  { kind: 'github', start: startGithub, variable: 'GITHUB_TOKEN' },
  { kind: 'gitlab', start: startGitlab, variable: 'GITLAB_TOKEN' },
  { kind: 'gitea', start: startGitea, variable: 'FORGEJO_TOKEN' },
] as const) {
  contract(kind, async () => {
    const server = await start(await World.create());
    return stageOf(server, async (token) => forgeAt({ kind, url: server.url }, credentialsIn({ [variable]: token })));
  });

  test(`without credentials for ${kind}, it is said which variable to set`, () => {
    const connect = (): unknown => forgeAt({ kind, url: 'https://git.example.org' }, credentialsIn({}));
    expect(connect).toThrow(UserError);
    expect(connect).toThrow(/git\.example\.org/);
  });
}
