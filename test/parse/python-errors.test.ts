import { beforeAll, describe, expect, it } from 'vitest';
import { readPython } from '../../src/parse/python.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const errors = (text: string) => readPython('app.py', text).errors;

const valid: Readonly<Record<string, readonly string[]>> = {
  'layout of lines': [
    '',
    '\n',
    '# c',
    '\ufeffif a:\n  b\n',
    '\fimport os\n',
    'if x:\n    a\n\f\n    b\n',
    'if x:\n\ta\n\tb\n',
    'if x:\n  \t a\n  \t b\n',
    'if x:\r\n  a\r\nelse:\r\n  b\r\n',
    'if True:\n  # c\n  pass\n# d\n',
    'if x:\n    pass\n# c\nelse:\n    pass\n',
    'if x:\n    pass\n\\\n\nfoo()\n',
    'x = 1 \\\n  + 2\n',
    'x = (1,\n2)\n',
    'x = "a" \\\n  "b"\n',
    '"""\\\na\\\n"""\n',
    'a; b;\n',
    'class A: x = 1; y = 2\n',
    '@a\n# c\n\n@b\ndef f(): pass\n',
    'match x:\n  case 1:\n    pass\n\n  # c\n  case 2: pass\n',
  ],
  'Python 3.8 to 3.11': [
    'if (n := len(a)) > 10: pass\n',
    'def f(a, /, b, *, c): pass\n',
    'f"{x=}"\n',
    'with (open(a) as f, open(b) as g): pass\n',
    'with (a as b): pass\n',
    '@(x := y)[0].z\ndef f(): pass\n',
    'try: pass\nexcept* A as e: pass\n',
    'x[*a, b]\n',
    'def f(*a: *T): pass\n',
    'for x in *a, b: pass\n',
    'x = [*a.b(), *c[0]]\nargs = *a, *b.c()\n',
    'match = 1; match.x; match(x); case = type = _ = 2\n',
    'match -x, *y:\n  case {"a": [*_], **r} | P(x=0) if z: pass\n  case -1 | 1+2j | "a" "b" | None as q: pass\n',
    'async def f():\n  async with a as b: pass\n  async for x in y: await z\n  return [x async for x in y]\n',
    'def f():\n  return *a, b\n  x = yield\n  yield from y\n',
    'x: int\na.b: "T" = 1\n(y): int = 3\n',
    'def f():\n  x = 1\n  class A:\n    nonlocal x\n    x = 2\n',
    '"""Doc."""\nfrom __future__ import annotations\nfrom __future__ import division\n',
    'print(*a, sep="")\nprint\nx.print; exec(y)\nprint = log\n',
    '1if x else 2\n0xFF_FF; 1_000.0_1e1_0j; 0o7; 00; 09j\n',
  ],
  'Python 3.12 to 3.14': [
    'type X[T] = list[T]\n',
    'def f[T: int, *Ts, **P](x: T) -> T: ...\n',
    'def f[T = int, *Ts = *tuple[int], **P = [int]](x: T) -> T: ...\n',
    'class A[T: (int, str) = int](B): pass\ntype X[T = int] = list[T]\n',
    'f"{x["a"]}"\n',
    'f"{"\\n".join(a)}"\n',
    'f"{\n  x  # c\n}"\n',
    `f"{f"{f"{1}"}"}"\n`,
    't"hi {name!r:>{width}}"; rt"x"\n',
    'try: pass\nexcept A, B: pass\n',
  ],
  letters: ['été = "😀"\nпривет = été\n', '# \u00a0\nx = "\u00a0\u200b"\n', 'x = b"a" rb"\\x"\n'],
};

