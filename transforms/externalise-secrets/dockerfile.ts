import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import { withVariables } from '../../src/model/env/environment-edit.ts';
import { addToExample, examplePath } from '../../src/model/env/example.ts';
import { isOfTests } from '../../src/model/of-tests.ts';
import { exampleValues, isExample } from '../../src/model/secret/known.ts';
import { credentialsIn, isCommon, isSecret, isUrlSecret } from '../../src/model/secret.ts';
import type { Service } from '../../src/model/service.ts';
import type { Stack } from '../../src/model/stack.ts';
import {
  assignmentsOf,
  type DockerAssignment,
  type Dockerfile,
  type DockerInstruction,
} from '../../src/parse/dockerfile.ts';
import { readShell } from '../../src/parse/shell.ts';
import { nameOf } from '../../src/repo/path.ts';

/** A secret of an ENV or ARG. */
interface Baked {
  readonly instruction: DockerInstruction;
  readonly assignment: DockerAssignment;
}

/** Secrets that a Dockerfile bakes into every image: anybody who pulls it reads them with `docker history` or `docker inspect`. */
export function* dockerfileFindings(stack: Stack, path: string): Iterable<Finding> {
  const file = stack.sources.dockerfile(path);
  if (!file || file.problems.length > 0 || isOfTests(nameOf(path))) return;
  const examples = exampleValues(stack.repo);
  for (const instruction of file.instructions) {
    if (instruction.keyword !== 'ENV' && instruction.keyword !== 'ARG') continue;
    for (const assignment of assignmentsOf(instruction)) {
      const { name, value } = assignment;
      if (value === undefined || isOfTests(name) || isExample(value, examples) || !isBaked(name, value)) continue;
      const baked = { instruction, assignment };
      yield instruction.keyword === 'ARG' ? argFinding(baked) : envFinding(stack, file, baked);
    }
  }
}

/** A weak word is the default of a development image, which a service overrides. */
const isBaked = (name: string, value: string): boolean =>
  (isSecret(name, value) && !isCommon(value)) ||
  credentialsIn(value).some((each) => isUrlSecret(each) && !isCommon(each.password));

const HISTORY = 'What an image was built with stays readable in every image that exists: choose a new secret.';

function argFinding({ assignment: { name, at } }: Baked): Finding {
  const id = name.toLowerCase();
  return {
    message: `The build argument ${name} has a secret as its default: it is in the repository, and in the history of every image.`,
    at,
    evidence: [{ at, says: `${name} is given here in plain text` }],
    fix: { title: `Give ${name} to the build as a secret mount`, safety: 'manual', changes: [] },
    // https://docs.docker.com/build/building/secrets/
    advice: `Take the default away and mount the secret only while a step needs it: RUN --mount=type=secret,id=${id},env=${name} …, with "secrets: [${id}]" under build and "${id}: { environment: ${name} }" under the top-level secrets of Compose (or docker build --secret id=${id},env=${name}). ${HISTORY}`,
  };
}

function envFinding(stack: Stack, file: Dockerfile, baked: Baked): Finding {
  const { name, at } = baked.assignment;
  const services = stack.services.filter(({ build }) => build?.dockerfile === file.path);
  const message = `The image has ${name} in plain text: whoever reads the repository, or can pull the image, has it.`;
  const evidence: Evidence[] = [{ at, says: `${name} is set here for every container` }];
  const reader = readerOf(file, baked);
  const lacking = services.filter((service) => service.environment.get(name)?.from !== 'environment');
  const isUrl = credentialsIn(baked.assignment.value ?? '').length > 0;
  const project = services[0]?.project;
  const instead = `Take it out of the Dockerfile, and give it to the container when it starts (environment, env_file). ${HISTORY}`;
  const manual = (advice: string, more: readonly Evidence[]): Finding => ({
    message,
    at,
    evidence: [...evidence, ...more],
    fix: { title: `Take ${name} out of the image`, safety: 'manual', changes: [] },
    advice,
  });
  if (reader)
    return manual(
      `A step of the build may read it: give that step a value of its own (RUN ${name}=… command) or a secret mount, before the ENV goes. ${HISTORY}`,
      [{ at: reader.at, says: 'this step of the build may read it' }],
    );
  const removal = removalOf(file, baked);
  if (!project || services.some((service) => service.project !== project) || (isUrl && lacking.length > 0) || !removal)
    return manual(instead, []);
  const given = new Map<Service, readonly { name: string; value: string }[]>(
    lacking.map((service) => [service, [{ name, value: `\${${name}:?${name} is required}` }]]),
  );
  const edits = given.size === 0 ? [] : withVariables(given);
  if (!edits) return manual(instead, []);
  const owners = lacking.map((service) => service.name);
  const entry = { name, comment: 'Secret', placeholder: 'change-me' };
  const examples = owners.length > 0 ? addToExample(stack, project.folder, [entry]) : [];
  return {
    message,
    at,
    evidence: [
      ...evidence,
      ...services.map((service) => ({ at: service.at, says: `${service.name} runs this image` })),
    ],
    fix: {
      title:
        owners.length > 0
          ? `Take ${name} out of the image, and give it to ${owners.join(' and ')} from .env`
          : `Take ${name} out of the image: its services set it themselves`,
      safety: 'review',
      changes: [removal, ...edits, ...examples],
    },
    advice:
      owners.length > 0
        ? `Before the next start put ${name} into ${project.folder === '' ? '' : `${project.folder}/`}.env (see ${examplePath(stack, project.folder)}). ${HISTORY}`
        : HISTORY,
  };
}

