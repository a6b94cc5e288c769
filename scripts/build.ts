/**
 * Builds dist/: the command line (bin.cjs, cli.cjs; remote.cjs for the commands that speak to forges), the public API (index.js)
 * and the files that both read. Declarations come from tsc.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { botFileSchema, configSchema } from '../src/config.ts';
import { reportSchema } from '../src/output/report/schema.ts';
import { transforms } from '../transforms/index.ts';

const require = createRequire(import.meta.url);
const dist = 'dist';
const { version, name } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string; name: string };

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, 'readmes'), { recursive: true });

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  minifyWhitespace: true,
};

const bundle: BuildOptions = {
  ...shared,
  format: 'cjs',
  alias: { 'web-tree-sitter': require.resolve('web-tree-sitter') },
  // Large, and most calls never need them: they stay packages, loaded on demand.
  external: ['ts-morph', '@viz-js/viz', 'diff2html'],
  // bin.cjs runs the code from its cache, where only require() can load more.
  supported: { 'dynamic-import': false },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'bundleUrl' },
  legalComments: 'none',
  metafile: true,
};

/** What src/remote.ts needs is large: it is a bundle of its own, which cli.cjs loads for the commands in it. */
const remoteApart: Plugin = {
  name: 'remote-apart',
  setup: ({ onResolve }) => onResolve({ filter: /\/remote\.ts$/ }, () => ({ path: './remote.cjs', external: true })),
};

const bundles = await Promise.all([
  build({ ...bundle, entryPoints: ['src/cli.ts'], outfile: join(dist, 'cli.cjs'), plugins: [remoteApart] }),
  build({ ...bundle, entryPoints: ['src/remote.ts'], outfile: join(dist, 'remote.cjs') }),
]);
await Promise.all([
  build({
    ...shared,
    entryPoints: ['src/bin.ts'],
    outfile: join(dist, 'bin.cjs'),
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
    define: { VERSION: JSON.stringify(version) },
  }),
  build({
    ...shared,
    entryPoints: ['src/index.ts'],
    outfile: join(dist, 'index.js'),
    format: 'esm',
    packages: 'external',
  }),
]);

for (const wasm of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-python/tree-sitter-python.wasm'])
  copyFileSync(require.resolve(wasm), join(dist, wasm.slice(wasm.indexOf('/') + 1)));

for (const id of readdirSync('transforms')) {
  const readme = join('transforms', id, 'README.md');
  if (existsSync(readme)) copyFileSync(readme, join(dist, 'readmes', `${id}.md`));
}

for (const [file, schema] of [
  ['config.schema.json', configSchema(transforms)],
  ['bot.schema.json', botFileSchema(transforms)],
  ['report.schema.json', reportSchema()],
] as const)
  writeFileSync(join(dist, file), `${JSON.stringify(schema, undefined, 2)}\n`);

chmodSync(join(dist, 'bin.cjs'), 0o755);
execFileSync(process.execPath, ['scripts/code-cache.cjs'], { stdio: 'inherit' });

// What the bundles carry of others keeps its license text.
const bundled = bundles
  .flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}))
  .flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
const packages = [...new Set([...bundled, 'node_modules/tree-sitter-python'])].sort();
writeFileSync(join(dist, 'licenses.txt'), packages.map(licenseOf).join('\n'));

process.stdout.write(`built ${name} ${version}\n`);

function licenseOf(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(folder, file), 'utf8') : '';
  const { name, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    license: string;
  };
  return `${name} (${license})\n\n${text.trim()}\n`;
}
