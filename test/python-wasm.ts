import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { loadPython } from '../src/parse/python.ts';

/** Loads the Python parser with the wasm files of node_modules; await it in `beforeAll`. */
export const loadPythonForTests = async (): Promise<void> => {
  const { resolve } = createRequire(import.meta.url);
  const [runtime, grammar] = await Promise.all([
    readFile(resolve('web-tree-sitter/web-tree-sitter.wasm')),
    readFile(resolve('tree-sitter-python/tree-sitter-python.wasm')),
  ]);
  await loadPython({ runtime, grammar });
};
