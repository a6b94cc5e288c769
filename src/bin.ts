/** The program's file: answers --version before anything loads, else starts the command line from its compiled form. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire, wrap } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import type { start } from './cli.ts';

/** Put in by scripts/build.ts. */
declare const VERSION: string;

type Wrapped = (exports: object, require: NodeJS.Require, module: object, filename: string, dirname: string) => void;

/**
 * The command line, compiled. With cli.cache beside it V8 skips parsing, which halves the start; V8 itself refuses a cache
 * of another version of Node and compiles anew.
 */
export function commandLine(file: string): { readonly script: Script; readonly exports: { readonly start: typeof start } } {
  const cache = join(dirname(file), 'cli.cache');
  const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
  const script = new Script(wrap(readFileSync(file, 'utf8')), { filename: file, ...(cachedData && { cachedData }) });
  const module = { exports: {} as { readonly start: typeof start } };
  (script.runInThisContext() as Wrapped)(module.exports, createRequire(file), module, file, dirname(file));
  return { script, exports: module.exports };
}

if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${VERSION}\n`);
else commandLine(join(__dirname, 'cli.cjs')).exports.start();
