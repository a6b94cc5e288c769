import type { Edit, Span } from '../../src/finding.ts';
import { lineContentEnd } from '../../src/lines.ts';
import type { StartStep } from '../../src/model/entrypoint.ts';
import { inFolder } from '../../src/model/migration/app-migrations.ts';
import { servedFlaskCommand } from '../../src/model/python/flask-command.ts';
import { callsFrom, type ImportCall } from '../../src/model/python/import-time.ts';
import type { ServiceView, Stack } from '../../src/model/stack.ts';
import { waiterOf } from '../../src/model/store/wait.ts';
import { enclosing, type PythonModule, type PythonStatement } from '../../src/parse/python.ts';
import type { Candidate } from './candidates.ts';
import { effectOf } from './effects.ts';
import { flaskAppAround } from './flask-app.ts';
import { inMainBlock, linesOf } from './main-block.ts';
import { cliCommands } from './performers.ts';
import { boundOutside, extracted, quoteOf, regionOf, wrapped } from './region.ts';
import { removalOf } from './removal.ts';
import { importPrefix } from './tables.ts';

/** Candidates that stand next to each other, and the services that run them. */
export interface Group {
  readonly module: PythonModule;
  readonly candidates: readonly Candidate[];
  readonly statements: readonly PythonStatement[];
}

/** How a group leaves the import, and the command that does its work instead. */
export interface Move {
  readonly step: StartStep;
  readonly edits: readonly Edit[];
  /** Places that are deleted, so that imports may be unused. */
  readonly gone: readonly Span[];
  /** Imported names that a new place uses. */
  readonly needed: readonly string[];
  /** What runs the work instead, imperative. */
  readonly how: string;
  readonly at: Span | undefined;
}

type Attempt = Move | { readonly manual: string };

/** Chooses the command: one that the application has already, the function itself, a new Flask command, or a new function. */
export function moveOf(stack: Stack, view: ServiceView, group: Group, calls: readonly ImportCall[]): Attempt {
  return (
    existingCommand(stack, view, group) ??
    ownFunction(view, group) ??
    newCommand(stack, view, group) ??
    newFunction(view, group, calls)
  );
}

/** `flask init-db` is there and does the same. */
function existingCommand(stack: Stack, view: ServiceView, group: Group): Move | undefined {
  const { entry, python } = view;
  if (!entry) return undefined;
  const skipped = new Set(group.candidates.map(({ found }) => found.call));
  const command = cliCommands(python.reachable(entry.path, true)).find((each) => {
    const fn = each.module.functions.find(({ qualified }) => qualified === each.scope);
    if (fn?.parameters.some(({ default: value }) => value === undefined) || fn?.decorators.length !== 1) return false;
    if (!/\.cli\.command$/.test(fn.decorators[0]?.callee ?? '')) return false;
    const calls = callsFrom(python, [each], { script: undefined, skip: (call) => skipped.has(call) }).filter(
      ({ inside, call }) => inside && !skipped.has(call),
    );
    const works = calls
      .flatMap((one) => effectOf(python, one.module, one.call) ?? [])
      .map(({ kind, key }) => `${kind} ${key}`);
    // A command that drops the tables first is for people, not for every start.
    if (calls.some(({ call }) => /drop|delete|truncate|confirm|prompt/i.test(call.callee))) return false;
    return group.candidates.every(({ effects }) => effects.every(({ kind, key }) => works.includes(`${kind} ${key}`)));
  });
  if (!command) return undefined;
  const fn = command.module.functions.find(({ qualified }) => qualified === command.scope);
  const removal = removalOf(group.module, group.statements);
  return {
    step: stepOf(view, servedFlaskCommand(stack, view, [command.name])),
    edits: removal.edits,
    gone: removal.spans,
    needed: [],
    how: `run flask ${command.name}, which does the same,`,
    at: fn ? { ...fn.at, path: command.module.path } : undefined,
  };
}

const stepOf = (view: ServiceView, argv: readonly string[]): StartStep => {
  const chdir = view.startup.main?.program.chdir;
  const quoted = argv.map((word) => (/^[\w@%+:,./-]+$/.test(word) ? word : `'${word}'`));
  return { kind: 'init', argv: chdir === undefined ? argv : inFolder(chdir, quoted) };
};

