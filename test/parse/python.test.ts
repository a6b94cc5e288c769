import { beforeAll, describe, expect, it } from 'vitest';
import type { Span } from '../../src/finding.ts';
import { enclosing, readPython } from '../../src/parse/python.ts';
import { loadPythonForTests } from '../python-wasm.ts';

beforeAll(loadPythonForTests);

const read = (text: string) => {
  const module = readPython('app.py', text);
  return { ...module, at: (span: Span | undefined) => span && text.slice(span.start, span.end) };
};

describe('statements', () => {
  it('lists them flat, with parent, clause and header', () => {
    const { statements } = read(
      'try:\n    import a\nexcept (A, B) as e:\n    x = 1\nelse:\n    f()\nif p:\n    pass\nelif q > 1:\n    with o(1) as g: h()\n',
    );
    expect(statements.map((s) => [s.kind, s.parent, s.clause, s.head, s.clauseHead])).toEqual([
      ['try', -1, 'body', '(A, B)', ''],
      ['import', 0, 'body', '', ''],
      ['assignment', 0, 'except', '', '(A, B)'],
      ['expression', 0, 'else', '', ''],
      ['if', -1, 'body', 'p', ''],
      ['pass', 4, 'body', '', ''],
      ['with', 4, 'elif', 'o(1) as g', 'q > 1'],
      ['expression', 6, 'body', '', ''],
    ]);
  });

  it.each([
    ['a line', 'é = "😀"\nx = 1  # c\ny\n', 1, 'x = 1', 'x = 1  # c\n'],
    ['the last line without newline', 'a\nb', 1, 'b', 'b'],
    ['CRLF', 'a\r\nif b:\r\n    c\r\nd\r\n', 1, 'if b:\r\n    c', 'if b:\r\n    c\r\n'],
    ['a BOM', '\ufeffimport os\nx\n', 0, 'import os', 'import os\n'],
    [
      'a decorated function',
      '@a\n@b(1)\ndef f():\n\tpass\n',
      0,
      '@a\n@b(1)\ndef f():\n\tpass',
      '@a\n@b(1)\ndef f():\n\tpass\n',
    ],
    ['a trailing semicolon', 'a();\n', 0, 'a()', 'a();\n'],
    ['two on one line', 'a(); b()\n', 1, 'b()', undefined],
    ['a body in its header', 'if x: a()\n', 1, 'a()', undefined],
    ['a continued line', 'x = 1 + \\\n  2\n', 0, 'x = 1 + \\\n  2', 'x = 1 + \\\n  2\n'],
    ['a semicolon before a continuation', 'a; \\\nb\n', 1, 'b', undefined],
    ['triple quotes', "x = '''\nif\n'''\ny\n", 0, "x = '''\nif\n'''", "x = '''\nif\n'''\n"],
    ['a comment that closes the body', 'if a:\n    b\n    # c\nd\n', 0, 'if a:\n    b', 'if a:\n    b\n'],
  ])('knows the place of %s', (_, text, index, at, lines) => {
    const module = read(text);
    expect(module.errors).toEqual([]);
    expect(module.at(module.statements[index]?.at)).toBe(at);
    expect(module.at(module.statements[index]?.lines)).toBe(lines);
  });

  it('names scopes by function and class, and finds what encloses a statement', () => {
    const module = read('class Task:\n  def __call__(self):\n    def inner(): go()\n');
    expect(module.statements.map((s) => s.scope)).toEqual(['', 'Task', 'Task.__call__', 'Task.__call__.inner']);
    expect(enclosing(module, 3).map((s) => s.kind)).toEqual(['function', 'function', 'class']);
    expect(module.statements.map((s) => s.alone)).toEqual([false, true, true, true]);
  });
});

