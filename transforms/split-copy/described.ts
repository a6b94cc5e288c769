import type { Evidence, Finding } from '../../src/finding.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { DockerInstruction } from '../../src/parse/dockerfile.ts';
import { isCode, namesOf, type StageFiles } from './copies.ts';
import type { Install } from './run.ts';

/** The beginning of an instruction, for messages. */
export const firstLine = (instruction: DockerInstruction): string =>
  `${instruction.keyword} ${instruction.script.split('\n')[0]?.trim() ?? ''}`.slice(0, 80);

/** What is wrong with an install, and the chain of places that proves it. */
export function described(
  stack: Stack,
  files: StageFiles,
  broad: readonly number[],
  run: number,
  installs: readonly Install[],
): Omit<Finding, 'fix'> {
  const layer = files.layers[run] as ImageLayer;
  const copies = broad.map((index) => files.layers[index] as ImageLayer);
  const commands = [...new Set(installs.map(({ command }) => command.words.map(({ text }) => text).join(' ')))];
  const reads = installs.flatMap(({ reading }) =>
    reading.kind === 'install' ? reading.reads : reading.kind === 'project' ? [reading.at] : [],
  );
  const manifests = new Set(reads.map(({ path }) => path));
  const evidence: Evidence[] = broad.map((index) => {
    const others = files.copied(index).filter(({ path }) => !manifests.has(path));
    return {
      at: (files.layers[index] as ImageLayer).instruction.at,
      says: `copies ${others.length} other ${others.length === 1 ? 'file' : 'files'} (${namesOf([...others].sort((a, b) => Number(isCode(b.path)) - Number(isCode(a.path))).map(({ path }) => path))})`,
    };
  });
  evidence.push({
    at: layer.instruction.at,
    says: `\`${commands.join('` and `')}\` ${commands.length === 1 ? 'runs' : 'run'} after it, in a layer that any of those files invalidates`,
  });
  for (const file of reads) {
    const text = stack.repo.read(file.path) ?? '';
    const end = text.search(/\r?\n|$/);
    evidence.push({ at: { path: file.path, start: 0, end: Math.max(0, end) }, says: `the install reads ${file.path}` });
  }
  return {
    message: `\`${commands[0] ?? ''}\` runs after \`${copies.map(({ instruction }) => firstLine(instruction)).join('` and `')}\`, so every edit of the code installs all dependencies again`,
    at: layer.instruction.at,
    evidence,
  };
}

/** The finding when a person has to do it. */
export function manual(
  stack: Stack,
  files: StageFiles,
  broad: readonly number[],
  run: number,
  installs: readonly Install[],
  advice: string,
): Finding {
  const title = 'Copy the dependency manifests and install before the code is copied';
  return { ...described(stack, files, broad, run, installs), fix: { title, safety: 'manual', changes: [] }, advice };
}
