import type { Edit, Finding } from '../../src/finding.ts';
import { type Image, readImage } from '../../src/model/image.ts';
import type { BuildPlan } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import { copyOf, type Dockerfile, type DockerInstruction, type DockerStage } from '../../src/parse/dockerfile.ts';
import { folderOf, nameOf, resolveIn } from '../../src/repo/path.ts';
import { defineTransform } from '../../src/transform.ts';
import { type Made, madeIn } from './made.ts';

/** Adds the `--from` that a COPY out of an earlier stage lacks. */
export default defineTransform({
  id: 'copy-from-stage',
  group: 'repair',
  summary: 'Add the missing --from to a COPY whose source only an earlier stage has',
  *find(stack) {
    for (const path of stack.dockerfiles) {
      const dockerfile = stack.sources.dockerfile(path);
      if (!dockerfile || dockerfile.problems.length > 0 || dockerfile.stages.length < 2) continue;
      const plans = plansOf(stack, dockerfile);
      const contexts = plans.flatMap(({ context }) => (context === undefined ? [] : [context]));
      const [plan] = plans;
      // A context that is not in the repository may hold anything.
      if (!plan || contexts.length < plans.length) continue;
      for (const stage of dockerfile.stages.slice(1))
        for (const instruction of stage.instructions) {
          const finding = judge({ stack, dockerfile, plan, contexts }, stage, instruction);
          if (finding) yield finding;
        }
    }
  },
});

interface Scene {
  readonly stack: Stack;
  readonly dockerfile: Dockerfile;
  readonly plan: BuildPlan;
  readonly contexts: readonly string[];
}

/** The builds that name a Dockerfile; without one, its own folder and the root are possible contexts. */
function plansOf(stack: Stack, dockerfile: Dockerfile): readonly BuildPlan[] {
  const named = stack.builds.filter((build) => build.dockerfile === dockerfile.path);
  if (named.length > 0) return named;
  const { path } = dockerfile;
  return [...new Set([folderOf(path), ''])].map((context) => ({
    context,
    dockerfile: path,
    target: undefined,
    args: new Map(),
  }));
}

function judge(scene: Scene, stage: DockerStage, instruction: DockerInstruction): Finding | undefined {
  const copy = copyOf(instruction);
  if (!copy || copy.from !== undefined || instruction.heredocs.length > 0) return undefined;
  const image = stageImage(scene, stage.index);
  const layer = image?.layers.find((each) => each.instruction === instruction);
  if (!layer) return undefined;
  const sources = copy.sources.map(({ text }) => layer.expand(text));
  const missing = sources.filter((source) => !inContext(scene, source));
  if (missing.length === 0 || missing.some((source) => !/^\/[^$]/.test(source))) return undefined;
  const makers = scene.dockerfile.stages
    .filter(({ index }) => index < stage.index)
    .flatMap((earlier) => {
      const from = stageImage(scene, earlier.index);
      const made = from && missing.map((source) => madeIn(scene.stack, from, withoutPattern(source)));
      return made?.every((each): each is Made => each !== undefined) ? [{ stage: earlier, made }] : [];
    });
  const [maker] = makers;
  if (!maker) return undefined;
  const names = makers.map((each) => described(each.stage));
  const has = makers.length > 1 ? `${names.join(' and ')} have` : `${names[0]} has`;
  const list = missing.map((source) => withoutPattern(source)).join(' and ');
  const shown = scene.dockerfile.text.slice(instruction.at.start, instruction.at.end).replace(/\s+/g, ' ');
  const finding = {
    message: `\`${shown}\` has no --from, so it looks in the build context, which holds no ${list.replaceAll(/(^| )\//g, '$1')}, and the build stops with "${missing[0]}: not found"; only ${has} it`,
    at: instruction.at,
    evidence: [
      { at: instruction.at, says: `without --from, ${list} means a path of the build context` },
      ...contextEvidence(scene),
      ...makers.flatMap(({ made }) => made.map(({ at, says }) => ({ at, says }))),
      ...makers.map((each) => ({ at: each.stage.from.at, says: `this is ${described(each.stage)}` })),
    ],
  };
  const manual = (advice: string): Finding => ({
    ...finding,
    fix: { title: `Copy ${list} from the stage that makes it`, safety: 'manual', changes: [] },
    advice,
  });
  if (makers.length > 1) return manual(`Choose the stage and add --from=<stage>: ${names.join(' or ')}.`);
  if (missing.length < sources.length)
    return manual(`Divide the COPY: what ${names[0]} has needs a COPY --from of its own.`);
  if (instruction.keyword === 'ADD') return manual('ADD cannot copy from a stage: write COPY --from=<stage>.');
  const host = missing.find((source) => mayBeBuiltOutside(scene, source));
  if (host !== undefined)
    return manual(
      `If ${host} is built before \`docker build\`, this is right. Else add --from=${maker.stage.name ?? maker.stage.index}.`,
    );
  const name = maker.stage.name ?? freeName(scene.dockerfile);
  return {
    ...finding,
    fix: {
      title: `Copy ${list} from the stage ${name}`,
      safety: 'safe',
      changes: [...naming(scene.dockerfile, maker.stage, name), flag(instruction, name)],
    },
  };
}

