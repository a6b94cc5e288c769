import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import { eolOf, lineStart } from '../../src/lines.ts';
import { contextCopies } from '../../src/model/image/files.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import { copyOf, type DockerInstruction } from '../../src/parse/dockerfile.ts';
import { within } from '../../src/repo/path.ts';
import type { Case } from './case.ts';
import { type Places, placesOf } from './places.ts';

const NAME = 'app';
const UID = 1000;

/** The finding: applied when all that the processes write is known. */
export function repair(subject: Case): Finding | undefined {
  const { image, views } = subject;
  const places = placesOf(subject);
  const names = views.map(({ service }) => service.name).join(' and ');
  const at = image.cmd?.at ?? image.entrypoint?.at ?? image.stage.from.at;
  if (!places) return undefined;
  const common = {
    message: `${names} run${views.length === 1 ? 's' : ''} as root, so whoever breaks into the process may change everything in the container, and owns every file that it writes to a mount`,
    at,
    evidence: [
      { at: image.stage.from.at, says: 'this base starts as root, and no USER follows' },
      ...views.slice(0, 1).flatMap(({ startup }) => startup.evidence),
    ],
  };
  const title = `Run as the user ${NAME} (${UID})`;
  if ('why' in places)
    return {
      ...common,
      evidence: [...common.evidence],
      fix: { title, safety: 'manual', changes: [] },
      advice: `Not applied, because ${places.why}. ${places.advice}`,
    };
  const changes = changesFor(
    subject,
    places.owned,
    places.volumes.map(({ target }) => target).filter((target) => !subject.made.includes(target)),
  );
  if (!changes) return undefined;
  const advice = adviceFor(subject, places);
  return {
    ...common,
    evidence: [...common.evidence, ...mountEvidence(places)],
    fix: { title, safety: 'review', changes },
    ...(advice === undefined ? {} : { advice }),
  };
}

type Known = Exclude<Places, { readonly why: string }>;

const mountEvidence = ({ volumes, binds }: Known): readonly Evidence[] => [
  ...volumes.map(({ at, target }) => ({
    at,
    says: `the process writes to this volume, so the image has to give ${target} to the user`,
  })),
  ...binds.map(({ at, target }) => ({ at, says: `${target} keeps the owner that it has on the host` })),
];

function adviceFor({ views }: Case, { volumes, binds }: Known): string | undefined {
  const lines = [
    ...volumes.map(({ target }) => {
      const service = views.find((view) => view.service.mounts.some((mount) => mount.target === target))?.service.name;
      return `A volume that exists already belongs to root: docker compose run --rm --user root --entrypoint chown ${service} -R ${UID}:${UID} ${target}`;
    }),
    ...binds.map(
      ({ target, source }) =>
        `On Linux user ${UID} must be able to write to ${source || 'the repository'} on the host, if the process writes to ${target}.`,
    ),
  ];
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** The user before the first COPY that it owns, the ownership of folders and USER below the last instruction that needs root. */
function changesFor(
  { image, alpine, stack }: Case,
  owned: readonly string[],
  volumes: readonly string[],
): readonly Edit[] | undefined {
  const { dockerfile, stage, layers, workdir } = image;
  const { text, path } = dockerfile;
  const own = layers.filter(({ instruction }) => instruction.stage === stage.index);
  const lastInstall = own.findLastIndex(
    ({ instruction }) => instruction.keyword === 'RUN' && /\b(?:pip|poetry|apt-get|apk)\b/.test(instruction.script),
  );
  const intoWorkdir = own.filter(({ instruction }) =>
    contextCopies(stack.repo, layers, indexOf(layers, instruction)).some(
      ({ target }) => within(workdir, target) !== undefined,
    ),
  );
  const isMissing = own.some(({ instruction }) => {
    const copy = copyOf(instruction);
    return (
      copy && copy.from === undefined && contextCopies(stack.repo, layers, indexOf(layers, instruction)).length === 0
    );
  });
  if (isMissing) return undefined;
  const code = intoWorkdir.filter(
    ({ instruction }) =>
      own.findIndex((each) => each.instruction === instruction) > lastInstall ||
      contextCopies(stack.repo, layers, indexOf(layers, instruction)).some(({ folder }) => folder),
  );
  const copies = code.length > 0 ? code : intoWorkdir;
  const [first] = copies;
  const last = own.findLast(({ instruction: { keyword } }) => /^(?:RUN|COPY|ADD|WORKDIR)$/.test(keyword))?.instruction;
  if (!first || !last || copies.some(({ instruction }) => instruction.flags.some(({ name }) => name === 'chown')))
    return undefined;
  const eol = eolOf(text);
  const cased = (word: string): string => (/^from/.test(text.slice(stage.from.at.start)) ? word.toLowerCase() : word);
  const user = alpine
    ? `addgroup -g ${UID} ${NAME} && adduser -D -u ${UID} -G ${NAME} ${NAME}`
    : `groupadd --gid ${UID} ${NAME} && useradd --uid ${UID} --gid ${NAME} --create-home ${NAME}`;
  const above = lineStart(text, first.instruction.comments[0]?.start ?? first.instruction.lines.start);
  const mkdir = volumes.length === 0 ? '' : `mkdir -p ${[...volumes].sort().join(' ')} && `;
  const tail = `${cased('RUN')} ${mkdir}chown ${NAME}:${NAME} ${owned.join(' ')}${eol}${cased('USER')} ${NAME}`;
  const below = last.lines.end;
  const isEnded = text[below - 1] === '\n';
  return [
    { path, start: above, end: above, text: `${cased('RUN')} ${user}${eol}` },
    ...copies.map(({ instruction: { at, keyword } }): Edit => {
      const start = at.start + keyword.length;
      return { path, start, end: start, text: ` --chown=${NAME}:${NAME}` };
    }),
    { path, start: below, end: below, text: isEnded ? `${tail}${eol}` : `${eol}${tail}` },
  ];
}

const indexOf = (layers: readonly ImageLayer[], instruction: DockerInstruction): number =>
  layers.findIndex((layer) => layer.instruction === instruction);