/** A function without arguments that needs no application context from its caller. */
function ownFunction(view: ServiceView, group: Group): Move | undefined {
  const { module, candidates, statements } = group;
  const names = candidates.map(({ target, found }) => {
    const { call } = found;
    const name = target && view.python.nameOf(target.module.path);
    const plain =
      target && !target.fn.async && target.fn.qualified === target.fn.name && target.fn.decorators.length === 0;
    return plain && call.args.length === 0 && name !== undefined && call.callee.split('.').at(-1) === target.fn.name
      ? { name, fn: target.fn.name, module: target.module }
      : undefined;
  });
  const inContext = statements.some((each) =>
    enclosing(module, each.index).some(({ kind, head }) => kind === 'with' && /_context\(/.test(head)),
  );
  if (inContext || names.some((each) => each === undefined)) return undefined;
  const found = names.flatMap((each) => each ?? []);
  const prefix = importPrefix(
    view,
    found.map((each) => each.module),
    candidates,
  );
  if (prefix === undefined) return undefined;
  const imports = found.map(({ name, fn }) => `from ${name} import ${fn}`);
  const code = [...prefix, ...imports, ...found.map(({ fn }) => `${fn}()`)].join('; ');
  const removal = removalOf(module, statements);
  const direct = statements.flatMap((each) => linesOf(module, each.at, each.indent) ?? []);
  const local = candidates.some(({ found: { call } }) => !isModuleName(module, call.callee.split('.')[0] ?? ''));
  const main = local ? undefined : inMainBlock(module, direct);
  return {
    step: stepOf(view, [waiterOf(view) ?? 'python3', '-c', code]),
    edits: [...removal.edits, ...(main ? [main] : [])],
    gone: removal.spans,
    needed: main ? candidates.map(({ found: { call } }) => call.callee.split('.')[0] ?? '') : [],
    how: `call ${found.map(({ fn }) => `${fn}()`).join(' and ')}`,
    at: undefined,
  };
}

const isModuleName = (module: PythonModule, name: string): boolean =>
  module.imports.some(({ binds, scope }) => binds === name && scope === '') ||
  module.functions.some(({ qualified }) => qualified === name) ||
  module.assignments.some(({ target, scope }) => target === name && scope === '');

/** In a factory: `@app.cli.command("init-db")`, which keeps the application and its context within reach. */
function newCommand(stack: Stack, view: ServiceView, group: Group): Attempt | undefined {
  const { module, candidates } = group;
  const scope = candidates[0]?.found.call.scope ?? '';
  const app = scope === '' ? undefined : flaskAppAround(view, group);
  const region = regionOf(group);
  if (app === undefined || !region) return undefined;
  const title = namesFor(candidates);
  const taken = cliCommands(view.entry ? view.python.reachable(view.entry.path, true) : []).map(({ name }) => name);
  const command = [title.command, title.spare].find((name) => !taken.includes(name));
  const name = `${(command ?? '').replaceAll('-', '_')}_command`;
  if (command === undefined || isTaken(module, name))
    return { manual: `the application has a command ${title.command} that does something else` };
  const binds = boundOutside(module, region);
  if (binds !== undefined) return { manual: `${binds}, which it binds, is used elsewhere` };
  const quote = quoteOf(module);
  const { indent } = region;
  const header = [
    `${indent}@${app}.cli.command(${quote}${command}${quote})`,
    `${indent}def ${name}():`,
    `${indent}${module.indent}"""${title.says}: runs once, before the server."""`,
  ];
  const edits = wrapped(module, region, header, 1, []);
  if (!edits) return { manual: 'its lines cannot be indented without changing a text' };
  return {
    step: stepOf(view, servedFlaskCommand(stack, view, [command])),
    edits,
    gone: [],
    needed: [],
    how: `run it as flask ${command}`,
    at: undefined,
  };
}

/** At module level: a function that the entrypoint and a direct run call. */
function newFunction(view: ServiceView, group: Group, calls: readonly ImportCall[]): Attempt {
  const { module, candidates } = group;
  const region = regionOf(group);
  const own = view.python.nameOf(module.path);
  if (candidates.some(({ found }) => found.call.scope !== '') || !region)
    return { manual: 'it uses names that exist only while the application is made' };
  if (own === undefined) return { manual: `${module.path} cannot be imported by name in this container` };
  const outer = module.statements[region.statements[0]?.parent ?? -1];
  if (outer && outer.kind !== 'with') return { manual: 'it stands in the middle of other code' };
  if (outer && (/\bas\b/.test(outer.head) || outer.parent !== -1))
    return { manual: `it uses what the with around it opens` };
  const binds = boundOutside(module, region);
  if (binds !== undefined) return { manual: `${binds}, which it binds, is used elsewhere` };
  const title = namesFor(candidates);
  const name = [title.command, title.spare]
    .map((each) => each.replaceAll('-', '_'))
    .find((each) => !isTaken(module, each));
  const prefix = importPrefix(view, [module], candidates);
  if (name === undefined || prefix === undefined)
    return {
      manual:
        name === undefined
          ? `the names for a function are taken in ${module.path}`
          : 'not all models would be loaded where it runs',
    };
  const says = `${module.indent}"""${title.says}: runs once, before the server."""`;
  const edits = outer
    ? extracted(module, group, region, outer, [`def ${name}():`, says])
    : wrapped(
        module,
        region,
        [`def ${name}():`, says],
        2,
        region.context
          ? [module.text.slice(region.context.at.start, lineContentEnd(module.text, region.context.at.start))]
          : [],
      );
  if (!edits) return { manual: 'its lines cannot be indented without changing a text' };
  if (calls.some(({ module: other, call }) => other === module && call.callee === name))
    return { manual: `${name} is called at import already` };
  const main = inMainBlock(module, [`${name}()`]);
  return {
    step: stepOf(view, [
      waiterOf(view) ?? 'python3',
      '-c',
      [...prefix, `from ${own} import ${name}`, `${name}()`].join('; '),
    ]),
    edits: [...edits, ...(main ? [main] : [])],
    gone: [],
    needed: [],
    how: `run it as ${name}()`,
    at: undefined,
  };
}

function namesFor(candidates: readonly Candidate[]): {
  readonly command: string;
  readonly spare: string;
  readonly says: string;
} {
  const kinds = new Set(candidates.flatMap(({ effects }) => effects.map(({ kind }) => kind)));
  if (kinds.has('migrate')) return { command: 'migrate-db', spare: 'migrate-database', says: 'Migrates the database' };
  return kinds.has('schema')
    ? { command: 'init-db', spare: 'init-database', says: 'Prepares the database' }
    : { command: 'seed-db', spare: 'seed-database', says: 'Adds the first rows' };
}

const isTaken = (module: PythonModule, name: string): boolean =>
  module.imports.some(({ binds }) => binds === name) ||
  module.functions.some((fn) => fn.name === name) ||
  module.assignments.some(({ target }) => target === name);
