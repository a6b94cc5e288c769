/** Builds dist/: the command line (bin.cjs, cli.cjs), the public API (index.js) and the files that both read. Declarations come from tsc. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const require = createRequire(import.meta.url);
const dist = 'dist';
const { version, name } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string; name: string };

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'readmes'), { recursive: true });

const shared: BuildOptions = { bundle: true, platform: 'node', target: 'node20.19', logLevel: 'warning', minifyWhitespace: true };

await Promise.all([
  build({
    ...shared,
    entryPoints: ['src/cli.ts'],
    outfile: join(dist, 'cli.cjs'),
    format: 'cjs',
    // Too large to bundle, and loaded only when a run needs them.
    external: ['ts-morph', 'jscodeshift'],
    alias: { 'web-tree-sitter': require.resolve('web-tree-sitter') },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': 'bundleUrl' },
    legalComments: 'none',
  }),
  build({
    ...shared,
    entryPoints: ['src/index.ts'],
    outfile: join(dist, 'index.js'),
    format: 'esm',
    packages: 'external',
  }),
]);

// Answers --version before anything is required: people's scripts and editors ask for it often.
writeFileSync(
  join(dist, 'bin.cjs'),
  `#!/usr/bin/env node
if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write('${version}\\n');
else require('./cli.cjs').start();
`,
  { mode: 0o755 },
);

for (const wasm of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-python/tree-sitter-python.wasm'])
  copyFileSync(require.resolve(wasm), join(dist, wasm.slice(wasm.indexOf('/') + 1)));

for (const entry of readdirSync('transforms', { withFileTypes: true }))
  if (entry.isDirectory())
    copyFileSync(join('transforms', entry.name, 'README.md'), join(dist, 'readmes', `${entry.name}.md`));

process.stdout.write(`built ${name} ${version}\n`);
