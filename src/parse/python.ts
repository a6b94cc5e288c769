import type { Span } from '../finding.ts';
import { errorsIn } from './python/errors.ts';
import { exportsOf } from './python/exports.ts';
import { importsEndOf } from './python/imports.ts';
import { indentStep } from './python/statements.ts';
import { gatherFacts } from './python/syntax.ts';
import { parseTree } from './python/tree.ts';

export { deleteImport, deleteStatement, enclosing, insertImport } from './python/edits.ts';
export { loadPython } from './python/tree.ts';

/** Which part of its parent a statement stands in. */
export type PythonClause = 'body' | 'else' | 'elif' | 'except' | 'finally' | 'case';

/** A statement, in source order; nesting through `parent`. */
export interface PythonStatement {
  readonly index: number;
  readonly kind:
    | 'import'
    | 'expression'
    | 'assignment'
    | 'if'
    | 'for'
    | 'while'
    | 'try'
    | 'with'
    | 'match'
    | 'function'
    | 'class'
    | 'return'
    | 'raise'
    | 'pass'
    | 'global'
    | 'delete'
    | 'assert'
    | 'other';
  /** First to last character (decorators included), without the newline; for compound statements with the whole body. */
  readonly at: Span;
  /** Whole lines (indentation, trailing comment and newline included); absent when `;` or a header shares a line. */
  readonly lines?: Span;
  /** The statement that encloses it directly; -1 at module level. */
  readonly parent: number;
  readonly clause: PythonClause;
  /** Header text of that clause: an `elif`'s condition, an `except`'s type, a `case`'s pattern; '' for all others. */
  readonly clauseHead: string;
  /**
   * Header text of compound statements: the condition of an `if` or `while`, a `with`'s items, a `for`'s clause, a `match`'s
   * subject, the types that a `try` catches (`, ` between the handlers); else ''.
   */
  readonly head: string;
  /** Qualified name of the enclosing function or class: '' at module level, `create_app`, `Task.__call__`, `outer.inner`. */
  readonly scope: string;
  /** The only statement of its block: deleting it would leave an empty body. */
  readonly alone: boolean;
  /** Indentation, as written. */
  readonly indent: string;
}

export interface PythonImport {
  /** Dotted module as written, without leading dots ('' for `from . import x`). */
  readonly module: string;
  /** Leading dots. */
  readonly level: number;
  /** Imported name of `from m import name` (`*` for a star); undefined for `import m`. */
  readonly name: string | undefined;
  /** The name that it binds: alias, name, or the first segment of `import a.b`. */
  readonly binds: string;
  /** Just this name's part of the statement (`b as c`). */
  readonly at: Span;
  readonly statement: number;
  readonly scope: string;
  /** Inside `try` (body or handler) with an except for ImportError/ModuleNotFoundError/Exception, or `with suppress(ImportError)`. */
  readonly optional: boolean;
  /** Under `if TYPE_CHECKING`. */
  readonly typing: boolean;
}

export interface PythonArgument {
  /** Keyword name; undefined for positional. */
  readonly name: string | undefined;
  /** `*args` or `**kwargs`. */
  readonly star: '' | '*' | '**';
  /** The value's text, and its place; `at` covers `name=value`. */
  readonly text: string;
  readonly value: Span;
  readonly at: Span;
  /** The value when it is a plain string literal (no f-string, implicit concatenation joined). */
  readonly string: string | undefined;
}

export interface PythonCall {
  /** Dotted callee without whitespace: `db.create_all`, `Celery`; a call or subscript in the chain keeps its brackets, empty: `Flask().run`, `x[].b`; any other expression is `?`: `?.join`. */
  readonly callee: string;
  readonly calleeAt: Span;
  readonly at: Span;
  readonly args: readonly PythonArgument[];
  /** The innermost statement that holds the call. */
  readonly statement: number;
  readonly scope: string;
  /** The call (or `await call`, in parentheses or not) is the whole expression statement, so its result is dropped. */
  readonly whole: boolean;
  /** It stands in a decorator. */
  readonly decorator: boolean;
  /** Inside a lambda or generator of its statement, so that it may run later or never; other comprehensions run at once. */
  readonly deferred: boolean;
}

