import { beforeAll, describe, expect, test } from 'vitest';
import { loadPythonForTests } from '../python-wasm.ts';
import { shown } from './diagnosed.ts';

beforeAll(loadPythonForTests);

/** Each error message of a seed as its document quotes it, with the repository that it comes from. */
const MESSAGES: readonly (readonly [string, string, string, readonly string[]])[] = [
  [
    '001: the program of CMD',
    'fastapi-poetry-handoff',
    'OCI runtime create failed: ... exec: "uvicorn": executable file not found in $PATH: unknown',
    [],
  ],
];

describe('messages of the seeds', () => {
  test.each(MESSAGES)('%s', async (_, name, log, expected) => {
    expect(await shown(log, `fixtures/repos/${name}/before`)).toEqual(expected);
  });
});
