import { gitlab } from '../../src/forge/gitlab.ts';
import { contract } from './contract.ts';
import { startGitlab } from './gitlab-server.ts';
import { stageOf } from './stage.ts';
import { World } from './world.ts';

contract('GitLab', async () => {
  const server = await startGitlab(await World.create(), 3);
  return stageOf(server, 3, async (token) => gitlab({ kind: 'gitlab', url: server.url }, token));
});
