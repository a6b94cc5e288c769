import type { PythonModule } from '../../parse/python.ts';
import { checksIn, keyOf, writersOf } from './checks.ts';
import type { EnvRead } from './read.ts';
import type { StartingCode } from './start.ts';

/**
 * Configuration that Flask takes from `FLASK_*` and that the source checks for.
 * https://flask.palletsprojects.com/en/stable/api/#flask.Config.from_prefixed_env
 */
export function prefixedReads(module: PythonModule, code: StartingCode): readonly EnvRead[] {
  return module.calls
    .filter(
      ({ callee, statement, scope }) =>
        /config\.from_prefixed_env$/.test(callee) && code.runs(module, statement, scope),
    )
    .flatMap((call) => {
      const prefix = call.args.length === 0 ? 'FLASK' : call.args[0]?.string;
      if (prefix === undefined) return [];
      return code.modules.flatMap((other) =>
        checksIn(other, code).flatMap(({ operands, at }) =>
          operands.flatMap((text): EnvRead[] => {
            const key = /config/.test(text) ? keyOf(text) : undefined;
            if (key === undefined || writersOf(key, code) > 0) return [];
            const name = `${prefix}_${key}`;
            const evidence = [
              { at: call.at, says: `from_prefixed_env() reads ${key} from ${name}` },
              { at, says: `the process stops when ${key} is missing` },
            ];
            return [
              { name, names: [name], anyCase: false, at: call.at, need: 'required', fallback: undefined, evidence },
            ];
          }),
        ),
      );
    });
}
