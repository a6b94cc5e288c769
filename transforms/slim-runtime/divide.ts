import type { Edit, Finding } from '../../src/finding.ts';
import { eolOf, lineStart } from '../../src/lines.ts';
import { packageName } from '../../src/model/image/apt.ts';
import { imageTag } from '../../src/model/image/base-image.ts';
import { isForBuilding, isKnown, runtimeOf } from '../../src/model/image/debian-packages.ts';
import { contextCopies } from '../../src/model/image/files.ts';
import { installationsOf } from '../../src/model/image/installations.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import { pythonOfBase } from '../../src/model/image/python-base.ts';
import type { Image } from '../../src/model/image.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { DockerInstruction } from '../../src/parse/dockerfile.ts';
import type { ShellWord } from '../../src/parse/shell.ts';
import { kindOf, leavesRecommends, packagesIn, type RunKind } from './parts.ts';
import { areOrdinary } from './requirements.ts';

const VENV = '/opt/venv';

/** The only stage of a Dockerfile, understood from its first to its last instruction. */
export interface Parts {
  /** Up to and with the last `pip install`. */
  readonly building: readonly ImageLayer[];
  readonly kinds: ReadonlyMap<DockerInstruction, RunKind>;
  readonly packages: readonly ShellWord[];
  /** Manifests that no later COPY brings along. */
  readonly kept: ReadonlySet<DockerInstruction>;
  readonly noRecommends: boolean;
}

/** Understands the stage; `undefined` when it has no compilers or does anything that is not plain. */
export function partsOf(stack: Stack, image: Image): Parts | undefined {
  const { layers, base = '' } = image;
  if (!pythonOfBase(base) || base.includes('/') || !/(?:^|-)slim(?:-bookworm|-trixie)?$/.test(imageTag(base)))
    return undefined;
  if (layers.some(({ instruction: { keyword } }) => /^(?:ONBUILD|SHELL)$/.test(keyword))) return undefined;
  const kinds = new Map(
    layers.flatMap((layer) =>
      layer.instruction.keyword === 'RUN' ? [[layer.instruction, kindOf(layer)] as const] : [],
    ),
  );
  if ([...kinds.values()].includes(undefined)) return undefined;
  const last = layers.findLastIndex(({ instruction }) => kinds.get(instruction) === 'pip');
  const building = layers.slice(0, last + 1);
  const rest = layers.slice(last + 1);
  if (building.some(({ instruction }) => instruction.keyword === 'USER' || kinds.get(instruction) === 'project'))
    return undefined;
  const packages = building.flatMap(packagesIn);
  if (packages.some(({ literal }) => !literal) || !packages.some((word) => isForBuilding(packageName(word))))
    return undefined;
  const later = rest.flatMap(packagesIn);
  if (later.some((word) => !word.literal || isForBuilding(packageName(word)))) return undefined;
  if ([...packages, ...later].some((word) => /^(?:cron|sudo|supervisor)$/.test(packageName(word)))) return undefined;
  const contents = installationsOf(stack.repo, image).all.flatMap((each) => each.contents);
  if (!contents.every((each) => each.complete && areOrdinary(stack, each))) return undefined;
  const kept = keptCopies(stack, image, building);
  return kept && { building, kinds, packages, kept, noRecommends: building.every(leavesRecommends) };
}

/** Early COPYs whose files the later ones do not bring; `undefined` when one copies more than manifests. */
function keptCopies(
  stack: Stack,
  image: Image,
  building: readonly ImageLayer[],
): ReadonlySet<DockerInstruction> | undefined {
  const kept = new Set<DockerInstruction>();
  for (const [index, { instruction }] of building.entries()) {
    if (!/^(?:COPY|ADD)$/.test(instruction.keyword)) continue;
    const copies = contextCopies(stack.repo, image.layers, index);
    if (copies.length === 0 || copies.some(({ folder }) => folder) || instruction.heredocs.length > 0) return undefined;
    const isAgain = copies.every(
      ({ source, target }) => image.placesOf(source).filter((place) => place === target).length > 1,
    );
    if (!isAgain) kept.add(instruction);
  }
  return kept;
}

/** Instructions that say what runs: they move to the stage that runs. The others stand in both. */
const MOVES = /^(?:LABEL|MAINTAINER|EXPOSE|HEALTHCHECK|STOPSIGNAL|VOLUME|CMD|ENTRYPOINT)$/;