describe('imports', () => {
  it.each([
    ['import a.b', ['a.b', 0, undefined, 'a', 'a.b']],
    ['import a.b as c', ['a.b', 0, undefined, 'c', 'a.b as c']],
    ['from a . b import c as d', ['a.b', 0, 'c', 'd', 'c as d']],
    ['from . import x', ['', 1, 'x', 'x', 'x']],
    ['from ...a import *', ['a', 3, '*', '*', '*']],
    ['from __future__ import annotations', ['__future__', 0, 'annotations', 'annotations', 'annotations']],
    ['from données import été', ['données', 0, 'été', 'été', 'été']],
  ])('%s', (text, expected) => {
    const module = read(`# 😀\n${text}\n`);
    expect(module.imports.map((i) => [i.module, i.level, i.name, i.binds, module.at(i.at)])).toEqual([expected]);
  });

  it.each([
    ['try:\n  import a\nexcept ImportError:\n  import b\n', [true, true]],
    ['try:\n  import a\nexcept (KeyError, ModuleNotFoundError):\n  pass\n', [true]],
    ['try:\n  import a\nexcept:\n  pass\nelse:\n  import b\n', [true, false]],
    ['try:\n  import a\nexcept KeyError:\n  pass\n', [false]],
    ['try:\n  def f():\n    import a\nexcept ImportError:\n  pass\n', [false]],
    ['with suppress(ImportError):\n  import a\n', [true]],
  ])('knows which are optional: %j', (text, expected) => {
    expect(read(text).imports.map((i) => i.optional)).toEqual(expected);
  });

  it('knows those for typing', () => {
    const { imports } = read('if t.TYPE_CHECKING:\n  import a\nelse:\n  import b\n');
    expect(imports.map((i) => i.typing)).toEqual([true, false]);
  });

  it.each([
    ['"""Doc."""\nimport a\n\nx = 1\nfrom b import c\n', 'x'],
    ['import a\nsys.path.insert(0, ".")\nimport b\ndef f(): pass\n', 'def'],
    ['try:\n    import a\nexcept ImportError:\n    a = None\nx\n', 'x'],
    ['#!/usr/bin/env python\n# Licence\n\n# app\nx\n', '# app'],
    ['#!/usr/bin/env python\n# app\nx\n', '# app'],
    ['\ufeffx\n', 'x'],
    ['from a import (\r\n    b,\r\n)  # c\r\nx\r\n', 'x'],
  ])('knows where new ones go: %j', (text, next) => {
    const { importsEnd } = read(text);
    expect(text.slice(importsEnd).trimStart().startsWith(next)).toBe(true);
    expect(importsEnd === 0 || '\n\ufeff'.includes(text[importsEnd - 1] ?? '')).toBe(true);
  });
});

