import type { Finding } from '../../src/finding.ts';
import { listedCommand } from '../../src/model/entrypoint/exec-form.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { insertEntries } from '../../src/parse/compose.ts';

/** Scripts that hand over to `"$@"`, where an `entrypoint` in Compose has cleared the CMD of the image. */
export function* droppedCommands(stack: Stack): Iterable<Finding> {
  for (const service of stack.services) {
    const finding = droppedCommand(stack, stack.view(service));
    if (finding) yield finding;
  }
}

function droppedCommand(stack: Stack, { service, image, container, startup }: ServiceView): Finding | undefined {
  const entrypoint = service.parts.get('entrypoint')?.at(-1);
  const cmd = image?.cmd;
  if (!entrypoint || !cmd || service.parts.has('command') || container.argv?.command.length !== 0) return undefined;
  const [started, ...more] = startup.scripts;
  const script = started && more.length === 0 ? stack.sources.shell(started.path) : undefined;
  if (!started || !script || script.problems.length > 0 || !startup.complete) return undefined;
  const handOver = script.commands.at(-1);
  const isLast = handOver?.words.length === 1 && /^\$(?:@|\{@\})$/.test(handOver.words[0]?.text ?? '');
  // A script that looks whether it was given a command may have one of its own.
  if (!handOver || !isLast || handOver.within.length > 0 || /\$#|\bset --|\$\{?[1*]/.test(script.text))
    return undefined;
  const words = listedCommand(cmd);
  const line = `command: [${words.map((word) => JSON.stringify(word.replaceAll('$', '$$$$'))).join(', ')}]`;
  const changes = entrypoint.shared
    ? undefined
    : insertEntries(entrypoint.file, entrypoint.path.slice(0, -1), [line], 'entrypoint');
  const finding = {
    message: `The entrypoint that Compose sets for ${service.name} clears the CMD of its image, so the script hands over to nothing: the container ends at once with status 0.`,
    at: entrypoint.entry.at,
    evidence: [
      { at: entrypoint.entry.at, says: `Compose sets the entrypoint of ${service.name}, and no command` },
      { at: handOver.at, says: 'the script ends by starting the command that it was given' },
      { at: cmd.at, says: 'the CMD of the image, which an entrypoint in Compose clears' },
    ],
  };
  const title = `State the command of ${service.name} in Compose`;
  return changes
    ? { ...finding, fix: { title, safety: 'review', changes } }
    : { ...finding, fix: { title, safety: 'manual', changes: [] }, advice: `Add to ${service.name}: ${line}` };
}
