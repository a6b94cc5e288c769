import { eolOf } from '../../src/lines.ts';
import type { NodeServer } from '../../src/model/node/source.ts';
import type { ScriptCall, ScriptModule } from '../../src/parse/typescript.ts';

/** A call that brings a database's tables up to date. */
export interface NodeInit {
  readonly module: ScriptModule;
  readonly call: ScriptCall;
  readonly receiver: string;
  readonly kind: 'sync' | 'latest' | 'runMigrations';
}

/** The calls of a file that prepare a database. */
export function initsIn(module: ScriptModule): readonly NodeInit[] {
  return module.calls.flatMap((call) => {
    const match = /^(\w+(?:\.\w+)*?)\.(sync|migrate\.latest|runMigrations)$/.exec(call.callee);
    if (!match?.[1] || !match[2]) return [];
    if (match[2] === 'sync' && !/sequelize|^db$|^database$/i.test(match[1])) return [];
    return [
      {
        module,
        call,
        receiver: match[1],
        kind: match[2] === 'migrate.latest' ? 'latest' : (match[2] as 'sync' | 'runMigrations'),
      },
    ];
  });
}

/** At the top level, or in a function that the top level calls; nothing is known about a call under a condition (`if (cluster.isPrimary)`). */
export function runsOnLoad({ module, call }: NodeInit): boolean {
  if (call.within.some((head) => !head.startsWith('try'))) return false;
  if (call.scope === '') return true;
  return (
    call.scope !== undefined &&
    module.calls.some(
      (each) =>
        each.scope === '' && each.within.length === 0 && each.callee.split('.')[0]?.replace(/\(\)$/, '') === call.scope,
    )
  );
}

/** The import of the one name that the work needs, as the file writes it. */
export function importOf({ receiver }: NodeInit, source: string): string {
  const head = receiver.split('.')[0] ?? '';
  const list = /\{([^{}]*)\}/.exec(source)?.[1];
  const named = list?.split(',').map((each) => each.trim()) ?? [];
  return named.includes(head) && !/^import\s+\w+\s*,/.test(source)
    ? source.replace(/\{[^{}]*\}/, `{ ${head} }`)
    : source;
}

/** The file that the entrypoint runs: in the module system and with the import of the file that the call comes from. */
export function scriptFor({ module, call, receiver, kind }: NodeInit, source: string, server: NodeServer): string {
  const eol = eolOf(module.text);
  const opens =
    kind === 'runMigrations' &&
    server.modules.some(({ calls }) => calls.some(({ callee }) => callee === `${receiver}.initialize`));
  const closing = kind === 'sync' ? 'close' : 'destroy';
  const work = [
    ...(opens ? [`await ${receiver}.initialize();`] : []),
    `await ${call.callee}(${call.args.join(', ')});`,
    `await ${receiver}.${closing}();`,
  ];
  const head = ['// Prepares the database: runs once, before the server.', source, ''];
  const lines = module.esm
    ? [...head, ...work]
    : [
        ...head,
        'async function main() {',
        ...work.map((line) => `  ${line}`),
        '}',
        '',
        'main().catch((error) => {',
        '  console.error(error);',
        '  process.exit(1);',
        '});',
      ];
  return lines.map((line) => line + eol).join('');
}