describe('calls', () => {
  it.each([
    ['db.create_all()', ['db.create_all']],
    ['Flask(__name__).run()', ['Flask().run', 'Flask']],
    ['x["a"].b()', ['x[].b']],
    ['(a or b).c()', ['?.c']],
    ['a . b \\\n  . c ()', ['a.b.c']],
    ['"{}".format(f(1), g=h())', ['?.format', 'f', 'h']],
    ['[*a.b(), *c()]', ['a.b', 'c']],
    [`f"é😀{a(f'{b()}')}"`, ['a', 'b']],
    ['f"{x["a"].get("b")}"', ['x[].get']],
    ['@app.cli.command("x")\ndef f(): pass', ['app.cli.command']],
  ])('%s', (text, callees) => {
    const module = read(`# été 😀\n${text}\n`);
    expect(module.errors).toEqual([]);
    expect(module.calls.map((c) => c.callee)).toEqual(callees);
    for (const call of module.calls) {
      expect(module.at(call.at)?.endsWith(')')).toBe(true);
      expect(module.at(call.at)?.startsWith(module.at(call.calleeAt) ?? '-')).toBe(true);
    }
  });

  it('reads arguments', () => {
    const { calls, at } = read(`f(a, 'b' "\\xe9", k="v\\n", *r, **kw, x=f"y", z=rb"q", u=("p"  # c\n "q"))\n`);
    expect(calls[0]?.args.map((a) => [a.name, a.star, a.text, a.string])).toEqual([
      [undefined, '', 'a', undefined],
      [undefined, '', `'b' "\\xe9"`, 'bé'],
      ['k', '', '"v\\n"', 'v\n'],
      [undefined, '*', 'r', undefined],
      [undefined, '**', 'kw', undefined],
      ['x', '', 'f"y"', undefined],
      ['z', '', 'rb"q"', undefined],
      ['u', '', '("p"  # c\n "q")', 'pq'],
    ]);
    expect(calls[0]?.args.map((a) => at(a.at)).slice(2, 5)).toEqual(['k="v\\n"', '*r', '**kw']);
    expect(read('sum(x for x in y)\n').calls[0]?.args[0]?.text).toBe('x for x in y');
  });

  it.each([
    ['f()', 'whole'],
    ['await f()', 'whole'],
    ['(f())', 'whole'],
    ['x = f()', ''],
    ['g(f())', ''],
    ['@f()\n  def g(): pass', 'decorator'],
    ['lambda: f()', 'deferred'],
    ['lambda x=f(): x', ''],
    ['[f() for x in y]', ''],
    ['(f() for x in y)', 'deferred'],
    ['(x for x in f())', ''],
    ['(x for y in z for x in f())', 'deferred'],
  ])('knows how %s is called', (text, expected) => {
    const call = read(`async def a():\n  ${text}\n`).calls.find(({ callee }) => callee === 'f');
    const flags = (['whole', 'decorator', 'deferred'] as const).filter((flag) => call?.[flag]);
    expect(flags.join()).toBe(expected);
  });

  it('puts defaults and decorators into the scope around the function', () => {
    const { calls } = read('@d()\ndef f(a=b()) -> c():\n    e()\n');
    expect(calls.map((c) => [c.callee, c.scope, c.statement])).toEqual([
      ['d', '', 0],
      ['b', '', 0],
      ['c', '', 0],
      ['e', 'f', 1],
    ]);
  });
});

describe('definitions', () => {
  it('reads a function', () => {
    const { functions, at } = read(
      '@shared_task(bind=True)\nasync def f(a, /, b: int = 1, *c, d="x", **e: "T"):\n    """Doc."""\n    go()\n',
    );
    const [f] = functions;
    expect(f?.parameters.map((p) => [p.name, p.star, p.default, p.annotation])).toEqual([
      ['a', '', undefined, undefined],
      ['b', '', '1', 'int'],
      ['c', '*', undefined, undefined],
      ['d', '', '"x"', undefined],
      ['e', '**', undefined, '"T"'],
    ]);
    expect([f?.async, at(f?.docstring), at(f?.body)]).toEqual([true, '"""Doc."""', '"""Doc."""\n    go()']);
    expect(f?.decorators.map((d) => [d.callee, at(d.at), d.args[0]?.name])).toEqual([
      ['shared_task', '@shared_task(bind=True)', 'bind'],
    ]);
  });

  it('reads a class', () => {
    const { classes, at } = read('class A:\n  class B(C.D, metaclass=M): x = 1\n');
    expect(classes.map((c) => [c.qualified, c.bases.map((b) => b.text), at(c.body)])).toEqual([
      ['A', [], 'class B(C.D, metaclass=M): x = 1'],
      ['A.B', ['C.D', 'M'], 'x = 1'],
    ]);
  });
});

