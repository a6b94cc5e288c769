import type { Evidence } from '../../finding.ts';
import { escapeRegExp } from '../../pattern.ts';
import type { Stack } from '../stack.ts';

/** Release commands of platforms that start the image without Compose. */
const PLATFORM = /(?:^|\/)(?:Procfile|fly(?:\.\w+)?\.toml|render\.ya?ml|railway\.(?:json|toml)|heroku\.yml|app\.json)$/;
const MANIFEST = /^apiVersion:[\s\S]*?^kind:/m;

const COMMANDS: Readonly<Record<string, RegExp>> = {
  'flask db upgrade': /\bdb\s+upgrade\b/,
  'manage.py db upgrade': /\bdb\s+upgrade\b/,
  'alembic upgrade': /\balembic\b[^\n]*\supgrade\b/,
  'manage.py migrate': /\bmanage\.py\s+migrate\b|\bdjango-admin\s+migrate\b/,
};

/** Where the image runs a migration tool outside Compose: a platform's release command, a Kubernetes manifest (also of a Helm chart). */
export function deployedMigration(stack: Stack, tool: string): Evidence | undefined {
  const command = COMMANDS[tool] ?? new RegExp(tool.split(' ').map(escapeRegExp).join('\\s+(?:\\S+\\s+)*?'));
  for (const path of stack.repo.paths) {
    const manifest = /\.ya?ml$/.test(path);
    if (!manifest && !PLATFORM.test(path)) continue;
    const text = stack.repo.read(path) ?? '';
    if (!PLATFORM.test(path) && !MANIFEST.test(text)) continue;
    // A list of words reads like a command line; every character keeps its place.
    const plain = text.replace(/^[ \t]*#.*$|["',[\]]|\n[ \t]*-[ \t]/gm, (found) => ' '.repeat(found.length));
    const match = command.exec(plain);
    if (match)
      return {
        at: { path, start: match.index, end: match.index + match[0].length },
        says: `${tool} runs here when the image is deployed`,
      };
  }
  return undefined;
}
