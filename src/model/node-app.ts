import type { Span } from '../finding.ts';
import { joinContainer } from '../repo/path.ts';
import type { Repo } from '../repo/repo.ts';
import type { Container } from './container.ts';

/** The shell text that `npm start`, `npm run x`, `yarn x` or `pnpm x` runs, from the package.json where the process stands. */
export function npmScript(
  repo: Repo,
  container: Container,
  argv: readonly string[],
): { readonly text: string; readonly at: Span } | undefined {
  const name = scriptName(argv);
  if (name === undefined || container.workdir === undefined) return undefined;
  const file = container.fileAt(joinContainer(container.workdir, 'package.json'));
  const text = file.kind === 'repo' ? repo.read(file.path) : undefined;
  if (file.kind !== 'repo' || text === undefined) return undefined;
  const script = stringsUnder(text, 'scripts')[name];
  const start = text.indexOf(JSON.stringify(script ?? ''));
  if (script === undefined || start < 0) return undefined;
  return { text: script, at: { path: file.path, start, end: start + JSON.stringify(script).length } };
}

function scriptName(argv: readonly string[]): string | undefined {
  const [tool, ...rest] = argv.filter((word) => !word.startsWith('--') || word === '--');
  if (!/^(?:npm|yarn|pnpm)$/.test(tool?.split('/').at(-1) ?? '')) return undefined;
  if (rest[0] === 'run' || rest[0] === 'run-script') return rest[1];
  if (rest[0] === 'start' || rest[0] === 'test') return rest[0];
  return tool === 'npm' || /^(?:install|ci|add|exec|dlx)$/.test(rest[0] ?? '') ? undefined : rest[0];
}

/** What `npm run x -- --port 80`, `yarn x --port 80` add to the text of the script. */
export function scriptArguments(argv: readonly string[]): readonly string[] {
  const dashes = argv.indexOf('--');
  if (dashes >= 0) return argv.slice(dashes + 1);
  const name = scriptName(argv);
  return argv[0] === 'npm' || name === undefined ? [] : argv.slice(argv.indexOf(name) + 1);
}

/** The parts of a package.json that say what a process runs and what is installed. */
export interface NodePackage {
  readonly path: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
  /** Where the name of a dependency is written. */
  readonly at: (dependency: string) => Span;
}

/** The package.json where the process stands; `undefined` when it has none or a broken one. */
export function nodePackage(repo: Repo, container: Container): NodePackage | undefined {
  if (container.workdir === undefined) return undefined;
  const file = container.fileAt(joinContainer(container.workdir, 'package.json'));
  const text = file.kind === 'repo' ? repo.read(file.path) : undefined;
  if (file.kind !== 'repo' || text === undefined) return undefined;
  const keys = (section: string): ReadonlySet<string> => new Set(Object.keys(stringsUnder(text, section)));
  const at = (dependency: string): Span => {
    const start = Math.max(0, text.indexOf(JSON.stringify(dependency)));
    return { path: file.path, start, end: start + JSON.stringify(dependency).length };
  };
  return {
    path: file.path,
    scripts: stringsUnder(text, 'scripts'),
    dependencies: keys('dependencies'),
    devDependencies: keys('devDependencies'),
    at,
  };
}

function stringsUnder(text: string, section: string): Record<string, string> {
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    const found =
      typeof parsed === 'object' && parsed !== null
        ? Object.entries(parsed).find(([key]) => key === section)?.[1]
        : undefined;
    return typeof found === 'object' && found !== null
      ? Object.fromEntries(
          Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
        )
      : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
