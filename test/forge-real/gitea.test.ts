import { contract } from '../forge/contract.ts';
import { startGitea } from './gitea-program.ts';
import { giteaStage } from './gitea-stage.ts';

contract('a real Gitea', async () => giteaStage(await startGitea()));