const invalid: Readonly<Record<string, readonly string[]>> = {
  'Python 2': [
    'print x\n',
    'print "x"\n',
    'exec "x"\n',
    'exec x in y\n',
    'x <> y\n',
    '`x`\n',
    '0777\n',
    '10L\n',
    'ur"x"\n',
    'raise A, "b"\n',
    'def f((a, b)): pass\n',
    'try: pass\nexcept A, e as b: pass\n',
  ],
  indentation: [
    '  a\n',
    'a\n  b\n',
    'if x:\na\n',
    'if x:\n  a\n    b\n',
    'if x:\n    a\n  b\n',
    'if x:\n\ta\n        b\n',
    'if x:\n  a\n else:\n  b\n',
    'if x:\n  # c\n',
    'def f():\n\nx = 1\n',
    'class A:\n  def f(self): pass\n   def g(self): pass\n',
    'if x: a\n  b\n',
    '@a\n  def f(): pass\n',
    'match x:\n  case 1: pass\n   case 2: pass\n',
    'if x: if y: z\n',
    'try:\n  a\nx = 1\n',
    'try:\n  a\nelse:\n  b\n',
    'for x in y:\n',
  ],
  places: [
    'return 1\n',
    'yield x\n',
    'await x\n',
    'break\n',
    'while x:\n  def f():\n    break\n',
    'class A:\n  return\n',
    'x = 1\nfrom __future__ import annotations\n',
    'from __future__ import nope\n',
    'nonlocal x\n',
    'def f():\n  async with a: pass\n',
    'def f():\n  from x import *\n',
    '*a\n',
    'x = a as b\n',
    'x := 1\n',
    'del f()\n',
  ],
  lists: [
    'f(a=1, b)\n',
    'f(**a, *b)\n',
    'f(a=1, a=2)\n',
    'def f(a, a): pass\n',
    'def f(a=1, b): pass\n',
    'def f(*): pass\n',
    'def f(**k, a): pass\n',
    'from a import b,\n',
    'import a,\n',
    'lambda a, a: 1\n',
  ],
  'broken lines': [
    'x =\n5\n',
    'els:\n    pass\n',
    'a +\nb\n',
    'f(\n',
    'x = [1, 2\n',
    "x = 'a\n",
    'x = """a\n',
    'None = 1\n',
    'x = y = z += 1\n',
    'a, b += 1\n',
    'a, b: int\n',
    '1abc\n',
    'async = 1\n',
    'try: a\nexcept: b\nexcept C: d\n',
    'x: str = if c: a else b\n',
  ],
  letters: [
    'x\u00a0= 1\n',
    'x = 1\n\ufeffy = 2\n',
    'x = 1\0\n',
    'a = 1\rb = 2\n',
    '"C:\\Users"\n',
    'b"é"\n',
    'b"a" "b"\n',
    '"\\x4"\n',
  ],
};

describe.each(Object.entries(valid))('takes %s', (_, texts) => {
  it.each(texts)('%j', (text) => {
    expect(errors(text)).toEqual([]);
  });
});

describe.each(Object.entries(invalid))('refuses %s', (_, texts) => {
  it.each(texts)('%j', (text) => {
    expect(errors(text)).not.toEqual([]);
  });
});

it('points at the place, in UTF-16 offsets', () => {
  const text = '# été 😀\nif x:\n    a\n  print y\n';
  expect(errors(text).map((at) => [at.path, text.slice(at.start, at.end)])).toContainEqual(['app.py', 'print y']);
});

describe('hostile input', () => {
  it.each([
    ['open parentheses', '('.repeat(50_000)],
    ['nested parentheses', '('.repeat(20_000) + ')'.repeat(20_000)],
    ['nested f-strings', 'f"{'.repeat(5_000)],
    ['a long chain of calls', `a${'.b()'.repeat(20_000)}`],
    ['awaits', `${'await '.repeat(20_000)}x`],
    ['sums', `x = ${'a + '.repeat(20_000)}a`],
    ['blocks', Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}if x:\n`).join('')],
    ['junk', '?!($%"'.repeat(3_000)],
  ])('ends with an error on %s', (_, text) => {
    expect(errors(text).length).toBeGreaterThan(0);
  });
});