describe('assignments', () => {
  it.each([
    ['app: Flask = F()', ['app = F()']],
    ['x: int', ['x  -']],
    ['a = b = 1', ['a = 1', 'b = 1']],
    ['a, (b, c) = 1, (2, f())', ['a = 1', 'b = 2', 'c = f()']],
    ['a, *b = c', ['a = -', 'b = -']],
    ['app.config [ "X Y" ] += 1', ['app.config["X Y"] += 1']],
    ['for a, b.c in d: pass', ['a for -', 'b.c for -']],
    ['with o() as (f, g), p() as h: pass', ['f with -', 'g with -', 'h with p()']],
    ['try: pass\nexcept E as e: pass', ['e except -']],
    ['while (n := f()): pass', ['n := f()']],
    [
      'match x:\n  case P(a, b=c) as d: pass\n  case [q, *r] | {"k": s, **t}: pass\n  case M.x: pass',
      ['d case -', 'a case -', 'c case -', 'q case -', 'r case -', 's case -', 't case -'],
    ],
    ['[x for x in y]', []],
  ])('%s', (text, expected) => {
    const { assignments, errors } = read(`${text}\n`);
    expect(errors).toEqual([]);
    expect(assignments.map((a) => `${a.target} ${a.operator} ${a.value?.text ?? '-'}`)).toEqual(expected);
  });
});

describe('names', () => {
  it.each([
    ['current_app.config.get("x")', ['current_app.config.get']],
    ['f(k=v)', ['f', 'v']],
    ['x = y.z', ['y.z']],
    ['x += 1', ['x']],
    ['x.y = 1', ['x.y']],
    ['def f(a: "Flask", b: Opt["x.T"] = c, *d: e) -> list[g]: pass', ['Flask', 'Opt', 'x.T', 'c', 'e', 'list', 'g']],
    ['f"{a!r:>{b.c}} {d[\'e\']}"', ['a', 'b.c', 'd']],
    ['f"{a["b"]} {f"{c}"}"', ['a', 'c']],
    ['t"{a}"', ['a']],
    ['@d.e\nclass A(B, m=C): pass', ['d.e', 'B', 'C']],
    ['__all__ = ["a"]', []],
    ['global x', []],
    ['import x', []],
    ['del x', ['x']],
    ['(y := z)', ['z']],
    ['[a for b in c if d]', ['a', 'c', 'd']],
    ['match s:\n  case P(k=v): pass\n  case Q.r: pass', ['s', 'P', 'Q.r']],
    ['type A[T: B] = list[T]', ['B', 'list', 'T']],
    ['def f[T = int](x: T): ...', ['int', 'T']],
    ['имя.été', ['имя.été']],
    ['Annotated[str, Field(description="hello")]', ['Annotated', 'str', 'Field']],
  ])('%s', (text, dotted) => {
    const module = read(`${text}\n`);
    expect(module.names.map((n) => n.dotted)).toEqual(dotted);
    for (const name of module.names) expect(module.at(name.at)).toBe(name.name);
  });
});

it.each([
  ['__all__ = ["a", \'b\']\n', ['a', 'b']],
  ['__all__ = ("a",)\n__all__ += ["b"]\n', ['a', 'b']],
  ['__all__ = ["a"] + x.__all__\n', undefined],
  ['__all__ = ["a"]\n__all__.append("b")\n', undefined],
  ['x = 1\n', undefined],
])('reads the exports of %j', (text, expected) => {
  expect(read(text).exports).toEqual(expected);
});

it.each([
  ['if a:\n\tb\n', '\t'],
  ['if a:\n  b\n  if c:\n    d\n', '  '],
  ['a\n', '    '],
])('knows the indentation step of %j', (text, step) => {
  expect(read(text).indent).toBe(step);
});

it('reads UTF-8 text that was decoded as latin1', () => {
  const bytes = new TextEncoder().encode('s = "été"  # déjà\ndb.create_all()\n');
  const module = read(new TextDecoder('latin1').decode(bytes));
  expect(module.errors).toEqual([]);
  expect(module.calls.map((c) => module.at(c.at))).toEqual(['db.create_all()']);
});

it('lists names under global', () => {
  expect(read('def f():\n  global a, b\n').globals).toEqual([
    { name: 'a', scope: 'f' },
    { name: 'b', scope: 'f' },
  ]);
});
