import type { ComposeFile } from '../../parse/compose.ts';
import { textOf } from '../../parse/compose.ts';
import type { ComposeProject } from '../compose/project.ts';
import type { Service } from '../service.ts';
import type { Stack } from '../stack.ts';

/** Variables of the shell that starts Compose. */
const OF_THE_SHELL = /^(?:PWD|HOME|USER|UID|GID|HOSTNAME|PATH|DOCKER_HOST|TZ|LANG|COMPOSE_\w+)$/;

/** The variables that Compose files take from outside and have no default for: `${X}`, `${X:?…}` and `$X` outside comments. */
export const openVariables = (files: readonly ComposeFile[]): readonly string[] => [
  ...new Set(files.flatMap(({ text }) => openIn(text))),
];

const openIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*$/, ''))
    .flatMap((line) => [...line.matchAll(/(?<!\$)\$(?:\{(\w+)(?::?\?[^}]*)?\}|([A-Za-z_]\w*))/g)])
    .map(([, braced, plain]) => braced ?? plain ?? '')
    .filter((name) => !OF_THE_SHELL.test(name));

/** Whether a service of a project is given the whole `.env`: `env_file: .env`, unless it says `required: false`. */
export const readsDotenv = (stack: Stack, project: ComposeProject): boolean =>
  stack.services.some((service) => service.project === project && readsEnvFile(service));

const readsEnvFile = (service: Service): boolean =>
  (service.parts.get('env_file') ?? []).some(({ node }) => {
    const items = node.kind === 'seq' ? node.items.map(({ value }) => value) : [node];
    return items.some((item) => {
      if (item.kind !== 'map') return /^(?:\.\/)?\.env$/.test(textOf(item) ?? '');
      const value = (key: string): string => textOf(item.entries.find((entry) => entry.key.value === key)?.value) ?? '';
      return /^(?:\.\/)?\.env$/.test(value('path')) && value('required') !== 'false';
    });
  });
