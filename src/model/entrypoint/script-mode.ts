import type { Span } from '../../finding.ts';
import { readShell } from '../../parse/shell.ts';
import { joinContainer, within } from '../../repo/path.ts';
import type { Repo } from '../../repo/repo.ts';
import type { Answer } from '../image/layer.ts';
import type { StartScript } from '../process.ts';
import type { ServiceView } from '../stack.ts';

/** Whether a script has the exec bit where the container starts it: by a bind mount, COPY's `--chmod`, a RUN, or the file's own mode. */
export function executableIn(repo: Repo, view: ServiceView, script: StartScript): Answer {
  const file = repo.file(script.path);
  if (!('text' in file)) return { is: 'unknown', evidence: [] };
  const own: Span = { path: script.path, start: 0, end: 0 };
  if (file.mode === 0o755) return { is: 'yes', evidence: [{ at: own, says: 'the file is executable' }] };
  const mount = view.container.mountOver(script.containerPath);
  if (mount?.kind === 'bind')
    return {
      is: 'no',
      evidence: [
        { at: mount.at, says: 'this mount shows the file with the mode that it has in the repository' },
        { at: own, says: 'the file is not executable' },
      ],
    };
  const there = view.image?.fileAt(script.containerPath);
  if (mount || there?.kind !== 'repo' || !view.image) return { is: 'unknown', evidence: [] };
  const { layers } = view.image;
  const copied = layers.findIndex(
    ({ instruction }) => instruction.at.start === there.at.start && instruction.at.path === there.at.path,
  );
  if (copied < 0) return { is: 'unknown', evidence: [] };
  const chmod = layers[copied]?.instruction.flags.find(({ name }) => name === 'chmod')?.value;
  if (chmod !== undefined) {
    const is = /^[0-7]*[1357][0-7]{0,2}$/.test(chmod) && /[1357]/.test(chmod.slice(-3)) ? 'yes' : 'unknown';
    return { is, evidence: [{ at: there.at, says: `COPY gives it the mode ${chmod}` }] };
  }
  for (const { instruction, workdir } of layers.slice(copied + 1)) {
    if (instruction.keyword !== 'RUN') continue;
    for (const { words } of readShell(instruction.at.path, instruction.script).commands) {
      const texts = words.map(({ text }) => text);
      if (!texts.some((text) => /^(?:chmod|install|find|xargs)$/.test(text))) continue;
      if (texts[0] !== 'chmod') return { is: 'unknown', evidence: [] };
      const targets = texts.slice(2).map((text) => joinContainer(workdir, text));
      if (targets.some((target) => covers(target, script.containerPath)))
        return { is: 'unknown', evidence: [{ at: instruction.at, says: 'this may make it executable' }] };
    }
  }
  return {
    is: 'no',
    evidence: [
      {
        at: there.at,
        says: 'COPY keeps the mode that the file has in the repository, and nothing changes it afterwards',
      },
      { at: own, says: 'the file is not executable' },
    ],
  };
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
