import type { ImportCall } from '../../src/model/python/import-time.ts';
import type { PythonPath } from '../../src/model/python-app.ts';
import { enclosing, type PythonCall, type PythonModule, type PythonStatement } from '../../src/parse/python.ts';
import { reasonToStay, takesLock, type Work, workOf } from './effects.ts';

/** A statement that does one-time work whenever a process imports its application. */
export interface Candidate extends Work {
  readonly found: ImportCall;
  readonly statement: PythonStatement;
  /** Why it cannot be taken out of the import; then it is only reported. */
  readonly stays: string | undefined;
  /** It stands in a `try` whose handler keeps the server alive. */
  readonly tried: boolean;
}

/** What a candidate calls, as people name it: the coroutine rather than `asyncio.run`. */
export const labelOf = ({ found: { call }, target }: Candidate): string =>
  target && !call.callee.endsWith(target.fn.name) ? `${target.fn.name}()` : `${call.callee}()`;

/** Names of functions that add rows which every installation has, in English and French. */
const SEEDS =
  /seed|init|default|bootstrap|populate|fixture|prepare|setup|set_up|ensure|(?:load|create|insert)_|amorc|peupl|rempl|d[eé]faut|pr[eé]par|(?:charger?|cr[eé]er?|ins[eé]rer?|ajouter?)_/i;

/** The one-time work in the calls of an import. What a found call does inside is its own and is not listed again. */
export function candidatesIn(
  python: PythonPath,
  modules: readonly PythonModule[],
  calls: readonly ImportCall[],
): readonly Candidate[] {
  const taken = new Set<PythonCall>();
  return calls.flatMap((found) => {
    const { call, module, via } = found;
    const statement = module.statements[call.statement];
    if (!statement || call.decorator || module.errors.length > 0 || via.some((link) => taken.has(link.call))) return [];
    const work = workOf(python, module, call);
    if (!isOneTime(work)) return [];
    const reason = reasonToStay(modules, work);
    if (reason?.includes('defines the application')) return [];
    taken.add(call);
    const places = [...via, { module, call }];
    if (places.some((each) => isConditional(each.module, each.call)) || work.calls.some((each) => takesLock(each.call)))
      return [];
    if (places.some((each) => isLocked(each.module, each.call))) return [];
    const stays = call.whole ? reason : `the result of ${call.callee}() is used`;
    const tried = enclosing(module, statement.index).some(({ kind }) => kind === 'try');
    return [{ ...work, found, statement, stays, tried }];
  });
}

/** Tables and migrations always; rows only in a function that says by its name that it adds the first ones. */
function isOneTime({ effects, target }: Work): boolean {
  if (effects.some(({ kind }) => kind !== 'seed')) return true;
  return effects.length > 0 && target !== undefined && SEEDS.test(target.fn.name);
}

/** Nothing is known about when it runs: a condition around it, or a way out of the function before it. */
function isConditional(module: PythonModule, call: PythonCall): boolean {
  const own = module.statements[call.statement];
  if (!own) return true;
  let inner = own;
  for (const outer of enclosing(module, own.index)) {
    if (/^(?:function|class)$/.test(outer.kind)) break;
    if (/^(?:if|for|while|match)$/.test(outer.kind) || (outer.kind === 'try' && inner.clause === 'except')) return true;
    inner = outer;
  }
  return module.statements.some(
    (each) =>
      each.kind === 'return' &&
      each.scope === own.scope &&
      each.at.start < own.at.start &&
      enclosing(module, each.index)[0]?.kind === 'if',
  );
}

/** In the body of `with lock:`, or behind a lock that the same function takes. */
function isLocked(module: PythonModule, call: PythonCall): boolean {
  const heads = enclosing(module, call.statement).filter(({ kind }) => kind === 'with');
  return (
    heads.some(({ head }) => /lock|mutex|advisory/i.test(head)) ||
    module.calls.some((each) => each.scope === call.scope && each.at.start < call.at.start && takesLock(each))
  );
}
