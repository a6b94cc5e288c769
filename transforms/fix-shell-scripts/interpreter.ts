import type { Edit, Evidence, Finding } from '../../src/finding.ts';
import { plainShellOf } from '../../src/model/image/base-image.ts';
import { type BashSyntax, bashSyntaxOf, stopsIn } from '../../src/model/script/bash-syntax.ts';
import type { StartedScript } from '../../src/model/script/started.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { ShellScript } from '../../src/parse/shell.ts';
import { escapeRegExp } from '../../src/pattern.ts';
import { nameOf } from '../../src/repo/path.ts';
import { startedAt } from './started.ts';

/** Scripts that run in another shell than they are written for, or in one that the image does not have. */
export function* interpreterFinding(
  stack: Stack,
  script: ShellScript,
  uses: readonly StartedScript[],
): Iterable<Finding> {
  const bashUses = bashSyntaxOf(script);
  const named = shebangShell(script);
  const executed = uses.filter(({ by }) => by === 'kernel' || by === 'shell');
  if (named === 'bash') {
    const use = executed.find(({ image }) => image?.hasProgram('bash').is === 'no');
    if (use) yield missingBash(script, use, executed, bashUses);
  } else if (named === 'sh') {
    const use = executed.find((each) => needs(each, bashUses).length > 0);
    if (use) yield bashInSh(script, use, executed, bashUses);
  }
  for (const use of uses) {
    const finding = use.interpreter ? wrongCaller(stack, script, use, bashUses) : undefined;
    if (finding) yield finding;
  }
}

/** `/bin/sh -e` and `/usr/bin/env bash` as `sh` and `bash`. */
function shebangShell(script: ShellScript): string | undefined {
  const words = script.shebang?.interpreter.split(/[ \t]+/) ?? [];
  const [first = '', second = ''] = words;
  return nameOf(nameOf(first) === 'env' ? second : first) || undefined;
}

/** What the image's own `sh` cannot run of a script; nothing where that shell is not known. */
function needs({ image }: StartedScript, uses: readonly BashSyntax[]): readonly BashSyntax[] {
  const plain = plainShellOf(image?.base);
  if (plain === undefined || !image || relinksShell(image.layers)) return [];
  return stopsIn(uses, plain);
}

const relinksShell = (layers: StartedScript['layers']): boolean =>
  layers.some(
    ({ instruction }) =>
      instruction.keyword === 'RUN' &&
      /\/bin\/sh\b(?!\S*\.)[^\n]*|dpkg-reconfigure\s+.*dash/.test(instruction.script) &&
      /\b(?:ln|mv|cp|update-alternatives|dpkg-divert|dpkg-reconfigure)\b/.test(instruction.script),
  );

const hasBash = (uses: readonly StartedScript[]): boolean =>
  uses.every(({ image }) => image?.hasProgram('bash').is === 'yes');

const shown = (uses: readonly BashSyntax[]): string =>
  [...new Set(uses.map(({ what }) => what))].slice(0, 3).join(', ');

const places = (uses: readonly BashSyntax[]): readonly Evidence[] =>
  uses.slice(0, 3).map(({ at, what }) => ({ at, says: `${what}: bash only` }));

function bashInSh(
  script: ShellScript,
  use: StartedScript,
  executed: readonly StartedScript[],
  bashUses: readonly BashSyntax[],
): Finding {
  const wrong = needs(use, bashUses);
  const plain = plainShellOf(use.image?.base) ?? 'dash';
  const { shebang, path } = script;
  const message = `${path} asks for sh and is written for bash (${shown(wrong)}), so ${plain === 'dash' ? 'dash, which is sh in this image,' : 'the sh of BusyBox'} ends ${use.owner} with a syntax error or goes on with the wrong result.`;
  const at = shebang?.at ?? use.at;
  const evidence = [startedAt(use), { at, says: 'it asks for sh here' }, ...places(wrong)];
  if (!shebang || !hasBash(executed))
    return {
      message,
      at,
      evidence,
      fix: { title: `Run ${path} with bash`, safety: 'manual', changes: [] },
      advice: `The image does not have bash: install it (\`RUN apk add --no-cache bash\`) and begin the script with #!/bin/bash, or write these places for sh.`,
    };
  const stops = wrong.some((each) => each[plain] === 'stops');
  return {
    message,
    at,
    evidence,
    fix: {
      title: `Run ${path} with bash`,
      safety: stops ? 'safe' : 'review',
      changes: [{ ...at, text: `#!${withShell(shebang.interpreter, 'bash')}` }],
    },
  };
}