/** The finding, with the Dockerfile divided behind its last `pip install`. */
export function divide(image: Image, parts: Parts): Finding {
  const { stage, dockerfile } = image;
  const { packages, building } = parts;
  const forBuilding = [...new Set(packages.map(packageName).filter(isForBuilding))];
  const compiles = parts.building.filter((layer) => packagesIn(layer).length > 0);
  const finding = {
    message: `The image that runs holds what only the build needs (${forBuilding.join(', ')}), so it is larger by hundreds of megabytes and gives whoever breaks in a compiler`,
    at: compiles[0]?.instruction.at ?? stage.from.at,
    evidence: [
      ...compiles.map(({ instruction }) => ({ at: instruction.at, says: 'apt installs compilers and headers here' })),
      ...building
        .slice(-1)
        .map(({ instruction }) => ({ at: instruction.at, says: 'this is the last instruction that may need them' })),
      { at: stage.from.at, says: 'there is one stage only, so they stay' },
    ],
  };
  const title = 'Install in a stage of its own, and copy the packages to the stage that runs';
  const unknown = forBuilding.filter((name) => runtimeOf(name) === undefined);
  if (unknown.length > 0)
    return {
      ...finding,
      fix: { title, safety: 'manual', changes: [] },
      advice: `Make a second stage, and install there the library that belongs to ${unknown.join(' and ')} (apt-cache depends ${unknown[0]}): its name depends on the Debian release.`,
    };
  return {
    ...finding,
    fix: { title, safety: 'review', changes: edits(image, parts) },
    advice: `Build both and compare: docker compose build && docker images. ${dockerfile.path} now has the stage builder, which is thrown away.`,
  };
}

function edits(
  { dockerfile, stage }: Image,
  { building, kinds, packages, kept, noRecommends }: Parts,
): readonly Edit[] {
  const { path, text } = dockerfile;
  const eol = eolOf(text);
  const isLower = /^from/.test(text.slice(stage.from.at.start));
  const word = (keyword: string): string => (isLower ? keyword.toLowerCase() : keyword);
  const source = ({ at }: DockerInstruction): string => text.slice(at.start, at.end);
  const withComments = (each: DockerInstruction): string => text.slice(topOf(each, text), each.at.end);
  const moved = building
    .map(({ instruction }) => instruction)
    .filter((each) => MOVES.test(each.keyword) || kinds.get(each) === 'set-up');
  const needed = [
    ...new Set(
      packages.flatMap((each) =>
        isForBuilding(packageName(each)) ? (runtimeOf(packageName(each)) ?? []) : [each.text],
      ),
    ),
  ];
  const runtime: string[] = [source(stage.from)];
  let isInstalled = needed.length === 0;
  for (const { instruction } of building) {
    if (instruction === stage.from) continue;
    const { keyword } = instruction;
    if (moved.includes(instruction)) runtime.push(withComments(instruction));
    else if (/^(?:ENV|ARG|WORKDIR)$/.test(keyword) || kept.has(instruction)) runtime.push(source(instruction));
    else if (kinds.get(instruction) === 'apt' && !isInstalled) {
      const flag = noRecommends || needed.every(isKnown) ? ' --no-install-recommends' : '';
      const update = `apt-get update && apt-get install -y${flag}`;
      runtime.push(`${word('RUN')} ${update} ${needed.join(' ')} \\${eol}    && rm -rf /var/lib/apt/lists/*`);
      isInstalled = true;
    }
  }
  const path_ = `${word('ENV')} PATH="${VENV}/bin:$PATH"`;
  runtime.push(`${word('COPY')} --from=builder ${VENV} ${VENV}`, path_);
  const last = building.at(-1)?.instruction ?? stage.from;
  const first =
    building.find(({ instruction: each }) => /^(?:COPY|ADD)$/.test(each.keyword) || kinds.get(each) === 'pip')
      ?.instruction ?? last;
  const above = topOf(first, text);
  const below = last.lines.end;
  const block = `${eol}${runtime.join(eol)}`;
  return [
    { path, start: stage.from.at.end, end: stage.from.at.end, text: ` ${word('AS')} builder` },
    { path, start: above, end: above, text: `${word('RUN')} python -m venv ${VENV}${eol}${path_}${eol}` },
    { path, start: below, end: below, text: text[below - 1] === '\n' ? `${block}${eol}` : `${eol}${block}` },
    ...moved.map((each): Edit => ({ path, start: topOf(each, text), end: each.lines.end, text: '' })),
  ];
}

/** Where an instruction's lines begin, with the comments directly above it. */
const topOf = ({ comments, lines }: DockerInstruction, text: string): number =>
  lineStart(text, comments[0]?.start ?? lines.start);
