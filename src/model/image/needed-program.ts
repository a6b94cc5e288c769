import type { StartCommand } from '../process.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { isConsoleScript } from './console-scripts.ts';

/** The program that a service's process is. */
export interface NeededProgram {
  /** As the container's process names it: a bare name, or a path. */
  readonly name: string;
  /** `poetry`, when it is started by `poetry run`. */
  readonly runner: string | undefined;
  /** `python -m uvicorn`: the module; the program is then the interpreter. */
  readonly module: string | undefined;
  readonly command: StartCommand;
}

/** What must be found for a service to run; `undefined` when its start cannot be seen or sets a PATH of its own. */
export function neededProgram(stack: Stack, view: ServiceView): NeededProgram | undefined {
  const { main, scripts, complete } = view.startup;
  const name = main?.argv[0];
  if (!main || name === undefined || !complete) return undefined;
  if (main.assignments.some((each) => each.name === 'PATH')) return undefined;
  const setsPath = scripts.some(({ path }) => /\bPATH=|\/activate\b/.test(stack.repo.read(path) ?? ''));
  const inline = view.container.argv?.words.some(({ text }) => /\bPATH=|\/activate\b/.test(text));
  if (setsPath || inline || isLoginShell(view) || installsItself(view)) return undefined;
  const runner = main.wrappers
    .map((each) => /^(poetry|pipenv|uv|pdm|hatch|rye) run$/.exec(nameOnly(each))?.[1])
    .find(Boolean);
  const index = /^python[\d.]*$/.test(name.split('/').at(-1) ?? '') ? main.argv.indexOf('-m') : -1;
  const module = index > 0 ? main.argv[index + 1]?.split('.')[0] : undefined;
  return { name, runner, module: module !== undefined && isConsoleScript(module) ? module : undefined, command: main };
}

/** A login shell reads /etc/profile, which sets PATH anew. */
const isLoginShell = ({ container }: ServiceView): boolean =>
  container.argv?.words.some(({ text }) => /^-\w*l\w*$|^--login$/.test(text)) === true &&
  /(?:^|\/)(?:ba|da|a)?sh$/.test(container.argv?.words[0]?.text ?? '');

/** It makes its environment, or installs into it, each time that it starts. */
export const installsItself = ({ startup }: ServiceView): boolean =>
  startup.commands.some(({ argv, wrappers }) => {
    const line = [...wrappers, ...argv].join(' ');
    return (
      /^\S*\b(?:pip3?|poetry|pipenv|uv|pdm|virtualenv|python[\d.]* -m (?:venv|pip|virtualenv))(?= )/.test(line) &&
      /\s(?:install|sync|venv|-m venv)\b/.test(line)
    );
  });

/** `/usr/bin/poetry run` → `poetry run`. */
const nameOnly = (wrapper: string): string => wrapper.replace(/^\S*\//, '');

/** What people see when the program is not found, in the words of whoever looks for it. */
export function failureOf(view: ServiceView, needed: NeededProgram): string {
  if (needed.module !== undefined) return `No module named ${needed.module}`;
  const program = needed.runner ?? needed.name;
  if (view.container.argv?.words[0]?.text !== program) return `${program}: not found`;
  const why = program.startsWith('/')
    ? `stat ${program}: no such file or directory`
    : 'executable file not found in $PATH';
  return `exec: "${program}": ${why}`;
}
