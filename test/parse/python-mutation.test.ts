import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { deleteImport, deleteStatement, readPython } from '../../src/parse/python.ts';
import { loadPythonForTests } from '../python-wasm.ts';
import { pythonSources } from './python-sources.ts';

const isPython311 = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info[:2] != (3, 11))']).status === 0;

const compileAll = `
import json, sys
def valid(source):
    try:
        compile(source, 'x', 'exec', dont_inherit=True)
        return True
    except (SyntaxError, ValueError):
        return False
print(json.dumps([valid(source) for source in json.load(sys.stdin)]))
`;

/** What CPython says about each text. */
const judge = (texts: readonly string[]): readonly boolean[] =>
  JSON.parse(
    execFileSync('python3', ['-W', 'ignore', '-c', compileAll], {
      input: JSON.stringify(texts),
      maxBuffer: 1e8,
    }).toString(),
  );

const ways: readonly ((line: string, at: number) => readonly string[])[] = [
  () => [],
  (line) => [`  ${line}`],
  (line) => [`    ${line}`],
  (line) => [line.replace(/^ {1,2}/, '')],
  (line, at) => [line.slice(0, at % line.length) + line.slice((at % line.length) + 1)],
  (line) => [`${/^\s*/.exec(line)?.[0]}    inserted = 1`, line],
];

const mutation = fc
  .record({ source: fc.constantFrom(...pythonSources), line: fc.nat(), way: fc.constantFrom(...ways), at: fc.nat() })
  .map(({ source, line, way, at }) => {
    const lines = source.split('\n');
    const written = lines.flatMap((text, index) => (text.trim() === '' ? [] : [index]));
    const index = written[line % written.length] ?? 0;
    lines.splice(index, 1, ...way(lines[index] ?? '', at));
    return lines.join('\n');
  });

beforeAll(loadPythonForTests);

describe.runIf(isPython311)('against CPython 3.11', () => {
  it('agrees on the sources and on many mutations of them', { timeout: 60_000 }, () => {
    const mutants = fc.sample(mutation, { numRuns: 1_500, seed: 2024 });
    const texts = [...pythonSources, ...mutants];
    const truth = judge(texts);
    const accepted = texts.map((text) => readPython('app.py', text).errors.length === 0);
    const broken = texts.filter((_, index) => !truth[index]);
    const falselyAccepted = texts.filter((_, index) => accepted[index] && !truth[index]);
    const falselyRefused = texts.filter((_, index) => !accepted[index] && truth[index]);
    expect(truth.slice(0, pythonSources.length)).toEqual(pythonSources.map(() => true));
    expect(broken.length).toBeGreaterThan(400);
    expect(falselyRefused).toEqual([]);
    expect(falselyAccepted.length / broken.length).toBeLessThan(0.02);
  });

  it('takes every file from which one statement or one import was deleted', { timeout: 60_000 }, () => {
    const texts = pythonSources.flatMap((source) => [source, source.replaceAll('\n', '\r\n')]);
    const results = texts.flatMap((text) => {
      const module = readPython('app.py', text);
      const edits = [
        ...module.statements.map(({ index }) => deleteStatement(module, index)),
        ...module.imports.map((imported) => deleteImport(module, imported)),
      ];
      return edits.map((edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end));
    });
    const truth = judge(results);
    expect(results.filter((text, index) => !truth[index] || readPython('app.py', text).errors.length > 0)).toEqual([]);
    expect(results.filter((text) => /[ \t]\r?\n/.test(text))).toEqual([]);
  });
});
