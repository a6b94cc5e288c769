import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The files that ship beside the program: in `dist/` once built, else where the sources and packages keep them. */
function assetFile(name: string, fromSource: () => string): string {
  const built = fileURLToPath(new URL(name, import.meta.url));
  return existsSync(built) ? built : fromSource();
}

const resolvePackage = (file: string): string => createRequire(import.meta.url).resolve(file);

/** The two wasm files that `loadPython` needs. */
export const pythonWasm = (): { readonly runtime: Uint8Array; readonly grammar: Uint8Array } => ({
  runtime: readFileSync(
    assetFile('web-tree-sitter.wasm', () => resolvePackage('web-tree-sitter/web-tree-sitter.wasm')),
  ),
  grammar: readFileSync(
    assetFile('tree-sitter-python.wasm', () => resolvePackage('tree-sitter-python/tree-sitter-python.wasm')),
  ),
});

/** A transform's README, as Markdown. */
export const readmeOf = (id: string): string =>
  readFileSync(
    assetFile(`readmes/${id}.md`, () => fileURLToPath(new URL(`../transforms/${id}/README.md`, import.meta.url))),
    'utf8',
  );

/** The program's version, from its package.json. */
export const version = (): string => {
  const text = readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
};

/** The bundle of the commands that speak to forges; undefined when the program runs from its sources. */
export function remoteProgram(): string | undefined {
  const built = fileURLToPath(new URL('remote.cjs', import.meta.url));
  return existsSync(built) ? built : undefined;
}
