// Runs a TypeScript script on Node 20, which strips no types: `node scripts/run.mjs docs --check` runs scripts/docs.ts.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [script, ...argv] = process.argv.slice(2);
const root = process.cwd();
const folder = join(root, 'node_modules', '.cache', 'dockfix');
const outfile = join(folder, `${script.replaceAll('/', '-')}-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
await build({
  entryPoints: [join(root, script.includes('/') ? `${script}.ts` : `scripts/${script}.ts`)],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
  // The scripts run from the cache folder, but what they look up beside themselves lies in src/.
  define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(root, 'src', 'assets.ts')).href) },
});
process.argv = [process.argv[0], join(root, `${script}.ts`), ...argv];
try {
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(outfile, { force: true });
}
