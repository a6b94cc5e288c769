import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { World, WorldRepository } from '../forge/world.ts';

/** A small web service that `split-copy` repairs. */
const SMALL: Readonly<Record<string, string>> = {
  Dockerfile: `FROM node:20-slim
WORKDIR /app
COPY . .
RUN npm install
CMD ["node", "server.js"]
`,
  '.dockerignore': '.git\nnode_modules\n',
  'package.json': '{"name":"shop","private":true,"dependencies":{"express":"4.19.2"}}\n',
  'server.js': 'require("express")().listen(3000, "0.0.0.0");\n',
};

/** Makes many small repositories that need a repair and that `writer` may push to: each with git data of its own. */
export async function manyRepositories(
  world: World,
  count: number,
  writer: string,
): Promise<readonly WorldRepository[]> {
  const seed = await world.addRepository('acme/seed', { files: SMALL });
  rmSync(join(seed.path, 'hooks'), { recursive: true, force: true });
  const repositories: WorldRepository[] = [];
  for (let index = 0; index < count; index += 1) {
    const sharing = await world.addRepository(`acme/r${String(index).padStart(4, '0')}`, { dataOf: seed });
    // A copy of files: making each with git would take longer than repairing it.
    const path = join(world.folder, `${sharing.id}.git`);
    cpSync(seed.path, path, { recursive: true });
    const repository = Object.assign(sharing, { path });
    world.allow(repository, writer, 'write');
    repositories.push(repository);
  }
  return repositories;
}
