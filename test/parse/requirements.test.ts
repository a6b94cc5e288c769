import { expect, test } from 'vitest';
import { readRequirements } from '../../src/parse/requirements.ts';

const kinds = (text: string): readonly string[] =>
  readRequirements('requirements.txt', text).map(({ kind, text }) => `${kind} ${text}`);

test.each([
  ['Flask==3.0  # web', ['package Flask==3.0']],
  [
    '-r base.txt\r\n-cpins.txt\r\n--constraint=c.txt',
    ['requirements base.txt', 'constraints pins.txt', 'constraints c.txt'],
  ],
  ['# only a comment\n\n   \n', []],
  ['--hash=sha256:1 \\\n  --x', ['option --hash=sha256:1    --x']],
  ['-r https://example.org/r.txt', ['option https://example.org/r.txt']],
  ['-e .', ['local .']],
  [
    './lib[extra]\nlibs/x\ndist/a-1.0.whl\nx @ file:///app/x',
    ['local ./lib[extra]', 'local libs/x', 'local dist/a-1.0.whl', 'local x @ file:///app/x'],
  ],
  [
    '-e git+https://example.org/x.git#egg=x\nx @ https://example.org/x.zip',
    ['package git+https://example.org/x.git#egg=x', 'package x @ https://example.org/x.zip'],
  ],
  [
    "a>=1; python_version < '3.9' and sys_platform == 'x/y'",
    ["package a>=1; python_version < '3.9' and sys_platform == 'x/y'"],
  ],
])('%j', (text, expected) => {
  expect(kinds(text)).toEqual(expected);
});
