import type { Change, Finding } from '../../src/finding.ts';
import { migrationName } from '../../src/model/program.ts';
import type { Build, BuildPlan, Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { insertEntries, quoteScalar, replaceValue, textOf, valueAt } from '../../src/parse/compose.ts';
import { folderOf, nameOf, relativeTo, within } from '../../src/repo/path.ts';
import { candidatesFor, folderThatHasIt, isMissing, writtenLike } from './candidates.ts';
import { missingSources } from './copies.ts';
import { type Broken, report } from './report.ts';

/** A build whose context or Dockerfile is not where Compose looks for it. */
export function brokenBuild(stack: Stack, service: Service): readonly Finding[] {
  const { build } = service;
  if (!build || build.context === undefined || build.dockerfile === undefined) return [];
  const { node } = build.part;
  if (node.kind === 'seq' || (node.kind === 'scalar' && node.value === null)) return [];
  // `remove-migrator` takes out a one-shot migrator that cannot be built; with a repaired path it would only look sound.
  if (stack.view(service).startup.commands.some(({ argv }) => migrationName(argv) !== undefined)) return [];
  if (build.context !== '' && isMissing(stack, build.context)) return [missingContext(stack, service, build)];
  if (!stack.repo.hasFolder(build.context)) return [];
  return isMissing(stack, build.dockerfile) ? [missingDockerfile(stack, service, build, build.context)] : [];
}

const settingOf = (build: Build, key: string) =>
  valueAt(build.part.node.kind === 'map' ? build.part.node : undefined, key);

function missingContext(stack: Stack, service: Service, build: Build): Finding {
  const context = build.context ?? '';
  const node = build.part.node.kind === 'scalar' ? build.part.node : settingOf(build, 'context');
  const written = textOf(node) ?? '';
  const dockerfile = within(context, build.dockerfile ?? '') ?? 'Dockerfile';
  const folders = stack.repo.paths.flatMap((path) => {
    const folder = path.endsWith(`/${dockerfile}`) ? path.slice(0, -dockerfile.length - 1) : undefined;
    return folder !== undefined && nameOf(folder).toLowerCase() === nameOf(context).toLowerCase() ? [folder] : [];
  });
  const [only] = folders;
  const file = build.part.file.path;
  const above = folderThatHasIt(stack, file, written);
  const replacement = only === undefined ? '' : writtenLike(written, folderOf(file), only);
  const broken: Broken = {
    at: node?.at ?? build.at,
    message: `${service.name} is built from ${context}, which does not exist, so \`docker compose build\` stops with "path not found"`,
    evidence: [{ at: node?.at ?? build.at, says: `the build context of ${service.name} is ${written}: ${context}` }],
    candidates: folders,
    changes: node && !written.includes('$') ? [{ ...node.at, text: quoteScalar(replacement) }] : undefined,
    title: `Build ${service.name} from ${only}`,
    doubt:
      above !== undefined
        ? aboveDoubt(above)
        : only !== undefined
          ? unfit(stack, { ...build, context: only, dockerfile: `${only}/${dockerfile}` })
          : undefined,
    without: `No other folder ${nameOf(context)} with a ${dockerfile} is in the repository. Name the folder that holds the source of ${service.name}, or clone it there.`,
  };
  return withFolders(stack, broken);
}

/** Folders have no first character: their Dockerfiles stand for them. */
const withFolders = (stack: Stack, broken: Broken): Finding =>
  report(stack, {
    ...broken,
    evidence: [
      ...broken.evidence,
      ...broken.candidates.flatMap((folder) =>
        stack.repo.paths
          .filter((path) => folderOf(path) === folder && /dockerfile/i.test(nameOf(path)))
          .slice(0, 1)
          .map((path) => ({
            at: { path, start: 0, end: 0 },
            says: `the folder ${folder} has that name and a Dockerfile`,
          })),
      ),
    ],
  });

const aboveDoubt = (above: string): string =>
  `From ${above || 'the root of the repository'} the path is right: with \`--project-directory\`, or laid over a Compose file of that folder, it works as it is`;

function missingDockerfile(stack: Stack, service: Service, build: Build, context: string): Finding {
  const missing = build.dockerfile ?? '';
  const node = settingOf(build, 'dockerfile');
  const written = textOf(node) ?? 'Dockerfile';
  const candidates = candidatesFor(stack, missing, () => true);
  const [only] = candidates;
  const above = folderThatHasIt(stack, build.part.file.path, relativeTo(folderOf(build.part.file.path), missing));
  return report(stack, {
    at: build.dockerfileAt,
    message: `${missing} does not exist, so ${service.name} cannot be built ("failed to read dockerfile: open ${nameOf(missing)}: no such file or directory")`,
    evidence: [
      {
        at: build.dockerfileAt,
        says: `${service.name} is built with ${written} in ${context || 'the root of the repository'}`,
      },
    ],
    candidates,
    changes: only === undefined || written.includes('$') ? undefined : dockerfileChanges(build, written, context, only),
    title: `Build ${service.name} with ${only}`,
    doubt:
      only === undefined
        ? undefined
        : above !== undefined
          ? aboveDoubt(above)
          : ((node === undefined ? ofAnother(stack, build, only) : undefined) ??
            unfit(stack, { ...build, dockerfile: only })),
    without: `No other file of that name is in the repository. Write ${missing}, or name the Dockerfile of ${service.name}.`,
  });
}

/** The Dockerfile of a project beside this one builds something else. */
function ofAnother(stack: Stack, build: Build, path: string): string | undefined {
  const other = stack.services.find(
    (each) => each.build?.dockerfile === path && each.build.context !== build.context && each.build !== build,
  );
  return other ? `${path} builds ${other.name} from another context` : undefined;
}

/** Whatever the Dockerfile copies must be in the context, or it was written for another one. */
function unfit(stack: Stack, plan: BuildPlan): string | undefined {
  const dockerfile = plan.dockerfile === undefined ? undefined : stack.sources.dockerfile(plan.dockerfile);
  if (!dockerfile || dockerfile.problems.length > 0) return `${plan.dockerfile} cannot be read`;
  const [first] = missingSources(stack, dockerfile, plan);
  return first ? `${plan.dockerfile} copies ${first.word.text}, which that build context does not hold` : undefined;
}

/** Rewrites `dockerfile:`, adds it, or gives the short form its long one. */
function dockerfileChanges(
  build: Build,
  written: string,
  context: string,
  only: string,
): readonly Change[] | undefined {
  const { file, node, path } = build.part;
  const value = quoteScalar(writtenLike(written, context, only));
  const named = settingOf(build, 'dockerfile');
  if (named) return named.kind === 'scalar' ? [{ ...named.at, text: value }] : undefined;
  if (node.kind === 'scalar') return replaceValue(file, path, [`context: ${node.source}`, `dockerfile: ${value}`]);
  return insertEntries(file, path, [`dockerfile: ${value}`], settingOf(build, 'context') ? 'context' : undefined);
}
