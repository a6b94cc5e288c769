import { gitea } from '../../src/forge/gitea.ts';
import { contract } from './contract.ts';
import { startGitea } from './gitea-server.ts';
import { stageOf } from './stage.ts';
import { World } from './world.ts';

contract('Gitea', async () => {
  const server = await startGitea(await World.create(), 3);
  return stageOf(server, 3, async (token) => gitea({ kind: 'gitea', url: server.url }, token));
});