const stageImage = ({ stack, plan }: Scene, index: number): Image | undefined =>
  readImage(stack.repo, stack.sources, { ...plan, target: String(index) }, () => undefined);

const described = (stage: DockerStage): string =>
  stage.name === undefined ? `the stage number ${stage.index}` : `the stage ${stage.name}`;

/** `/wheels/*.whl` → `/wheels`. */
const withoutPattern = (source: string): string =>
  (/[*?[]/.test(source) ? source.slice(0, source.search(/[^/]*[*?[]/)) : source).replace(/(?<=.)\/+$/, '');

/** True when a build context has the source, whether or not `.dockerignore` hides it, or when nobody can say. */
function inContext({ stack, contexts }: Scene, source: string): boolean {
  if (/^\w+:\/\/|^git@/.test(source)) return true;
  const path = withoutPattern(source).replace(/^\/+/, '');
  if (path === '' || path === '.') return true;
  return contexts.some((context) => {
    const found = resolveIn(context, path);
    if (found === undefined) return true;
    return stack.repo.has(found) || stack.repo.hasFolder(found) || stack.repo.linkAt(found) !== undefined;
  });
}

/** Build results that git ignores: with the folder in the context, a build outside of Docker may put them there. */
function mayBeBuiltOutside({ stack, contexts }: Scene, source: string): boolean {
  const path = withoutPattern(source).replace(/^\/+/, '');
  if (!/^(?:dist|build|out|public|target|release|bin|node_modules|\.next|\.output)$/.test(nameOf(path))) return false;
  return contexts.some((context) => stack.repo.hasFolder([context, folderOf(path)].filter(Boolean).join('/')));
}

const contextEvidence = ({ stack, dockerfile, contexts }: Scene): Finding['evidence'] =>
  stack.builds
    .filter((build) => build.dockerfile === dockerfile.path)
    .slice(0, 1)
    .map((build) => ({ at: build.at, says: `the build context is ${contexts[0] || 'the root of the repository'}` }));

function freeName(dockerfile: Dockerfile): string {
  const taken = new Set(dockerfile.stages.flatMap(({ name, base }) => [name?.toLowerCase(), base.toLowerCase()]));
  const names = ['builder', 'build', 'dependencies', 'builder-stage'];
  return names.find((name) => !taken.has(name)) ?? `stage-${dockerfile.stages.length}`;
}

/** `AS name` behind the FROM, in the file's own case. */
function naming(dockerfile: Dockerfile, stage: DockerStage, name: string): readonly Edit[] {
  if (stage.name !== undefined) return [];
  const words = dockerfile.stages.flatMap(({ from }) => from.words[1]?.text ?? []);
  const lower = words[0] === undefined ? /^from/.test(dockerfile.text.slice(stage.from.at.start)) : words[0] === 'as';
  const { end, path } = stage.from.at;
  return [{ path, start: end, end, text: ` ${lower ? 'as' : 'AS'} ${name}` }];
}

function flag(instruction: DockerInstruction, name: string): Edit {
  const start = instruction.at.start + instruction.keyword.length;
  return { path: instruction.at.path, start, end: start, text: ` --from=${name}` };
}
