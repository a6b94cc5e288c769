import type { Evidence, Finding, Span } from '../../src/finding.ts';
import { installationsOf } from '../../src/model/image/installations.ts';
import { failureOf, type NeededProgram, neededProgram } from '../../src/model/image/needed-program.ts';
import { type Holder, lookUpProgram, type ProgramLookup, provides } from '../../src/model/image/program-lookup.ts';
import { homeOf } from '../../src/model/image/user-home.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { nameOf } from '../../src/repo/path.ts';
import { mismatch } from './mismatch.ts';
import { onPath, samePath, withoutRunner } from './repairs.ts';

/** What keeps a service's process from its virtual environment; `undefined` when it is found, or nobody can say. */
export function judge(stack: Stack, view: ServiceView): Finding | undefined {
  const needed = neededProgram(stack, view);
  if (!needed || !view.image) return undefined;
  const program = needed.module ?? needed.name;
  const lookup = lookUpProgram(stack.repo, view.container, program);
  const holders = lookup.holders.filter(({ deadShebang }) => !(deadShebang && lookup.is === 'yes'));
  const [holder, ...others] = holders;
  // What a mount hides is moved by unmask-dependencies.
  if (holders.some(({ hiddenBy }) => hiddenBy)) return undefined;
  if (needed.runner !== undefined) return runnerMissing(stack, view, needed, needed.runner, holders);
  const used = holders.find(({ programs }) => lookup.foundAt === `${programs}/${nameOf(program)}`);
  if (lookup.is === 'yes') return used && differs(view, program, used, lookup);
  if (lookup.is === 'unknown') return undefined;
  if (!holder) return inCache(stack, view, needed, lookup);
  if (others.length > 0) return undefined;
  const different = differs(view, program, holder, lookup);
  if (different) return different;
  if (holder.deadShebang) return deadShebang(stack, view, program, holder, lookup);
  if (program.includes('/') || holder.onPath || needed.name.includes('/')) return undefined;
  return offPath(stack, view, needed, holder, lookup);
}

function offPath(
  stack: Stack,
  view: ServiceView,
  needed: NeededProgram,
  holder: Holder,
  lookup: ProgramLookup,
): Finding | undefined {
  const program = needed.module ?? needed.name;
  const { installation, programs } = holder;
  const { service, image } = view;
  const finding = {
    message: `${service.name} starts ${program}, which is only in ${programs}, and PATH does not name that folder, so it stops with \`${failureOf(view, needed)}\``,
    at: startOf(view),
    evidence: lookup.evidence,
  };
  const title = `Put ${programs} on PATH`;
  const manual = (advice: string): Finding => ({ ...finding, fix: { title, safety: 'manual', changes: [] }, advice });
  if (installation.kind === 'packages') {
    if (!/\/\.local$/.test(programs.slice(0, -4))) return undefined;
    const home = image && homeOf(image.layers, image.user);
    if (programs !== `${home}/.local/bin`)
      return manual(
        `The process runs as ${image?.user ?? 'root'}, who does not see ${programs}: install as that user, or into a virtual environment.`,
      );
  }
  if (lookup.path.setBy === 'compose')
    return manual(`Compose sets PATH for ${service.name}: add ${programs} to it, or drop it there.`);
  const repair = onPath(stack, view, program, holder);
  return repair
    ? { ...finding, fix: { title, ...repair } }
    : manual(`Add ENV PATH="${programs}:$PATH" to the stage that runs.`);
}

/** Scripts of a virtual environment begin with the path of its interpreter. */
function deadShebang(stack: Stack, view: ServiceView, program: string, holder: Holder, lookup: ProgramLookup): Finding {
  const { root, madeAt, origin } = holder.installation;
  const finding = {
    message: `The virtual environment was made in ${madeAt} and copied to ${root}, but its programs begin with \`#!${madeAt}/bin/python\`, which is not there, so ${view.service.name} stops with \`exec ${holder.programs}/${nameOf(program)}: no such file or directory\``,
    at: origin.at(-1)?.at ?? startOf(view),
    evidence: lookup.evidence,
  };
  const title = `Copy the virtual environment to ${madeAt}, where it was made`;
  const changes = samePath(stack, view, program, holder);
  return changes
    ? { ...finding, fix: { title, safety: 'review', changes } }
    : {
        ...finding,
        fix: { title, safety: 'manual', changes: [] },
        advice: `Make the environment at the path where it is used, or start it with ${root}/bin/python -m ${nameOf(program)}.`,
      };
}

