import type { CallExpression, Node, SourceFile } from 'ts-morph';
import type { Span } from '../finding.ts';
import { lineContentEnd, lineEnd, lineStart } from '../lines.ts';

type TsMorph = typeof import('ts-morph');

/** A call in a JavaScript or TypeScript file. */
export interface ScriptCall {
  /** Dotted callee without whitespace: `sequelize.sync`; a call in the chain keeps its brackets, empty: `knex().migrate.latest`. */
  readonly callee: string;
  readonly at: Span;
  /** Whole lines of its statement, when the call (awaited or not) is all of it and nothing else shares the lines. */
  readonly lines: Span | undefined;
  readonly args: readonly string[];
  /** Name of the function around it; '' at the top level, `undefined` in a function without a name. */
  readonly scope: string | undefined;
  /** Conditions, loops and `try` around it inside its function, outermost first: their header texts. */
  readonly within: readonly string[];
}

/** A name that a file takes from another module. */
export interface ScriptImport {
  /** The specifier as written: `./db.js`, `cluster`. */
  readonly module: string;
  /** Names that it binds; empty for an import for its effects. */
  readonly binds: readonly string[];
  /** The import or the `const … = require(…)`, without its line end. */
  readonly at: Span;
  readonly lines: Span;
}

export interface ScriptModule {
  readonly path: string;
  readonly text: string;
  /** ECMAScript module syntax is used. */
  readonly esm: boolean;
  /** The file does not parse; then nothing of it should be edited. */
  readonly broken: boolean;
  readonly calls: readonly ScriptCall[];
  readonly imports: readonly ScriptImport[];
  /** `name: value` of object literals, in source order, names unquoted. */
  readonly properties: readonly { readonly name: string; readonly value: string; readonly at: Span }[];
  /** How often each name occurs outside of imports. */
  readonly uses: ReadonlyMap<string, number>;
}

let loaded: TsMorph | undefined;

/** Loads the TypeScript parser, which takes about half a second; await it once, and only for repositories that need it. */
export async function loadTypescript(): Promise<void> {
  loaded ??= await import('ts-morph');
}

/** Reads a JavaScript, TypeScript or JSON file; `undefined` until `loadTypescript` is done. */
export function readTypescript(path: string, text: string): ScriptModule | undefined {
  if (!loaded) return undefined;
  const skipped = text.startsWith('\ufeff') ? 1 : 0;
  const project = new loaded.Project({
    useInMemoryFileSystem: true,
    skipLoadingLibFiles: true,
    skipFileDependencyResolution: true,
    compilerOptions: { allowJs: true },
  });
  const file = project.createSourceFile(`/${path}`, text.slice(skipped));
  return factsOf(loaded, path, text, file, skipped);
}