/** Commands that install or arrange, and never look at an application's variables. */
const BLIND =
  /^(?:apt-get|apt|apk|yum|dnf|microdnf|set|true|:|test|\[|mkdir|chown|chmod|useradd|adduser|groupadd|addgroup|usermod|rm|ln|cp|mv|cd|pip3?|ldconfig|locale-gen|update-ca-certificates|corepack|echo|touch)$/;

/** A step of the build that may read the variable; `undefined` when none does. */
function readerOf(file: Dockerfile, { instruction, assignment }: Baked): DockerInstruction | undefined {
  const mentions = new RegExp(`\\$\\{?${assignment.name}\\b`);
  const heirs = heirsOf(file, instruction.stage);
  return file.instructions.find((other) => {
    if (other === instruction || other.stage < instruction.stage || !heirs.has(other.stage)) return false;
    if (other.stage === instruction.stage && other.at.start < instruction.at.start) return false;
    const text = file.text.slice(other.at.start, other.at.end);
    if (other.keyword !== 'RUN') return mentions.test(text) && !/^(?:CMD|ENTRYPOINT|HEALTHCHECK)$/.test(other.keyword);
    if (mentions.test(text) || /^(?:PIP|NPM|UV|POETRY|GITHUB|GIT)_|NPM_TOKEN/.test(assignment.name)) return true;
    const script = other.exec ? other.exec.join(' ') : other.script;
    return readShell(file.path, script).commands.some(({ words }) => {
      const program = words[0]?.text;
      const isModule =
        /^python3?$/.test(program ?? '') &&
        /^-m (?:pip|venv|compileall)\b/.test(
          words
            .slice(1)
            .map(({ text: word }) => word)
            .join(' '),
        );
      const isInstall =
        /^(?:npm|poetry|uv|pipenv)$/.test(program ?? '') && /^(?:ci|install|i|sync|config)$/.test(words[1]?.text ?? '');
      return program !== undefined && !BLIND.test(program) && !isModule && !isInstall;
    });
  });
}

/** A stage and those that are built on it. */
function heirsOf(file: Dockerfile, stage: number): ReadonlySet<number> {
  const heirs = new Set([stage]);
  for (const { index, base } of file.stages)
    if (
      file.stages.some(
        (other) => heirs.has(other.index) && other.index < index && other.name?.toLowerCase() === base.toLowerCase(),
      )
    )
      heirs.add(index);
  return heirs;
}

/** The edit that takes one assignment away, or the whole instruction when it sets nothing else. */
function removalOf(file: Dockerfile, { instruction, assignment }: Baked): Edit | undefined {
  const all = assignmentsOf(instruction);
  const index = all.indexOf(all.find(({ at }) => at.start === assignment.at.start) ?? assignment);
  if (all.length === 1) {
    const [first] = instruction.comments;
    const { path, start, end } = instruction.lines;
    // A comment above it that speaks of the secret would speak of nothing.
    const from = first && isAbout(file, instruction, assignment.name) ? first.start : start;
    return { path, start: from, end, text: '' };
  }
  const before = all[index - 1];
  const after = all[index + 1];
  const [start, end] = before ? [before.at.end, assignment.at.end] : [assignment.at.start, after?.at.start];
  if (end === undefined || file.text.slice(start, end).includes('#')) return undefined;
  return { path: file.path, start, end, text: '' };
}

const isAbout = (file: Dockerfile, { comments }: DockerInstruction, name: string): boolean =>
  comments.length === 1 && comments.some(({ start, end }) => file.text.slice(start, end).includes(name));