function missingBash(
  script: ShellScript,
  use: StartedScript,
  executed: readonly StartedScript[],
  bashUses: readonly BashSyntax[],
): Finding {
  const { shebang, path } = script;
  const at = shebang?.at ?? use.at;
  const message = `${path} asks for bash, which the image does not have, so ${use.owner} ends with "no such file or directory" although the script is there.`;
  const evidence = [
    startedAt(use),
    { at, says: 'it asks for bash here' },
    ...(use.image?.hasProgram('bash').evidence ?? []),
  ];
  const plain = executed.every(({ image }) => plainShellOf(image?.base) === 'busybox' || bashUses.length === 0);
  const args =
    shebang?.interpreter
      .replace(/^\S*env\s+/, '')
      .split(/[ \t]+/)
      .slice(1) ?? [];
  if (
    !shebang ||
    !plain ||
    bashUses.some(({ busybox }) => busybox !== 'works') ||
    args.some((arg) => !/^-[eux]+$/.test(arg))
  )
    return {
      message,
      at,
      evidence: [...evidence, ...places(bashUses)],
      fix: { title: `Give the image bash, or write ${path} for sh`, safety: 'manual', changes: [] },
      advice: `Install bash (\`RUN apk add --no-cache bash\`) in ${use.image?.dockerfile.path ?? 'the image'}, or write the script for sh.`,
    };
  return {
    message,
    at,
    evidence,
    fix: {
      title: `Run ${path} with sh, which can do all that it asks for`,
      safety: 'safe',
      changes: [{ ...at, text: `#!${withShell(shebang.interpreter, 'sh')}` }],
    },
  };
}

/** `/bin/sh -e` → `/bin/bash -e`, `/usr/bin/env sh` → `/usr/bin/env bash`. */
const withShell = (interpreter: string, shell: string): string =>
  /\benv\s/.test(interpreter)
    ? interpreter.replace(/(\benv\s+)(?:ba)?sh\b/, `$1${shell}`)
    : interpreter.replace(/^\S+/, `/bin/${shell}`);

/** `sh script` of a script for bash, and `bash script` in an image without bash. */
function wrongCaller(
  stack: Stack,
  script: ShellScript,
  use: StartedScript,
  bashUses: readonly BashSyntax[],
): Finding | undefined {
  const caller = nameOf(use.interpreter?.text ?? '');
  const wrong = caller === 'sh' ? needs(use, bashUses) : [];
  const lacks = caller === 'bash' && use.image?.hasProgram('bash').is === 'no';
  if (wrong.length === 0 && !lacks) return undefined;
  const plain = plainShellOf(use.image?.base);
  const possible = lacks ? plain === 'busybox' && bashUses.every(({ busybox }) => busybox === 'works') : hasBash([use]);
  const next = lacks ? 'sh' : 'bash';
  const edit = possible ? callerEdit(stack, use, caller, next) : undefined;
  const message = lacks
    ? `${use.owner} runs ${script.path} with bash, which the image does not have, so it ends with "bash: not found".`
    : `${use.owner} runs ${script.path} with sh, and it is written for bash (${shown(wrong)}), so it ends with a syntax error or goes on with the wrong result.`;
  const title = `Run ${script.path} with ${next}`;
  const evidence = [
    startedAt(use),
    ...places(lacks ? bashUses : wrong),
    ...(lacks ? (use.image?.hasProgram('bash').evidence ?? []) : []),
  ];
  if (!edit)
    return {
      message,
      at: use.at,
      evidence,
      fix: { title, safety: 'manual', changes: [] },
      advice: possible
        ? `Write ${next} where ${caller} stands in front of the script.`
        : `The image does not have bash: install it (\`RUN apk add --no-cache bash\`), or write the script for sh.`,
    };
  const stops = lacks || wrong.some((each) => plain !== undefined && each[plain] === 'stops');
  return { message, at: use.at, evidence, fix: { title, safety: stops ? 'safe' : 'review', changes: [edit] } };
}

/** The word in front of the script's name, wherever that is written. */
function callerEdit(stack: Stack, use: StartedScript, caller: string, next: string): Edit | undefined {
  const at = use.interpreter?.at;
  const text = at && stack.repo.read(at.path)?.slice(at.start, at.end);
  if (!at || text === undefined) return undefined;
  const alone = new RegExp(`^(["']?(?:/\\S*/)?)${caller}["']?$`).exec(text);
  const before = String.raw`(?:^|[\s"'\[,=])(?:/(?:usr/)?bin/)?`;
  const between = String.raw`["']?\s*,?\s*(?:["']?-[a-z]+["']?\s*,?\s*)*["']?[\w./$\{\}-]*`;
  const pattern = new RegExp(`(${before})${caller}(?=${between}${escapeRegExp(nameOf(use.containerPath))})`, 'g');
  const found = alone ? [alone] : [...text.matchAll(pattern)];
  const [only] = found;
  if (!only || found.length > 1) return undefined;
  const start = at.start + only.index + (only[1] ?? '').length;
  return { path: at.path, start, end: start + caller.length, text: next };
}
