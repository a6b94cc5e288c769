import type { Finding } from '../../src/finding.ts';
import { plainShellOf } from '../../src/model/image/base-image.ts';
import { bashSyntaxOf, stopsIn } from '../../src/model/script/bash-syntax.ts';
import type { StartedScript } from '../../src/model/script/started.ts';
import type { ShellScript } from '../../src/parse/shell.ts';
import { startedAt } from './started.ts';

/** What is wrong with how a script begins: a byte order mark, blank lines in front of `#!`, or no `#!` at all. */
export function headFinding(script: ShellScript, uses: readonly StartedScript[]): Finding | undefined {
  const executed = uses.find(({ by }) => by === 'kernel');
  const { path, text } = script;
  const before = /^\ufeff?\s*(?=#![ \t]*\S)/.exec(text)?.[0] ?? '';
  const [first] = uses;
  const use = executed ?? first;
  if (!use) return undefined;
  const at = { path, start: 0, end: 0 };
  const dies = executed
    ? `Linux cannot tell what runs it and ${executed.owner} dies with "exec format error"`
    : 'the shell looks for a program of that name at its first line';
  if (text.startsWith('\ufeff'))
    return {
      message: `${path} begins with a byte order mark, so ${dies}.`,
      at,
      evidence: [startedAt(use)],
      fix: {
        title: `Take the byte order mark off ${path}`,
        safety: 'safe',
        changes: [{ path, start: 0, end: Math.max(1, before.length), text: '' }],
      },
    };
  if (!executed || script.shebang) return undefined;
  const evidence = [startedAt(executed)];
  if (before !== '')
    return {
      message: `${path} has an empty line in front of #!, so ${dies}.`,
      at,
      evidence,
      fix: {
        title: `Begin ${path} with its #! line`,
        safety: 'safe',
        changes: [{ path, start: 0, end: before.length, text: '' }],
      },
    };
  const shell = shellFor(script, executed);
  const message = `${path} does not begin with #!, so ${dies}.`;
  if (shell === undefined)
    return {
      message,
      at,
      evidence,
      fix: { title: `Begin ${path} with a #! line`, safety: 'manual', changes: [] },
      advice: `It is written for bash, which is not known to be in the image: install it and begin the script with #!/bin/bash, or write it for sh.`,
    };
  return {
    message,
    at,
    evidence,
    fix: {
      title: `Begin ${path} with #!/bin/${shell}`,
      safety: 'safe',
      changes: [{ path, start: 0, end: 0, text: `#!/bin/${shell}\n` }],
    },
  };
}

/** `sh` where it can run the script, else `bash` where the image has it. */
function shellFor(script: ShellScript, { image }: StartedScript): 'sh' | 'bash' | undefined {
  if (script.problems.length > 0) return 'sh';
  const uses = bashSyntaxOf(script);
  const plain = plainShellOf(image?.base);
  const needs = plain === undefined ? uses : stopsIn(uses, plain);
  if (needs.length === 0) return 'sh';
  return image?.hasProgram('bash').is === 'yes' ? 'bash' : undefined;
}
