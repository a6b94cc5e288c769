import type { Symptom } from '../types.ts';

const SHELL = String.raw`(?:\/bin\/(?:ba|a|da)?sh|sh|bash|[\w./-]{1,120}\.sh|entrypoint[\w.-]*)`;

/** The container, or a command in it, cannot be started. */
export const programSymptoms: readonly Symptom[] = [
  {
    id: 'windows-line-ends',
    patterns: [
      /env: ['‘’"]?(?<program>[\w./-]{1,100})(?:\\r|\^M|\r)['‘’"]?: No such file or directory/,
      /(?<path>[\w./-]{1,200}): .{0,60}(?:\/bin\/\w+|python3?)\^M: bad interpreter/,
      /(?<path>[\w./-]{1,200}): line \d+: \$'(?:[^']{0,80})\\r'?: command not found/,
      /(?<path>[\w./-]{1,200}): (?:line )?\d+: set: (?:Illegal option -|-\w*: invalid option|illegal option)/,
      /\$'\\r': command not found/,
    ],
    vague: true,
    means: ({ path = 'A script' }) =>
      `${path} has Windows line endings: the carriage return is taken for a part of each command.`,
    suspects: [{ transform: 'fix-shell-scripts', by: ['path'] }],
    look: ({ path = 'the script' }) => [
      `Line endings of ${path}: "file <script>" says CRLF. Write it with LF, and add "*.sh text eol=lf" to .gitattributes.`,
      'The image keeps the old script until it is built again.',
    ],
    search: ['path'],
  },
  {
    id: 'program-not-found',
    patterns: [
      /exec: \\?"(?<program>[^"\\]{1,200})\\?": executable file not found in \\?"?\$PATH/,
      /starting container process caused:? .{0,40}exec: \\?"(?<program>[^"\\/]{1,200})\\?": .{0,40}not found/,
      new RegExp(`${SHELL}: (?:line )?\\d*:? ?(?:exec: )?(?<program>[\\w.-]{1,80}): (?:command )?not found$`),
      /^(?<program>[\w.-]{1,80}): (?:command )?not found$/,
      /^(?:bash|sh|zsh): (?<program>[\w.-]{1,80}): command not found/,
      /env: (?:can't execute )?['‘’"]?(?<program>[\w.-]{1,80})['‘’"]?: No such file or directory/,
    ],
    means: ({ program = 'a program' }) =>
      `The container was to run ${program}, and no folder of its PATH has a program of that name.`,
    suspects: [
      { transform: 'unmask-dependencies', by: ['program'] },
      { transform: 'activate-venv', by: ['program'] },
      { transform: 'declare-requirement', by: ['program'] },
      { transform: 'fix-healthcheck', by: ['program'] },
      { transform: 'fix-shell-scripts', by: ['program'] },
      { transform: 'add-entrypoint', by: ['program'] },
      { transform: 'remove-migrator', by: ['program'] },
      { transform: 'slim-runtime', by: ['program'] },
    ],
    look: ({ program = 'the program' }) => [
      ...(program.includes(' ')
        ? [`"${program}" is one word to Docker: write the command as a list of words, or without brackets.`]
        : []),
      `Which stage of the Dockerfile installs ${program}, and whether the last stage gets it (COPY --from) with its folder on PATH.`,
      'Whether a volume in the Compose file covers the folder that it is in.',
      `docker compose run --rm --entrypoint sh <service> -c 'echo $PATH; command -v ${program.split(' ')[0]}'`,
    ],
    search: ['program'],
  },
  {
    id: 'exec-format',
    patterns: [
      /exec (?<path>\.{0,2}\/[^\s:"]{1,200}): exec format error/,
      /exec user process caused:? \\?"?exec format error/,
      /cannot execute binary file: Exec format error/,
      /exec format error/,
    ],
    vague: true,
    means: () =>
      'The kernel does not know how to start the file: a script without "#!" in its first line, or a program for another processor.',
    suspects: [{ transform: 'fix-shell-scripts', by: ['path'] }],
    look: ({ path = 'the entrypoint script' }) => [
      `The first line of ${path}: it must be #!/bin/sh or the like, with nothing before it.`,
      'The platform: an image built on an ARM machine does not run on amd64 without --platform linux/amd64.',
    ],
    search: ['path'],
  },
  {
    id: 'script-not-executable',
    patterns: [
      /exec: \\?"(?<path>[^"\\]{1,200})\\?": permission denied/,
      /exec (?<path>\.{0,2}\/[^\s:"]{1,200}): permission denied/,
      new RegExp(`${SHELL}: (?:line )?\\d+: (?:exec: )?(?<path>[\\w./-]{1,200}): Permission denied`),
      /exec user process caused:? \\?"?permission denied/,
    ],
    vague: true,
    means: ({ path = 'the script' }) => `${path} is there and may not be executed: its executable bit is not set.`,
    suspects: [
      { transform: 'fix-shell-scripts', by: ['path'] },
      { transform: 'add-entrypoint', by: ['path'] },
    ],
    look: ({ path = 'the script' }) => [
      `git update-index --chmod=+x ${path.replace(/^\.?\//, '')}, or COPY --chmod=755 in the Dockerfile.`,
      'A bind mount brings the mode that the file has on the host.',
    ],
    search: ['path'],
  },
  {
    id: 'script-not-found',
    patterns: [
      /exec: \\?"(?<path>[^"\\]{1,200})\\?": stat [^:]{1,200}: no such file or directory/,
      /exec:? \\?"?(?<path>\.{0,2}\/[^\s:"\\]{1,200})\\?"?: no such file or directory/,
      /exec user process caused:? \\?"?no such file or directory/,
      new RegExp(
        `${SHELL}: (?:line )?\\d+: (?:exec: |\\.: )?(?<path>[\\w./-]*/[\\w./-]{1,200}): (?:not found|No such file or directory)`,
      ),
      /python[\d.]*: can't open file '(?<path>[^']{1,200})': \[Errno 2\]/,
      /Error: Cannot find module '(?<path>\/[^']{1,200}\.[cm]?js)'/,
      /sh: 0: (?:Can't|cannot) open (?<path>[\w./-]{1,200})/,
    ],
    vague: true,
    means: ({ path = 'the program' }) =>
      `${path} cannot be started: the file is not in the container, or the interpreter that its first line names is not (a carriage return there counts, too).`,
    suspects: [
      { transform: 'fix-shell-scripts', by: ['path'] },
      { transform: 'activate-venv', by: ['path'] },
      { transform: 'unmask-dependencies', by: ['path'] },
      { transform: 'copy-from-stage', by: ['path'] },
      { transform: 'add-entrypoint', by: ['path'] },
      { transform: 'remove-migrator', by: ['path'] },
    ],
    look: ({ path = 'the script' }) => [
      `Whether the Dockerfile copies ${path}, and no volume covers its folder.`,
      'The first line of the script: its interpreter must be in the image (alpine has no bash), and the line must end with LF.',
    ],
    search: ['path'],
  },
  {
    id: 'shell-syntax',
    patterns: [
      /(?<path>[\w./-]{1,200}): (?:line )?\d+: [Ss]yntax error(?::| near)/,
      /(?<path>[\w./-]{1,200}): (?:line )?\d+: (?:\[\[|source|declare|local): (?:not found|bad)/,
      /(?<path>[\w./-]{1,200}): (?:line )?\d+: Bad substitution/,
    ],
    means: ({ path = 'a script' }) =>
      `${path} is not in the language of the shell that runs it: bash's words in sh, or a slip.`,
    suspects: [{ transform: 'fix-shell-scripts', by: ['path'] }],
    look: ({ path = 'the script' }) => [
      `The first line of ${path} and the shell that the command starts it with (sh or bash).`,
    ],
    search: ['path'],
  },
  {
    id: 'out-of-memory',
    patterns: [
      /^(?:container )?(?<service>[\w.-]{1,100}) exited with code 137/,
      /container (?<service>[\w.-]{1,100}) exited \(137\)/,
      /exit(?:ed)?(?: with)?(?: status| code)?:? ?\(?137\)?/,
      /"?OOMKilled"?: ?true/,
      /was sent SIGKILL! Perhaps out of memory/,
      /Out of memory: Kill(?:ed)? process/,
      /JavaScript heap out of memory/,
      /Worker exited prematurely: signal 9 \(SIGKILL\)/,
    ],
    means: ({ service = 'The process' }) =>
      `${service} was killed (137 is 128 + 9, SIGKILL): mostly because memory ran out, else by "docker kill" or a stop that took too long.`,
    suspects: [],
    look: () => [
      `docker inspect --format '{{.State.OOMKilled}}' <container>: true means memory.`,
      'mem_limit or deploy.resources.limits.memory of the service, the number of worker processes, and what Docker Desktop may use.',
    ],
    search: [],
  },
];