/** `poetry run x` in a stage without poetry. */
function runnerMissing(
  stack: Stack,
  view: ServiceView,
  needed: NeededProgram,
  runner: string,
  holders: readonly Holder[],
): Finding | undefined {
  const tool = lookUpProgram(stack.repo, view.container, runner);
  const program = needed.module ?? needed.name;
  const [holder, ...others] = holders;
  if (tool.is !== 'no' || !holder || others.length > 0 || tool.holders.length > 0) return undefined;
  const lookup = lookUpProgram(stack.repo, view.container, program);
  const different = differs(view, program, holder, lookup);
  if (different) return different;
  const finding = {
    message: `${view.service.name} starts \`${runner} run ${program}\`, but the stage that runs has no ${runner}, so it stops with \`${failureOf(view, needed)}\`; ${program} itself is in ${holder.programs}`,
    at: startOf(view),
    evidence: [...tool.evidence, ...lookup.evidence.filter(({ at }) => !tool.evidence.some((each) => each.at === at))],
  };
  const title = `Start ${program} of ${holder.installation.root} without ${runner}`;
  const changes = withoutRunner(stack, view, runner, program, holder);
  return changes
    ? { ...finding, fix: { title, safety: 'review', changes } }
    : {
        ...finding,
        fix: { title, safety: 'manual', changes: [] },
        advice: `Start ${holder.programs}/${nameOf(program)} instead of \`${runner} run\`.`,
      };
}

/** A virtual environment of another Python. */
function differs(view: ServiceView, program: string, holder: Holder, lookup: ProgramLookup): Finding | undefined {
  const difference = view.image && mismatch(view.image, holder.installation);
  if (!difference) return undefined;
  return {
    message: `${view.service.name} starts ${program} of ${holder.installation.root}, which was made on ${holder.installation.base}, but runs on ${view.image?.base}: ${difference.says}`,
    at: difference.at,
    evidence: [...lookup.evidence, { at: difference.at, says: `the stage that runs is based on ${view.image?.base}` }],
    fix: { title: `Build both stages on one Python`, safety: 'manual', changes: [] },
    advice: `Use the same Python version and the same system (slim or alpine) for both stages; which of the two is yours to decide.`,
  };
}

/** Poetry and pipenv keep environments in a cache folder unless they are told otherwise. */
function inCache(stack: Stack, view: ServiceView, needed: NeededProgram, lookup: ProgramLookup): Finding | undefined {
  if (!view.image) return undefined;
  const program = needed.module ?? needed.name;
  const found = installationsOf(stack.repo, view.image).all.find(
    (each) =>
      each.kind === 'venv' && each.root === undefined && provides(stack.repo, each, nameOf(program)).is === 'yes',
  );
  if (!found || program.includes('/')) return undefined;
  const variable = found.tool === 'pipenv' ? 'PIPENV_VENV_IN_PROJECT=1' : 'POETRY_VIRTUALENVS_IN_PROJECT=true';
  const folder = view.image.workdir === '/' ? '' : view.image.workdir;
  const evidence: readonly Evidence[] = [...lookup.evidence, ...found.origin];
  return {
    message: `${view.service.name} starts ${program}, but ${found.tool} puts it into a virtual environment in its cache, which is not on PATH, so it stops with \`${failureOf(view, needed)}\``,
    at: startOf(view),
    evidence,
    fix: { title: `Put the virtual environment of ${found.tool} on PATH`, safety: 'manual', changes: [] },
    advice: `Set ENV ${variable} before the install and ENV PATH="${folder}/.venv/bin:$PATH" after it, or start \`${found.tool} run ${program}\`.`,
  };
}

const startOf = (view: ServiceView): Span =>
  view.container.argv?.cmd?.at ?? view.container.argv?.entrypoint?.at ?? view.service.at;
