import type {
  PythonAssignment,
  PythonCall,
  PythonClass,
  PythonClause,
  PythonFunction,
  PythonImport,
  PythonName,
  PythonStatement,
} from '../python.ts';
import { bindingsOf, describeBinding } from './assignments.ts';
import { argumentsOf, dottedOf, type Source, spanOf, textOf } from './calls.ts';
import { describeClass, describeFunction } from './definitions.ts';
import { importsOf } from './imports.ts';
import { declaredBy, namesReadBy } from './names.ts';
import { clauseHead, clauseOf, describeStatement, isStatement, undecorated } from './statements.ts';
import { childOfType, inField, parts, type SyntaxNode, type SyntaxTree } from './tree.ts';

/** What a file says, gathered in one walk over its tree. */
export interface Facts {
  readonly statements: PythonStatement[];
  readonly imports: PythonImport[];
  readonly calls: PythonCall[];
  readonly functions: PythonFunction[];
  readonly classes: PythonClass[];
  readonly assignments: PythonAssignment[];
  readonly names: PythonName[];
  readonly globals: { readonly name: string; readonly scope: string }[];
}

/** Where a node stands. */
interface Place {
  /** The innermost statement around it; -1 outside all. */
  readonly statement: number;
  readonly clause: PythonClause;
  readonly clauseHead: string;
  readonly scope: string;
  readonly decorator: boolean;
  readonly deferred: boolean;
  readonly annotation: boolean;
}

const isWhole = (call: SyntaxNode): boolean => {
  let node = call.parent;
  while (node?.type === 'await' || node?.type === 'parenthesized_expression') node = node.parent;
  return node?.type === 'expression_statement' && parts(node).length === 1;
};

const describeCall = (source: Source, node: SyntaxNode, callee: SyntaxNode, place: Place): PythonCall => ({
  callee: dottedOf(source, callee),
  calleeAt: spanOf(source, callee, callee),
  at: spanOf(source, node, node),
  args: argumentsOf(source, inField(node, 'arguments')[0]),
  statement: place.statement,
  scope: place.scope,
  whole: isWhole(node),
  decorator: place.decorator,
  deferred: place.deferred,
});

const scopeWithin = (source: Source, definition: SyntaxNode, scope: string): string => {
  const [name] = inField(definition, 'name');
  const own = name ? textOf(source, name) : '';
  return scope === '' ? own : `${scope}.${own}`;
};

const isDeferred = (node: SyntaxNode, child: SyntaxNode): boolean => {
  if (node.type === 'lambda') return child.field === 'body';
  // A generator's first iterable is evaluated at once, where the generator stands.
  return node.type === 'generator_expression' && child !== childOfType(node, 'for_in_clause');
};

/** The place of a child; `place` is its parent's. */
const placeOfChild = (source: Source, node: SyntaxNode, child: SyntaxNode, place: Place): Place => {
  if (child.type === 'decorator') return { ...place, decorator: true };
  if (child.type === 'type') return { ...place, annotation: true };
  if (child.type === 'argument_list') return place.annotation ? { ...place, annotation: false } : place;
  const clause = clauseOf(child);
  if (clause) return { ...place, clause, clauseHead: clauseHead(source, child) };
  if (child.type === 'block' && /^(function|class)_definition$/.test(node.type)) {
    return { ...place, scope: scopeWithin(source, node, place.scope) };
  }
  return !place.deferred && isDeferred(node, child) ? { ...place, deferred: true } : place;
};

const gather = (source: Source, node: SyntaxNode, place: Place, facts: Facts, declared: Set<SyntaxNode>): void => {
  for (const binding of bindingsOf(node, source)) {
    if (node.type !== 'augmented_assignment') declared.add(binding.target);
    facts.assignments.push(describeBinding(source, binding, { statement: place.statement, scope: place.scope }));
  }
  for (const name of declaredBy(node)) declared.add(name);
  const [callee] = node.type === 'call' ? inField(node, 'function') : [];
  if (callee) facts.calls.push(describeCall(source, node, callee, place));
  for (const read of namesReadBy(source, node, declared, place.annotation)) {
    facts.names.push({ ...read, statement: place.statement, scope: place.scope });
  }
};

const gatherStatement = (source: Source, node: SyntaxNode, outer: Place, facts: Facts): Place => {
  const index = facts.statements.length;
  const { clause, clauseHead: head, scope, statement: parent } = outer;
  facts.statements.push(describeStatement(source, node, { index, parent, clause, clauseHead: head, scope }));
  const definition = undecorated(node);
  if (definition.type === 'function_definition') facts.functions.push(describeFunction(source, node, index, scope));
  if (definition.type === 'class_definition') facts.classes.push(describeClass(source, node, index, scope));
  facts.imports.push(...importsOf(source, node, index, scope));
  if (node.type === 'global_statement') {
    for (const name of parts(node)) facts.globals.push({ name: textOf(source, name), scope });
  }
  return { ...outer, statement: index, clause: 'body', clauseHead: '' };
};

const namesOnly =
  /^(import_statement|import_from_statement|future_import_statement|global_statement|nonlocal_statement)$/;

/** Walks the tree in source order, without recursion: files nest as deep as they like. */
export const gatherFacts = (source: Source, tree: SyntaxTree): Facts => {
  const facts: Facts = {
    statements: [],
    imports: [],
    calls: [],
    functions: [],
    classes: [],
    assignments: [],
    names: [],
    globals: [],
  };
  const declared = new Set<SyntaxNode>();
  const module: Place = {
    statement: -1,
    clause: 'body',
    clauseHead: '',
    scope: '',
    decorator: false,
    deferred: false,
    annotation: false,
  };
  const open: { readonly node: SyntaxNode; readonly place: Place }[] = [{ node: tree.root, place: module }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node } = next;
    const place = isStatement(node) ? gatherStatement(source, node, next.place, facts) : next.place;
    gather(source, node, place, facts, declared);
    if (namesOnly.test(node.type)) continue;
    for (let at = node.children.length - 1; at >= 0; at -= 1) {
      const child = node.children[at];
      if (child && (child.named || child.children.length > 0)) {
        open.push({ node: child, place: placeOfChild(source, node, child, place) });
      }
    }
  }
  return facts;
};
