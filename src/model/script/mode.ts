import type { Evidence, Span } from '../../finding.ts';
import { readShell } from '../../parse/shell.ts';
import { joinContainer, nameOf, within } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Answer, ImageLayer } from '../image/layer.ts';
import type { StartedScript } from './started.ts';

/** Whether a script has the exec bit where it is started: by a bind mount, COPY's `--chmod`, a RUN, or the file's own mode. */
export function executableIn(repo: Repo, script: StartedScript): Answer {
  const file = repo.file(script.path);
  if (!('text' in file)) return { is: 'unknown', evidence: [] };
  const own: Evidence = { at: { path: script.path, start: 0, end: 0 }, says: 'the file is not executable' };
  if (file.mode === 0o755) return { is: 'yes', evidence: [{ at: own.at, says: 'the file is executable' }] };
  if (script.mount) {
    const says = 'this mount shows the file with the mode that it has in the repository';
    return script.mount.kind === 'bind'
      ? { is: 'no', evidence: [{ at: script.mount.at, says }, own] }
      : { is: 'unknown', evidence: [] };
  }
  const { copiedAt, layers } = script;
  const copied = layers.findIndex(
    ({ instruction }) => instruction.at.start === copiedAt?.start && instruction.at.path === copiedAt.path,
  );
  if (copied < 0 || copiedAt === undefined) return { is: 'unknown', evidence: [] };
  return (
    modeOfCopy(layers, copied, copiedAt, script.containerPath) ?? {
      is: 'no',
      evidence: [
        {
          at: copiedAt,
          says: 'COPY keeps the mode that the file has in the repository, and nothing changes it afterwards',
        },
        own,
      ],
    }
  );
}

/** What `--chmod` and the RUNs after a COPY make of a file's mode; `undefined` when they leave it. */
function modeOfCopy(layers: readonly ImageLayer[], copied: number, at: Span, path: string): Answer | undefined {
  const chmod = layers[copied]?.instruction.flags.find(({ name }) => name === 'chmod')?.value;
  if (chmod !== undefined) {
    const is = /^[0-7]*[1357][0-7]{0,2}$/.test(chmod) && /[1357]/.test(chmod.slice(-3)) ? 'yes' : 'unknown';
    return { is, evidence: [{ at, says: `COPY gives it the mode ${chmod}` }] };
  }
  for (const { instruction, workdir } of layers.slice(copied + 1)) {
    if (instruction.keyword !== 'RUN') continue;
    const { commands } = readShell(instruction.at.path, instruction.script);
    const moves = commands.some(({ words }) => words[0]?.text === 'cd' || words[0]?.text === 'pushd');
    for (const { words } of commands) {
      const texts = words.map(({ text }) => text);
      if (!texts.includes('chmod') && texts[0] !== 'install') continue;
      if (texts[0] !== 'chmod') return { is: 'unknown', evidence: [] };
      const targets = texts.slice(2).map((text) => joinContainer(workdir, text));
      if (targets.some((target) => covers(target, path) || (moves && covers(nameOf(target), nameOf(path)))))
        return { is: 'unknown', evidence: [{ at: instruction.at, says: 'this may make it executable' }] };
    }
  }
  return undefined;
}

/** A path, a folder above it, or a pattern such as `/app/*.sh`. */
function covers(target: string, path: string): boolean {
  if (within(target, path) !== undefined || /[$?[{]/.test(target)) return true;
  if (!target.includes('*')) return false;
  const pattern = target
    .split('*')
    .map((piece) => piece.replace(/[.+^()|\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`).test(path);
}
