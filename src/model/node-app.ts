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
  const script = scriptsOf(text)[name];
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

function scriptsOf(text: string): Record<string, string> {
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    const scripts = typeof parsed === 'object' && parsed !== null && 'scripts' in parsed ? parsed.scripts : undefined;
    return typeof scripts === 'object' && scripts !== null
      ? Object.fromEntries(
          Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
        )
      : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
