import type { Span } from '../finding.ts';

/** Which part of its parent a statement stands in. */
export type PythonClause = 'body' | 'else' | 'elif' | 'except' | 'finally' | 'case';

/** A statement, in source order; nesting through `parent`. */
export interface PythonStatement {
  readonly index: number;
  readonly kind:
    | 'import' | 'expression' | 'assignment' | 'if' | 'for' | 'while' | 'try' | 'with' | 'match'
    | 'function' | 'class' | 'return' | 'raise' | 'pass' | 'global' | 'delete' | 'assert' | 'other';
  /** First to last character (decorators included), without the newline; for compound statements with the whole body. */
  readonly at: Span;
  /** Whole lines (indentation, trailing comment and newline included); absent when `;` or a header shares a line. */
  readonly lines?: Span;
  /** The statement that encloses it directly; -1 at module level. */
  readonly parent: number;
  readonly clause: PythonClause;
  /** Header text of compound statements: an `if`'s condition, a `with`'s items, an `except`'s type, a `for`'s clause; else ''. */
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
  /** Inside `try` with an except for ImportError/ModuleNotFoundError/Exception. */
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
  /** Dotted callee without whitespace: `db.create_all`, `Celery`; a call in the chain keeps its parentheses empty: `Flask().run`. */
  readonly callee: string;
  readonly calleeAt: Span;
  readonly at: Span;
  readonly args: readonly PythonArgument[];
  /** The innermost statement that holds the call. */
  readonly statement: number;
  readonly scope: string;
  /** The call (or `await call`) is the whole expression statement, so its result is dropped. */
  readonly whole: boolean;
  /** It stands in a decorator. */
  readonly decorator: boolean;
  /** Inside a lambda or comprehension of its statement. */
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
  readonly parameters: readonly { readonly name: string; readonly star: '' | '*' | '**'; readonly default: string | undefined; readonly annotation: string | undefined; readonly at: Span }[];
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
  readonly at: Span;
  readonly annotation: string | undefined;
  /** Augmented operator (`+=`) or `=`; '' for a bare annotation; `:=` for a walrus; `for`, `with`, `except` for names that those bind. */
  readonly operator: string;
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
  /** Places where Python would refuse the file: tree errors and indentation errors. */
  readonly errors: readonly Span[];
  /** Python 2 (`print x`, `exec x`): errors too, and nothing is edited. */
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
  /** Where a new top-level import goes: after the docstring, `from __future__` and the last top-level import. */
  readonly importsEnd: number;
  /** One indentation step as the file uses it ('    ' when it has none). */
  readonly indent: string;
}

/** Loads the parser: `runtime` is web-tree-sitter's wasm, `grammar` tree-sitter-python's. Call once before `readPython`. */
export declare function loadPython(wasm: { readonly runtime: Uint8Array; readonly grammar: Uint8Array }): Promise<void>;
export declare function readPython(path: string, text: string): PythonModule;
/** Ancestors of a statement, innermost first. */
export declare function enclosing(module: PythonModule, statement: number): readonly PythonStatement[];
/** Deletes a statement: its whole lines, or `pass` in its place when it stands alone in its block. */
export declare function deleteStatement(module: PythonModule, statement: number): { readonly path: string; readonly start: number; readonly end: number; readonly text: string };
/** Deletes one imported name, or the whole import statement when it is the only one. */
export declare function deleteImport(module: PythonModule, imported: PythonImport): { readonly path: string; readonly start: number; readonly end: number; readonly text: string };
