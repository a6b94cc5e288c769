import type { Finding } from '../../src/finding.ts';
import { defineTransform } from '../../src/transform.ts';
import { unorderedBase } from './base-images.ts';
import { brokenBuild } from './builds.ts';
import { brokenCopies } from './copies.ts';
import { brokenEnvFiles } from './env-files.ts';
import { brokenMounts } from './mounts.ts';

/** Points build, env file, COPY and mount paths that lead nowhere at the one file of that name. */
export default defineTransform({
  id: 'fix-build-paths',
  group: 'repair',
  summary: 'Repair paths of Dockerfiles, build contexts, env files, COPY sources and mounted files that moved',
  *find(stack) {
    const seen = new Set<string>();
    const found = stack.services.flatMap((service) => [
      ...brokenBuild(stack, service),
      ...brokenMounts(stack, service),
      ...unorderedBase(stack, service),
    ]);
    const copies = stack.dockerfiles.flatMap((path) => {
      const dockerfile = stack.sources.dockerfile(path);
      return dockerfile && dockerfile.problems.length === 0 ? brokenCopies(stack, dockerfile) : [];
    });
    for (const finding of [...found, ...brokenEnvFiles(stack), ...copies]) {
      // Services that share an anchor share its mistake.
      const key = placeKey(finding);
      if (!seen.has(key)) yield finding;
      seen.add(key);
    }
  },
});

const placeKey = ({ at, message }: Finding): string =>
  at.end > at.start ? `${at.path}:${at.start}:${at.end}` : `${at.path}:${message}`;
