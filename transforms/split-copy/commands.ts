import type { Span } from '../../src/finding.ts';
import type { ImageLayer } from '../../src/model/image/layer.ts';
import { readShell, type ShellCommand } from '../../src/parse/shell.ts';
import { joinContainer, within } from '../../src/repo/path.ts';

/** A word of a command; `literal` is false when the shell expands it. */
export interface Word {
  readonly text: string;
  readonly source: string;
  readonly literal: boolean;
}

/** One command of a RUN. */
export interface RunCommand {
  /** Without `sudo` and the like; the program by its bare name, `python -m pip` as `pip`. */
  readonly words: readonly Word[];
  /** As written. */
  readonly text: string;
  readonly at: Span;
  /** Container folder in which it runs; `undefined` after a `cd` that cannot be followed. */
  readonly cwd: string | undefined;
  /** Inside `if`, a loop, `case`, a function, a pipe or after `||`: it runs on a condition. */
  readonly conditional: boolean;
  /** Nothing around it: a plain member of an `&&` list that a second RUN could take over. */
  readonly plain: boolean;
  /** It changes what the following commands see (`cd`, `export`, `. file`, an assignment). */
  readonly state: boolean;
  /** Repository or system paths that redirections name. */
  readonly redirected: readonly string[];
}

/** The commands of a RUN in order; `undefined` when it cannot be read. */
export function commandsOf(layer: ImageLayer): readonly RunCommand[] | undefined {
  const { instruction, dockerfile } = layer;
  const { exec } = instruction;
  if (exec) {
    const shell = /^(?:.*\/)?(?:ba|da|a)?sh$/.test(exec[0] ?? '') && /^-[a-z]*c$/.test(exec[1] ?? '');
    if (shell) return undefined;
    const words = exec.map((text) => ({ text, source: text, literal: true }));
    const common = {
      at: instruction.at,
      cwd: layer.workdir,
      conditional: false,
      plain: false,
      state: false,
      redirected: [],
    };
    return [{ ...common, words: peeled(words), text: exec.join(' ') }];
  }
  const script = readShell(dockerfile.path, instruction.script, instruction.scriptOffset);
  if (script.problems.length > 0) return undefined;
  const moves: { readonly scope: readonly number[]; readonly to: string | undefined }[] = [];
  return script.commands.map((command) => {
    const scope = command.within
      .filter(({ kind }) => kind === 'subshell' || kind === 'substitution')
      .map(({ at }) => at.start);
    const here = moves.filter((move) => move.scope.every((start, index) => scope[index] === start));
    const last = here.at(-1);
    const cwd = last ? last.to : layer.workdir;
    const read = readCommand(layer, command, cwd);
    if (read.words[0]?.text === 'cd') {
      const to = read.words[1];
      moves.push({ scope, to: cwd !== undefined && to?.literal ? joinContainer(cwd, to.text) : undefined });
    }
    return read;
  });
}

