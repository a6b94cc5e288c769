/** The program's file: answers --version before anything loads, else starts the command line from its compiled form. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, wrap } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import type { start } from './cli.ts';

/** Put in by scripts/build.ts. */
declare const VERSION: string;

interface CommandLine {
  readonly exports: { readonly start: typeof start };
}

type Wrapped = (
  exports: object,
  require: NodeJS.Require,
  module: CommandLine,
  filename: string,
  dirname: string,
) => void;

/** With cli.cache beside it, V8 need not parse cli.cjs, which halves the start. Of another version of Node it refuses the cache and parses. */
function commandLine(): CommandLine {
  const filename = join(__dirname, 'cli.cjs');
  const cache = join(__dirname, 'cli.cache');
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
  const script = new Script(wrap(readFileSync(filename, 'utf8')), { filename, ...(cachedData && { cachedData }) });
  const module = { exports: {} } as CommandLine;
  (script.runInThisContext() as Wrapped)(module.exports, createRequire(filename), module, filename, __dirname);
  return module;
}

if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${VERSION}\n`);
else commandLine().exports.start();
