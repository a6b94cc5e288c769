import type { Span } from '../../src/finding.ts';
import type { PythonPath } from '../../src/model/python-app.ts';
import { enclosing, type PythonModule, type PythonName } from '../../src/parse/python.ts';
import { callAt, classAt, type FunctionPlace, functionAt, inScope, isLocal } from './callee.ts';

/** A use of state that Flask keeps in the application context. */
export interface FlaskUse {
  /** `current_app.config`, `db.session`. */
  readonly name: string;
  readonly at: Span;
  /** The calls that lead there from the function asked about, outermost first. */
  readonly via: readonly { readonly at: Span; readonly callee: string }[];
}

/** Facts of the repository that decide whether an extension needs the context. */
export interface FlaskFacts {
  readonly python: PythonPath;
  /** Flask-SQLAlchemy before 3 works without a context when it is made with the app: `SQLAlchemy(app)`. */
  readonly oldSqlalchemy: boolean;
}

const MAX_DEPTH = 6;
const GUARD = /\b(?:app_context|test_request_context|request_context|AppContext)\(/;
const PROXIES = /^flask(?:\.globals)?\.(?:current_app|g)\../;
const FUNCTIONS =
  /^(?:flask(?:\.templating|\.helpers|\.json)?\.(?:render_template|render_template_string|stream_template|stream_template_string|get_template_attribute|url_for|jsonify|make_response)|flask_jwt_extended\.(?:create_access_token|create_refresh_token|decode_token))$/;

/** Attributes of extension objects that look the app up in the context. */
const EXTENSIONS: readonly { readonly type: RegExp; readonly attributes: RegExp }[] = [
  {
    type: /^flask_sqlalchemy(?:\.extension)?\.SQLAlchemy$/,
    attributes:
      /^(?:session|engine|engines|get_engine|create_all|drop_all|reflect|get_or_404|first_or_404|one_or_404|paginate)$/,
  },
  { type: /^flask_mail(?:man)?\.Mail$/, attributes: /^(?:send|send_message|connect|get_connection|send_mail)$/ },
  {
    type: /^flask_caching\.Cache$/,
    attributes:
      /^(?:cache|get|set|add|delete|clear|has|get_many|set_many|delete_many|get_dict|inc|dec|delete_memoized|delete_memoized_verhash)$/,
  },
];

/** The first unguarded use in a function, or in a function of the repository that it calls. */
export function flaskUse(facts: FlaskFacts, place: FunctionPlace): FlaskUse | undefined {
  return useIn(facts, place, new Set(), 0);
}

/** True for code inside `with app.app_context():`, `if has_app_context():`, or a `try` that expects the RuntimeError. */
export const hasContext = (module: PythonModule, statement: number): boolean =>
  enclosing(module, statement).some(
    ({ kind, head }) =>
      (kind === 'with' && GUARD.test(head)) ||
      (kind === 'if' && /\bhas_app_context\(/.test(head)) ||
      (kind === 'try' && /\bRuntimeError\b/.test(head)),
  );

/** True when a function brings its own context: a push in its body, or a decorator that does. */
export function bringsContext(python: PythonPath, { module, fn }: FunctionPlace): boolean {
  const pushes = module.calls.some(
    (call) =>
      inScope(call.scope, fn.qualified) &&
      /(?:^|\.)app_context(?:\(\)\.push)?$/.test(call.callee) &&
      !isWith(module, call.statement),
  );
  if (pushes) return true;
  return fn.decorators.some(({ callee }) => {
    if (/with_?app_?context/i.test(callee)) return true;
    const target = functionAt(python, module, callee, '');
    return target !== undefined && GUARD.test(textOf(target));
  });
}

const isWith = (module: PythonModule, statement: number): boolean => module.statements[statement]?.kind === 'with';

const textOf = ({ module, fn }: FunctionPlace): string => module.text.slice(fn.body.start, fn.body.end);

function useIn(facts: FlaskFacts, place: FunctionPlace, seen: Set<string>, depth: number): FlaskUse | undefined {
  const { module, fn } = place;
  const key = `${module.path}#${fn.qualified}`;
  if (seen.has(key) || depth > MAX_DEPTH || bringsContext(facts.python, place)) return undefined;
  seen.add(key);
  const memoized = fn.decorators.find(
    (each) =>
      /\.memoize$/.test(each.callee) &&
      extensionType(facts, module, each.callee.replace(/\.memoize$/, ''), '') === 'flask_caching.Cache',
  );
  if (memoized) return { name: memoized.callee, at: memoized.at, via: [] };
  for (const name of module.names)
    if (inScope(name.scope, fn.qualified) && !hasContext(module, name.statement) && isFlaskState(facts, module, name))
      return { name: shortName(name.dotted), at: name.at, via: [] };
  for (const call of module.calls) {
    if (!inScope(call.scope, fn.qualified) || call.decorator || hasContext(module, call.statement)) continue;
    const target = functionAt(facts.python, module, call.callee, call.scope);
    const use = target && useIn(facts, target, seen, depth + 1);
    if (use) return { ...use, via: [{ at: call.calleeAt, callee: call.callee }, ...use.via] };
  }
  return undefined;
}

const shortName = (dotted: string): string => dotted.split('.').slice(0, 2).join('.');

function isFlaskState(facts: FlaskFacts, module: PythonModule, name: PythonName): boolean {
  const head = name.dotted.split('.')[0] ?? '';
  if (isLocal(module, head, name.scope)) return false;
  const origin = facts.python.origin(module, name.dotted, name.scope);
  if (origin?.kind === 'external') {
    if (PROXIES.test(origin.dotted)) return true;
    return FUNCTIONS.test(origin.dotted) && module.calls.some((call) => call.calleeAt.start === name.at.start);
  }
  if (!origin) return false;
  const segments = origin.name.split('.');
  return segments.some((segment, index) => {
    const rest = segments[index + 1];
    if (rest === undefined || index > 1) return false;
    const owner = segments.slice(0, index + 1).join('.');
    if (rest === 'query' && isFlaskModel(facts, origin.module, owner, '', 0)) return true;
    const type = index === 0 ? extensionType(facts, origin.module, segment, '') : undefined;
    return type !== undefined && EXTENSIONS.some((each) => each.type.test(type) && each.attributes.test(rest));
  });
}

/** The dotted class of an extension object such as `db = SQLAlchemy()`. */
function extensionType(facts: FlaskFacts, module: PythonModule, dotted: string, scope: string): string | undefined {
  const origin = facts.python.origin(module, dotted, scope);
  if (origin?.kind !== 'defined') return undefined;
  const made = origin.module.assignments.find((each) => each.target === origin.name && each.scope === '');
  const call = made?.value ? callAt(origin.module, made.value.at) : undefined;
  if (!call) return undefined;
  const type = externalBase(facts.python, origin.module, call.callee, 0);
  const bound = call.args.some((arg) => arg.name === undefined || arg.name === 'app');
  return type?.startsWith('flask_sqlalchemy.') && facts.oldSqlalchemy && bound ? undefined : type;
}

/** The package's class that a name stands for, through subclasses of the repository. */
function externalBase(python: PythonPath, module: PythonModule, dotted: string, depth: number): string | undefined {
  const origin = python.origin(module, dotted, '');
  if (origin?.kind === 'external') return origin.dotted;
  const place = depth > 4 ? undefined : classAt(python, module, dotted, '');
  return place?.cls.bases.flatMap((base) => externalBase(python, place.module, base.text, depth + 1) ?? [])[0];
}

/** A class below `db.Model`. */
function isFlaskModel(facts: FlaskFacts, module: PythonModule, name: string, scope: string, depth: number): boolean {
  const place = depth > 6 ? undefined : classAt(facts.python, module, name, scope);
  return (place?.cls.bases ?? []).some((base) => {
    const from = place?.module ?? module;
    if (base.text.endsWith('.Model')) {
      const type = extensionType(facts, from, base.text.slice(0, -'.Model'.length), '');
      if (type?.startsWith('flask_sqlalchemy.')) return true;
    }
    return isFlaskModel(facts, from, base.text, '', depth + 1);
  });
}