function readCommand(layer: ImageLayer, command: ShellCommand, cwd: string | undefined): RunCommand {
  const words = command.words.map((word) => {
    const text = layer.expand(word.text);
    return { text, source: word.source, literal: word.literal || (text !== word.text && !/[$*?`~{]/.test(text)) };
  });
  const kinds = command.within.map(({ kind }) => kind);
  const text = layer.dockerfile.text.slice(command.at.start, command.at.end);
  const name = words[0]?.text ?? '';
  return {
    words: peeled(words),
    text,
    at: command.at,
    cwd,
    conditional:
      kinds.some((kind) => kind !== 'group' && kind !== 'subshell') || command.joinedBy === '||' || command.background,
    plain: kinds.length === 0 && (command.joinedBy === '&&' || command.joinedBy === ';'),
    state: words.length === 0 || /^(?:cd|export|unset|\.|source|umask|alias|pushd|popd|eval)$/.test(name),
    redirected: [...text.matchAll(/(?<![<&\d-])[<>]{1,2}\s*([^\s<>&|;()"']+)/g)].map((match) => match[1] ?? ''),
  };
}

/** Takes off what stands before the program itself. */
function peeled(words: readonly Word[]): readonly Word[] {
  let rest = words;
  for (;;) {
    const name = (rest[0]?.text ?? '').split('/').at(-1) ?? '';
    if (/^(?:sudo|time|nice|command)$/.test(name) && rest.length > 1) rest = rest.slice(1);
    else if (name === 'env' && rest.length > 1) {
      rest = rest.slice(1);
      while (/^[A-Za-z_]\w*=/.test(rest[0]?.text ?? '')) rest = rest.slice(1);
    } else if (
      /^(?:pypy|python)[\d.]*$/.test(name) &&
      rest[1]?.text === '-m' &&
      /^(?:pip|poetry|pipenv|uv)$/.test(rest[2]?.text ?? '')
    )
      rest = rest.slice(2);
    else {
      const first = rest[0];
      const bare = /^pip[\d.]+$/.test(name) ? 'pip' : name;
      return first ? [{ ...first, text: first.text.startsWith('./') ? first.text : bare }, ...rest.slice(1)] : rest;
    }
  }
}

/** How a command relates to the code: `no`: it works the same without it; `files`: it only handles files of it; `yes`: it may run or read it. */
export type CodeUse = 'no' | 'files' | 'yes';

const INDEPENDENT =
  /^(?:apt-get|apt|apt-key|apk|yum|dnf|microdnf|zypper|add-apt-repository|dpkg|dpkg-reconfigure|useradd|adduser|groupadd|addgroup|usermod|groupmod|set|echo|printf|true|:|export|umask|cd|mkdir|locale-gen|update-locale|update-ca-certificates|ldconfig|corepack|which|type|curl|wget|gpg|gem|rustup|nvm|sleep|date|uname|hash|arch|id|virtualenv|pipx|n|pecl|docker-php-ext-install|docker-php-ext-enable|docker-php-ext-configure|a2enmod|setcap)$/;
const FILE_PROGRAMS = /^(?:chmod|chown|chgrp|rm|cp|mv|ln|touch|find|sed|dos2unix|cat|ls|tar|unzip|install|rmdir|tee)$/;
const VERBS: Readonly<Record<string, RegExp>> = {
  pip: /^(?:install|cache|config|uninstall|list|freeze|check|show|--version|-V)$/,
  npm: /^(?:install|i|add|config|cache|set|-v|--version|view|uninstall|update)$/,
  yarn: /^(?:config|cache|global|set|--version|-v)$/,
  pnpm: /^(?:config|store|setup|add|--version|-v)$/,
  poetry: /^(?:config|self|cache|--version|env)$/,
  uv: /^(?:venv|python|cache|tool|pip|--version)$/,
  pipenv: /^--version$/,
  go: /^(?:env|install|version|get)$/,
  cargo: /^(?:install|--version)$/,
  composer: /^(?:config|self-update|global|--version|clear-cache|clearcache)$/,
  bundle: /^(?:config|--version)$/,
  git: /^(?:clone|config|lfs|--version)$/,
};

/** Whether a command can run before the code is copied to `code` (container folders). */
export function codeUse(command: RunCommand, code: readonly string[]): CodeUse {
  const name = command.words[0]?.text;
  const inCode = (path: string): boolean => {
    const at = command.cwd === undefined && !path.startsWith('/') ? undefined : joinContainer(command.cwd ?? '/', path);
    return at === undefined || code.some((folder) => overlaps(folder, at));
  };
  const redirected = command.redirected.some((path) => path !== '/dev/null' && inCode(path));
  if (name === undefined) return redirected ? 'files' : 'no';
  if (/^(?:\.|source)$/.test(name))
    return /\/bin\/activate$|^\/etc\//.test(command.words[1]?.text ?? '') ? 'no' : 'yes';
  if (INDEPENDENT.test(name)) return redirected ? 'files' : 'no';
  if (FILE_PROGRAMS.test(name)) {
    const paths = command.words.slice(1).filter((word) => !word.text.startsWith('-'));
    if (
      name === 'rm' &&
      paths.every(({ text }) => INSTALLED.test(text)) &&
      command.words.some(({ text }) => /^-[a-zA-Z]*f/.test(text))
    )
      return 'no';
    if (/^(?:rm|mv|cp)$/.test(name) && paths.some((word) => reachesFurther(word, command.cwd, code))) return 'yes';
    if (name === 'find' && /-delete|\brm\b|\bmv\b/.test(command.text) && inCode(paths[0]?.text ?? '.'))
      return /pyc|__pycache__/.test(command.text) ? 'no' : 'yes';
    return redirected ||
      pathsIn(name, paths).some((word) => (!word.literal && !word.text.startsWith('/') ? true : inCode(word.text)))
      ? 'files'
      : 'no';
  }
  const verb = command.words[1]?.text ?? '';
  if (/^python[\d.]*$/.test(name))
    return /^(?:-m venv|-m ensurepip|--version|-V)$/.test(
      command.words
        .slice(1, verb === '-m' ? 3 : 2)
        .map(({ text }) => text)
        .join(' '),
    )
      ? 'no'
      : 'yes';
  if (name === 'npm' || name === 'yarn' || name === 'pnpm') {
    const all = command.words.map(({ text }) => text);
    return VERBS[name]?.test(verb) &&
      !(/^(?:install|i|add|uninstall|update)$/.test(verb) && !all.includes('-g') && !all.includes('--global'))
      ? 'no'
      : 'yes';
  }
  return VERBS[name]?.test(verb) ? 'no' : 'yes';
}

/** Folders that an install makes: there is nothing to remove before it. */
const INSTALLED = /(?:^|\/)(?:node_modules|\.venv|venv|vendor|target|__pycache__)\/?$/;

/** A path that may cover what an install adds to the code's folder: `*`, the folder itself, `node_modules`. */
function reachesFurther(word: Word, cwd: string | undefined, code: readonly string[]): boolean {
  if (INSTALLED.test(word.text)) return true;
  if (cwd === undefined && !word.text.startsWith('/')) return true;
  const path = joinContainer(cwd ?? '/', word.text.replace(/\/?[^/]*[*?[{].*$/, ''));
  const covers = code.some((folder) => within(path === '/' ? '' : path, folder) !== undefined);
  // `cp conf/x .` only writes into the folder.
  return covers && !/^\.\/?$/.test(word.text);
}

/** `chmod +x a`, `sed s/a/b/ a`: the first argument is no path. */
function pathsIn(name: string, paths: readonly Word[]): readonly Word[] {
  if (/^(?:chmod|chown|chgrp|sed)$/.test(name)) return paths.slice(1);
  if (name !== 'find') return paths;
  const end = paths.findIndex(({ text }) => !/[/.]/.test(text));
  return paths.slice(0, Math.max(1, end));
}

const overlaps = (a: string, b: string): boolean =>
  a === '/' ||
  b === '/' ||
  within(a, b.replace(/\/$/, '')) !== undefined ||
  within(b.replace(/\/$/, ''), a) !== undefined;