function factsOf(ts: TsMorph, path: string, text: string, file: SourceFile, skipped: number): ScriptModule {
  const { SyntaxKind } = ts;
  const span = (node: Node): Span => ({ path, start: node.getStart() + skipped, end: node.getEnd() + skipped });
  const linesOf = (node: Node): Span => {
    const { start, end } = span(node);
    return { path, start: lineStart(text, start), end: lineEnd(text, end) };
  };
  const imports = [
    ...file.getImportDeclarations().map((each) => {
      const names = [
        each.getDefaultImport()?.getText(),
        each.getNamespaceImport()?.getText(),
        ...each.getNamedImports().map((one) => one.getAliasNode()?.getText() ?? one.getName()),
      ];
      return {
        module: each.getModuleSpecifierValue(),
        binds: names.filter((name) => name !== undefined),
        at: span(each),
        lines: linesOf(each),
      };
    }),
    ...file.getVariableStatements().flatMap((statement) =>
      statement.getDeclarations().flatMap((each) => {
        const value = each.getInitializerIfKind(SyntaxKind.CallExpression);
        const [module] = value?.getExpression().getText() === 'require' ? value.getArguments() : [];
        if (!module?.isKind(SyntaxKind.StringLiteral)) return [];
        const name = each.getNameNode();
        const binds = name.isKind(SyntaxKind.ObjectBindingPattern)
          ? name.getElements().map((one) => one.getName())
          : [name.getText()];
        return [{ module: module.getLiteralValue(), binds, at: span(statement), lines: linesOf(statement) }];
      }),
    ),
  ];
  const inImport = (node: Node): boolean =>
    imports.some(({ at }) => node.getStart() + skipped >= at.start && node.getEnd() + skipped <= at.end);
  const uses = new Map<string, number>();
  for (const node of file.getDescendantsOfKind(SyntaxKind.Identifier)) {
    if (inImport(node)) continue;
    const parent = node.getParent();
    if (parent?.isKind(SyntaxKind.PropertyAccessExpression) && parent.getNameNode() === node) continue;
    uses.set(node.getText(), (uses.get(node.getText()) ?? 0) + 1);
  }
  const broken = hasSyntaxError(file, ts);
  return {
    path,
    text,
    esm:
      file.getImportDeclarations().length > 0 ||
      file.getExportDeclarations().length > 0 ||
      file.getExportAssignments().length > 0 ||
      /^export\s/m.test(text),
    broken,
    calls: file.getDescendantsOfKind(SyntaxKind.CallExpression).map((call) => callOf(ts, text, call, span, skipped)),
    imports,
    properties: file.getDescendantsOfKind(SyntaxKind.PropertyAssignment).map((each) => ({
      name: each.getName().replace(/^["']|["']$/g, ''),
      value: each.getInitializer()?.getText() ?? '',
      at: span(each),
    })),
    uses,
  };
}

/** Syntax errors only: types and modules are nobody's business here. */
const hasSyntaxError = (file: SourceFile, ts: TsMorph): boolean =>
  ts.ts
    .transpileModule(file.getFullText(), {
      fileName: file.getBaseName(),
      reportDiagnostics: true,
      compilerOptions: { allowJs: true, target: ts.ts.ScriptTarget.ESNext, module: ts.ts.ModuleKind.ESNext },
    })
    .diagnostics?.some(({ category }) => category === ts.ts.DiagnosticCategory.Error) ?? false;

function callOf(
  ts: TsMorph,
  text: string,
  call: CallExpression,
  span: (node: Node) => Span,
  skipped: number,
): ScriptCall {
  const { SyntaxKind } = ts;
  const awaited = call.getParentIfKind(SyntaxKind.AwaitExpression);
  const statement = (awaited ?? call).getParentIfKind(SyntaxKind.ExpressionStatement);
  const within: string[] = [];
  let scope: string | undefined = '';
  for (let node: Node | undefined = (statement ?? call).getParent(); node; node = node.getParent()) {
    if (/^(?:Function|Arrow|Method|Constructor|GetAccessor|SetAccessor)/.test(node.getKindName())) {
      scope = nameOf(ts, node);
      break;
    }
    if (/^(?:If|For|ForIn|ForOf|While|Do|Switch|Try)Statement$|^ConditionalExpression$/.test(node.getKindName()))
      within.unshift(text.slice(node.getStart() + skipped, lineContentEnd(text, node.getStart() + skipped)));
  }
  return {
    callee: calleeOf(call.getExpression().getText()),
    at: span(call),
    lines: statement && ownLines(text, span(statement)),
    args: call.getArguments().map((each) => each.getText()),
    scope,
    within,
  };
}

/** `await (x.y)` → `x.y`; the arguments of calls in the chain are left out. */
const calleeOf = (text: string): string => text.replace(/\s+/g, '').replace(/\([^()]*\)/g, '()');

function nameOf(ts: TsMorph, node: Node): string | undefined {
  const { SyntaxKind } = ts;
  if (node.isKind(SyntaxKind.FunctionDeclaration)) return node.getName();
  const declared = node.getParentIfKind(SyntaxKind.VariableDeclaration);
  return declared?.getName();
}

function ownLines(text: string, { path, start, end }: Span): Span | undefined {
  const from = lineStart(text, start);
  const rest = text.slice(end, lineContentEnd(text, end));
  if (text.slice(from, start).trim() !== '' || !/^\s*;?\s*(?:\/\/.*)?$/.test(rest)) return undefined;
  return { path, start: from, end: lineEnd(text, end) };
}
