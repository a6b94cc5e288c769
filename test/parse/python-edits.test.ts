import { beforeAll, describe, expect, it } from 'vitest';
import type { Edit } from '../../src/finding.ts';
import { deleteImport, deleteStatement, insertImport, readPython } from '../../src/parse/python.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const apply = (text: string, { start, end, text: put }: Edit) => text.slice(0, start) + put + text.slice(end);

/** Deletes the statement whose text starts with `init`. */
const withoutInit = (text: string) => {
  const module = readPython('app.py', text);
  const index = module.statements.findIndex((s) =>
    /^(@d\n)?(async )?(init|if init|def init)/.test(text.slice(s.at.start)),
  );
  const after = apply(text, deleteStatement(module, index));
  expect(readPython('app.py', after).errors).toEqual([]);
  expect(after).not.toMatch(/[ \t]\r?\n/);
  return after;
};

describe('deleteStatement', () => {
  it.each([
    ['a whole line', 'a\ninit()\nb\n', 'a\nb\n'],
    ['a line with its comment, keeping the neighbours', '# é\ninit()  # c\n# d 😀\n', '# é\n# d 😀\n'],
    ['the last line without newline', 'a\ninit()', 'a\n'],
    ['CRLF', 'a\r\ninit()\r\nb\r\n', 'a\r\nb\r\n'],
    ['the first line after a BOM', '\ufeffinit()\na\n', '\ufeffa\n'],
    ['several lines', 'a\ninit(\n  1,\n)\nb\n', 'a\nb\n'],
    ['a compound statement with the comment that closes its body', 'a\nif init:\n    b\n    # c\n# d\n', 'a\n# d\n'],
    ['a decorated function', 'a\n@d\ndef init():\n    b\nc\n', 'a\nc\n'],
    ['the first of a line', 'init(); b()  # c\n', 'b()  # c\n'],
    ['the last of a line', 'a(); init()  # c\n', 'a()  # c\n'],
    ['the middle of a line', 'a(); init() ; b()\n', 'a(); b()\n'],
    ['the last of a line before a semicolon', 'a(); init();\n', 'a();\n'],
    ['the first of a header line', 'if x: init(); b()\n', 'if x: b()\n'],
    ['a trailing semicolon', 'a\ninit();\nb\n', 'a\nb\n'],
    ['after a continued semicolon', 'a; \\\ninit()\n', 'a\n'],
    ['alone on a header line', 'if x: init()  # c\n', 'if x: pass  # c\n'],
    ['alone on a header line with semicolon', 'if x: init();\n', 'if x: pass\n'],
    ['alone in its block', 'if x:\n\tinit()  # c\nb\n', 'if x:\n\tpass\nb\n'],
    [
      'alone beside comments',
      'def f():\n    # why\n    init()\n    # after\n',
      'def f():\n    # why\n    pass\n    # after\n',
    ],
    ['alone at the end, CRLF', 'if x:\r\n    init()\r\n', 'if x:\r\n    pass\r\n'],
    ['alone and without newline', 'if x:\n    init()', 'if x:\n    pass'],
    ['alone and compound', 'def f():\n  if init:\n    a\n    # b\nc\n', 'def f():\n  pass\nc\n'],
    ['the only statement of the file', 'init()\n', ''],
    ['between blank lines', 'a\n\ninit()\n\nb\n', 'a\n\nb\n'],
    ['between uneven blank lines', 'a\n\ninit()\n\n\nb\n', 'a\n\n\nb\n'],
  ])('%s', (_, before, after) => {
    expect(withoutInit(before)).toBe(after);
  });
});

/** Deletes the import that binds `x`. */
const withoutX = (text: string) => {
  const module = readPython('app.py', text);
  const imported = module.imports.find((i) => i.binds === 'x');
  if (!imported) throw new Error('no import binds x');
  const after = apply(text, deleteImport(module, imported));
  expect(readPython('app.py', after).errors).toEqual([]);
  expect(after).not.toMatch(/[ \t]\r?\n/);
  return after;
};

describe('deleteImport', () => {
  it.each([
    ['import x\na\n', 'a\n'],
    ['import a, x\n', 'import a\n'],
    ['import y.z as x, b\n', 'import b\n'],
    ['import a, x, b  # é\n', 'import a, b  # é\n'],
    ['from m import x as y, q as x, z\n', 'from m import x as y, z\n'],
    ['from m import a, \\\n    x\n', 'from m import a\n'],
    ['from m import x, \\\n    a\n', 'from m import a\n'],
    ['from m import (x, a)\n', 'from m import (a)\n'],
    ['from m import (a, x,)\n', 'from m import (a,)\n'],
    ['from m import (\n    a,\n    x,  # why\n    b,\n)\n', 'from m import (\n    a,\n    b,\n)\n'],
    ['from m import (\r\n    a,\r\n    x\r\n)\r\n', 'from m import (\r\n    a,\r\n)\r\n'],
    ['from m import (\n    x,\n    a\n)\n', 'from m import (\n    a\n)\n'],
    ['from m import (a,\n    x)\n', 'from m import (a)\n'],
    ['from m import (x,\n    a)\n', 'from m import (a)\n'],
    ['from m import (a,  # c\n    x)\n', 'from m import (a,  # c\n    )\n'],
    ['from m import (x,  # c\n    # d\n    a)\n', 'from m import (\n    # d\n    a)\n'],
    ['from m import (a, x,\n    b)\n', 'from m import (a,\n    b)\n'],
    ['from m import (\n    x\n    , a\n)\n', 'from m import (\n    a\n)\n'],
    ['from m import (\n    a\n    , x\n    , b\n)\n', 'from m import (\n    a\n    , b\n)\n'],
    [
      'try:\n    from m import x\nexcept ImportError:\n    x = None\n',
      'try:\n    pass\nexcept ImportError:\n    x = None\n',
    ],
    ['def f():\n    import x; g()\n', 'def f():\n    g()\n'],
  ])('%j', (before, after) => {
    expect(withoutX(before)).toBe(after);
  });
});

describe('insertImport', () => {
  it.each([
    ['import a\n\nb\n', 'import a\nimport os\n\nb\n'],
    ['"""Doc."""', '"""Doc."""\nimport os\n'],
    ['import a\r\nb\r\n', 'import a\r\nimport os\r\nb\r\n'],
    ['\ufeffb\n', '\ufeffimport os\nb\n'],
    ['', 'import os\n'],
    ['from __future__ import annotations\nx = 1\n', 'from __future__ import annotations\nimport os\nx = 1\n'],
  ])('%j', (before, after) => {
    const changed = apply(before, insertImport(readPython('app.py', before), 'import os'));
    expect(changed).toBe(after);
    expect(readPython('app.py', changed).errors).toEqual([]);
  });
});
