import { UserError } from '../errors.ts';
import { docker, NoProgram, type Ran, runProgram } from './docker.ts';

const INSTALL = 'Install Docker Engine with the Compose plugin, or Docker Desktop: https://docs.docker.com/get-docker/';
const PLUGIN = 'Install the Compose plugin: https://docs.docker.com/compose/install/linux/';
const START =
  'Start it (sudo systemctl start docker, or Docker Desktop), or choose one that runs: docker context ls, DOCKER_HOST.';
const GROUP = 'Run it as a user who may use Docker: https://docs.docker.com/engine/install/linux-postinstall/';

/** Makes sure that `docker compose` (v2) is there and that an engine answers; else a `UserError` that says what to do. */
export async function checkEngine(signal: AbortSignal): Promise<void> {
  const version = await dockerVersion(signal);
  if (version.code !== 0) {
    if (await hasComposeV1(signal))
      throw new UserError('Only Compose v1 (docker-compose) is installed, and verify needs Compose v2', PLUGIN);
    throw new UserError('This Docker has no "docker compose"', PLUGIN);
  }
  if (/^v?1\./.test(version.stdout.trim()))
    throw new UserError(`"docker compose" is version ${version.stdout.trim()}, and verify needs v2`, PLUGIN);
  const info = await docker(['info', '--format', '{{.ServerVersion}}'], { signal, timeoutMs: 30_000 });
  if (info.code === 0 && info.stdout.trim() !== '') return;
  const words = info.stderr.trim().split('\n').at(-1) ?? '';
  const denied = /permission denied/i.test(words);
  throw new UserError(
    denied ? 'Docker may not be used by this user' : `The Docker engine does not answer${words && `: ${words}`}`,
    denied ? GROUP : START,
  );
}

async function dockerVersion(signal: AbortSignal): Promise<Ran> {
  try {
    return await docker(['compose', 'version', '--short'], { signal, timeoutMs: 30_000 });
  } catch (error) {
    if (!(error instanceof NoProgram)) throw error;
    if (await hasComposeV1(signal))
      throw new UserError('Only Compose v1 (docker-compose) is installed, and verify needs Compose v2', INSTALL);
    throw new UserError('Docker is not installed', INSTALL);
  }
}

async function hasComposeV1(signal: AbortSignal): Promise<boolean> {
  try {
    return (await runProgram('docker-compose', ['version', '--short'], { signal, timeoutMs: 30_000 })).code === 0;
  } catch (error) {
    if (error instanceof NoProgram) return false;
    throw error;
  }
}
