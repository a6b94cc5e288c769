import type { Evidence } from '../../finding.ts';
import { copyOf } from '../../parse/dockerfile.ts';
import { readShell, type ShellCommand } from '../../parse/shell.ts';
import { programsOfBase } from './base-image.ts';
import type { Answer, ImageLayer } from './layer.ts';

/** Programs that a package brings along, by Debian's and Alpine's package names. */
const PACKAGE_PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  'postgresql-client': ['pg_isready', 'psql', 'pg_dump'],
  postgresql: ['pg_isready', 'psql', 'pg_dump'],
  'default-mysql-client': ['mysql', 'mysqladmin'],
  'mysql-client': ['mysql', 'mysqladmin'],
  'mariadb-client': ['mariadb', 'mysql', 'mysqladmin', 'mariadb-admin'],
  'redis-tools': ['redis-cli'],
  redis: ['redis-cli', 'redis-server'],
  netcat: ['nc', 'netcat'],
  'netcat-openbsd': ['nc', 'netcat'],
  'netcat-traditional': ['nc', 'netcat'],
  procps: ['ps', 'pgrep', 'pkill', 'free', 'top'],
  'util-linux': ['flock', 'setpriv'],
  'wait-for-it': ['wait-for-it'],
};

/** Whether a program (by bare name) is on an image of these layers over this base. */
export function hasProgram(name: string, layers: readonly ImageLayer[], baseImage: string | undefined): Answer {
  const evidence: Evidence[] = [];
  let doubt = false;
  for (const { instruction, dockerfile } of layers) {
    if (instruction.keyword === 'RUN')
      for (const command of readShell(dockerfile.path, instruction.script).commands) {
        const installed = packagesOf(command);
        if (
          installed.some(
            (each) =>
              each === name ||
              each.startsWith(`${name}=`) ||
              PACKAGE_PROGRAMS[each.replace(/(?:[=<>~].*|-\d+)$/, '')]?.includes(name),
          )
        )
          return { is: 'yes', evidence: [{ at: instruction.at, says: `${name} is installed here` }] };
        if (
          installed.some((each) => each.includes('$')) ||
          /^(?:curl|wget|make|git|sh|bash|\.\/.*)$/.test(command.words[0]?.text ?? '')
        )
          doubt = true;
      }
    const copied = copyOf(instruction);
    if (copied && [copied.destination, ...copied.sources].some(({ text }) => text.split('/').at(-1) === name))
      return { is: 'yes', evidence: [{ at: instruction.at, says: `${name} is copied here` }] };
    if (copied && /^(?:\/usr(?:\/local)?)?\/s?bin\/?$|^\/usr(?:\/local)?\/?$/.test(copied.destination.text))
      doubt = true;
  }
  const base = programsOfBase(baseImage);
  if (base.has(name)) return { is: 'yes', evidence };
  if (doubt || !base.complete) return { is: 'unknown', evidence };
  return {
    is: 'no',
    evidence: [
      {
        at: layers[0]?.instruction.at ?? { path: '', start: 0, end: 0 },
        says: `nothing in this image installs ${name}`,
      },
    ],
  };
}

/** Packages that one command installs, from system or language package managers. */
export function packagesOf(command: ShellCommand): readonly string[] {
  const words = command.words.map((word) => word.text);
  const install = words.findIndex((word) => word === 'install' || word === 'add' || word === '-S');
  const manager = (words[0] ?? '').split('/').at(-1) ?? '';
  const viaPython = /^python[\d.]*$/.test(manager) && words[1] === '-m' && words[2] === 'pip';
  if (
    install < 0 ||
    !(viaPython || /^(?:apt-get|apt|apk|yum|dnf|microdnf|pip3?|pipx|uv|npm|yarn|pnpm|gem)$/.test(manager))
  )
    return [];
  return words.slice(install + 1).filter((word) => !word.startsWith('-'));
}