export interface PythonDecorator {
  /** `app.cli.command`, `shared_task`. */
  readonly callee: string;
  readonly at: Span;
  readonly args: readonly PythonArgument[];
}

export interface PythonFunction {
  readonly name: string;
  readonly qualified: string;
  readonly at: Span;
  readonly async: boolean;
  readonly parameters: readonly {
    readonly name: string;
    readonly star: '' | '*' | '**';
    readonly default: string | undefined;
    readonly annotation: string | undefined;
    readonly at: Span;
  }[];
  readonly decorators: readonly PythonDecorator[];
  readonly statement: number;
  /** From the first statement of the body to its last character. */
  readonly body: Span;
  readonly docstring: Span | undefined;
}

export interface PythonClass {
  readonly name: string;
  readonly qualified: string;
  readonly at: Span;
  readonly bases: readonly PythonArgument[];
  readonly decorators: readonly PythonDecorator[];
  readonly statement: number;
  readonly body: Span;
}

export interface PythonAssignment {
  /** Dotted or subscripted target as written without whitespace: `app`, `celery.Task`, `app.config["X"]`; one entry per target. */
  readonly target: string;
  /** What does the binding: the assignment; for `for` the target alone, for `with` and `except` the part around `as`. */
  readonly at: Span;
  readonly targetAt: Span;
  readonly annotation: string | undefined;
  /** Augmented operator (`+=`) or `=`; '' for a bare annotation; `:=` for a walrus; `for`, `with`, `except`, `case` for names that those bind. */
  readonly operator: string;
  /** Undefined where it is unpacked or bound at run time; for `with` the context expression. */
  readonly value: { readonly text: string; readonly at: Span; readonly string: string | undefined } | undefined;
  readonly statement: number;
  readonly scope: string;
}

/** A name that is read (never a keyword argument's name, an attribute after a dot, or a binding). */
export interface PythonName {
  readonly name: string;
  /** The longest attribute chain that starts here: `current_app.config.get`. */
  readonly dotted: string;
  readonly at: Span;
  readonly statement: number;
  readonly scope: string;
}

export interface PythonModule {
  readonly path: string;
  readonly text: string;
  /** Places where Python would refuse the file; Python 2 (`print x`, `exec x`) is refused too. Such a file is not edited. */
  readonly errors: readonly Span[];
  /** All, flat, in source order. */
  readonly statements: readonly PythonStatement[];
  readonly imports: readonly PythonImport[];
  readonly calls: readonly PythonCall[];
  readonly functions: readonly PythonFunction[];
  readonly classes: readonly PythonClass[];
  readonly assignments: readonly PythonAssignment[];
  readonly names: readonly PythonName[];
  /** Names under `global` in functions. */
  readonly globals: readonly { readonly name: string; readonly scope: string }[];
  /** Names of `__all__`, when it is a literal list. */
  readonly exports: readonly string[] | undefined;
  /**
   * Where a new top-level import goes: after the docstring, `from __future__` and the imports at the head of the file. A line
   * start, but in a file of docstring or imports alone that lacks its last newline: `insertImport` knows.
   */
  readonly importsEnd: number;
  /** One indentation step as the file uses it ('    ' when it has none). */
  readonly indent: string;
}

/** Reads a Python file; what Python would refuse is in `errors`, and then nothing of the file should be edited. */
export const readPython = (path: string, text: string): PythonModule => {
  const source = { path, text };
  const tree = parseTree(text);
  const facts = gatherFacts(source, tree);
  return {
    path,
    text,
    errors: errorsIn(tree, text).map(({ start, end }) => ({ path, start, end })),
    ...facts,
    exports: exportsOf(source, tree.root, facts.assignments, facts.calls),
    importsEnd: importsEndOf(source, tree.root),
    indent: indentStep(facts.statements),
  };
};
