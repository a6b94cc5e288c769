import type { Edit } from '../../src/finding.ts';
import { eolOf, lineContentEnd, lineEnd } from '../../src/lines.ts';
import type { PythonModule, PythonStatement } from '../../src/parse/python.ts';
import type { AppSource } from './app-source.ts';
import { importNames, type Need } from './imports.ts';

/** What the repair of one module needs to know. */
export interface RepairPlan {
  readonly site: PythonModule;
  /** The Celery object's name in that module. */
  readonly celery: string;
  readonly source: AppSource;
  /** Statements that have to stand before the new class: the object's own, its task class, the application's. */
  readonly after: readonly number[];
  /** The base has a `__call__` of its own, which must keep running. */
  readonly callsBase: boolean;
  /** The worker's path holds its folder only while it starts. */
  readonly pathIsShort: boolean;
}

const HAS_CONTEXT: Need = { module: 'flask', name: 'has_app_context' };
const CWD_IN_PATH: Need = { module: 'celery.utils.imports', name: 'cwd_in_path' };
const OS: Need = { module: 'os', name: undefined };

/** The edits that give every task of a Celery object the application context. */
export function repairEdits(plan: RepairPlan): readonly Edit[] {
  const { site, source } = plan;
  const eol = eolOf(site.text);
  const taken = takenIn(site);
  const lookup = source.kind === 'made';
  // The factory may import more of the repository when it is called, so that its call needs the path as well.
  const wraps = lookup && plan.pathIsShort && (source.once || source.imports.length > 0);
  const needs = [...(wraps ? [CWD_IN_PATH] : []), HAS_CONTEXT, ...(lookup && source.needsOs ? [OS] : [])];
  const { edits, expression } = importNames(site, needs, taken);
  const free = (...names: readonly string[]): string => names.find((name) => !taken(name)) ?? `${names.at(-1)}_`;
  const getter = free('get_flask_app', 'get_worker_flask_app', 'get_context_flask_app');
  const cached = free('_flask_app', '_worker_flask_app', '_context_flask_app');
  const task = free('ContextTask', 'FlaskContextTask', 'AppContextTask');
  const lines = [
    ...(lookup ? getterLines(site, source, getter, cached, wraps ? expression(CWD_IN_PATH) : undefined) : []),
    ...taskLines(plan, task, lookup ? `${getter}()` : source.name, expression(HAS_CONTEXT)),
  ];
  const at = insertionPoint(plan);
  const { text } = site;
  const opensLine = at === 0 || text[at - 1] === '\n';
  const blankFollows = at >= text.length || /^[ \t]*\r?\n/.test(text.slice(at, at + 80));
  const block = `${opensLine ? '' : eol}${eol}${eol}${lines.join(eol)}${eol}${blankFollows ? '' : eol}`;
  return [...edits, { path: site.path, start: at, end: at, text: block }];
}

function getterLines(
  site: PythonModule,
  source: Extract<AppSource, { kind: 'made' }>,
  getter: string,
  cached: string,
  cwdInPath: string | undefined,
): readonly string[] {
  const step = site.indent;
  const result = source.once ? [`${cached} = ${source.expression}`] : [];
  const body = [...source.imports, ...(source.imports.length > 0 && source.once ? [''] : []), ...result];
  const wrapped =
    cwdInPath === undefined
      ? body
      : [
          '# The celery program has the working directory on sys.path only while it starts.',
          `with ${cwdInPath}():`,
          ...indented(body, step),
        ];
  if (!source.once)
    return [
      `def ${getter}():`,
      ...indented(
        [
          '"""Return the Flask application, imported at the first call."""',
          ...wrapped,
          '',
          `return ${source.expression}`,
        ],
        step,
      ),
      '',
      '',
    ];
  const make = [`if ${cached} is None:`, ...indented(wrapped, step), `return ${cached}`];
  return [
    `${cached} = None`,
    '',
    '',
    `def ${getter}():`,
    ...indented(
      ['"""Return the Flask application of this process, created at the first call."""', `global ${cached}`, ...make],
      step,
    ),
    '',
    '',
  ];
}

function taskLines(plan: RepairPlan, task: string, app: string, hasContext: string): readonly string[] {
  const step = plan.site.indent;
  const run = plan.callsBase ? 'return super().__call__(*args, **kwargs)' : 'return self.run(*args, **kwargs)';
  const call = [
    `if ${hasContext}():`,
    ...indented([run], step),
    `with ${app}.app_context():`,
    ...indented([run], step),
  ];
  const body = [
    '"""Run each task inside the application context."""',
    '',
    'def __call__(self, *args, **kwargs):',
    ...indented(call, step),
  ];
  return [`class ${task}(${plan.celery}.Task):`, ...indented(body, step), '', '', `${plan.celery}.Task = ${task}`];
}

const indented = (lines: readonly string[], step: string): readonly string[] =>
  lines.map((line) => (line === '' ? '' : `${step}${line}`));

/** Names that the module binds or reads as its own. */
function takenIn(module: PythonModule): (name: string) => boolean {
  const names = new Set([
    ...module.functions.map((each) => each.qualified),
    ...module.classes.map((each) => each.qualified),
    ...module.assignments.filter((each) => each.scope === '').map((each) => each.target),
    ...module.imports.filter((each) => each.scope === '').map((each) => each.binds),
    ...module.globals.map((each) => each.name),
  ]);
  return (name) => names.has(name);
}

/** After what the class needs, and after the settings of the Celery object that follow directly. */
function insertionPoint({ site, celery, after }: RepairPlan): number {
  const top = site.statements.filter((each) => each.parent === -1);
  const outermost = (index: number): PythonStatement | undefined => {
    let statement = site.statements[index];
    while (statement && statement.parent >= 0) statement = site.statements[statement.parent];
    return statement;
  };
  let last = after.flatMap((index) => outermost(index) ?? []).reduce((a, b) => (a.at.start > b.at.start ? a : b));
  // Settings may be prepared in between; calls that finish the application (`celery.tasks`, `.s()`) end the run.
  for (const next of top.filter((each) => each.at.start > last.at.start)) {
    const text = site.text.slice(next.at.start, next.at.end);
    const configures = new RegExp(
      `^${celery.replace(/\./g, '\\.')}\\.(?!tasks\\b|finalize\\b|register_task\\b|send_task\\b|start\\b|worker_main\\b)`,
    ).test(text);
    const eager = /\bforce\s*=\s*True|\.s\(|\.si\(|\.signature\(|\.delay\(|\.apply_async\(|\.name\b/.test(text);
    if (!/^(?:expression|assignment)$/.test(next.kind) || eager) break;
    if (configures) last = next;
    else if (next.kind !== 'assignment' || text.includes(celery)) break;
  }
  return last.lines?.end ?? lineEnd(site.text, lineContentEnd(site.text, last.at.end));
}
