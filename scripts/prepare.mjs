// What npm runs after an install in this folder, and before it packs it. Whoever installs from git, as pre-commit does, gets what
// this leaves in dist/; `npm ci`, after which people and CI build on their own, only generates what the sources import.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const { npm_command, npm_config_global, npm_execpath } = process.env;
const isBuilt = existsSync('dist/bin.cjs');

// npm prints the name of the package that it packed on stdout, and a caller may want nothing else there.
const node = (...argv) => execFileSync(process.execPath, argv, { stdio: ['ignore', 2, 2] });

// A global installation from git comes without the packages that it is built with. https://github.com/npm/cli/issues/8440
const isBare = npm_config_global === 'true' && !existsSync('node_modules/esbuild');
if (isBare && !isBuilt)
  node(npm_execpath, 'ci', '--no-global', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund');

if (!isBare || !isBuilt) node('scripts/run.mjs', 'generate');
if (npm_command !== 'ci' && !isBuilt) node('scripts/run.mjs', 'build');
