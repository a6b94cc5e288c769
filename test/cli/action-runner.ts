import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import type * as Workflows from '@actions/workflow-parser';
import type * as Actions from '@actions/workflow-parser/actions/index';
import { buildSync } from 'esbuild';
import { afterAll, expect } from 'vitest';
import { parse } from 'yaml';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dockfix-action-'));
  folders.push(folder);
  return folder;
}

/** A module of the parser that the editors of GitHub's files use. It imports its schema in a way that only bundlers take. */
async function parserModule(name: string): Promise<unknown> {
  const outfile = join(newFolder(), 'parser.mjs');
  buildSync({
    stdin: { contents: `export * from '${name}';`, resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}

const actions = (await parserModule('@actions/workflow-parser/actions/index')) as typeof Actions;
const workflows = (await parserModule('@actions/workflow-parser')) as typeof Workflows;
const trace = new workflows.NoOperationTraceWriter();

/** An action's metadata as GitHub reads it; asserts that its schema has nothing against it. */
export function readAction(content: string): Actions.ActionTemplate {
  const { context, value } = actions.parseAction({ name: 'action.yml', content }, trace);
  expect(context.errors.getErrors()).toEqual([]);
  if (!value) throw new Error('the file is empty');
  const template = actions.convertActionTemplate(context, value);
  expect(context.errors.getErrors()).toEqual([]);
  return template;
}

/** Asserts that GitHub's schema has nothing against a workflow. */
export function readWorkflow(content: string): void {
  const { context } = workflows.parseWorkflow({ name: 'workflow.yml', content }, trace);
  expect(context.errors.getErrors()).toEqual([]);
}

type Values = Readonly<Record<string, string>>;

/** What a call of the action left behind. */
export interface ActionCall {
  readonly failed: boolean;
  readonly outputs: Values;
  /** What the steps wrote. */
  readonly log: string;
  readonly summary: string;
  /** Steps that use another action, which is not run here, with what they give it. */
  readonly used: readonly { readonly action: string; readonly with: Values }[];
}

/** Runs a composite action step by step as the runner does, in a workspace, with inputs over its defaults. */
export function runAction(actionFolder: string, workspace: string, inputs: Values): ActionCall {
  const text = readFileSync(join(actionFolder, 'action.yml'), 'utf8');
  const action = readAction(text);
  if (action.runs.using !== 'composite') throw new Error('this is no composite action');
  const known = (action.inputs ?? []).map(({ id, default: value }) => [id, String(value?.toJSON() ?? '')] as const);
  for (const name of Object.keys(inputs)) expect(known.map(([id]) => id)).toContain(name);
  const given = { ...Object.fromEntries(known), ...inputs };
  const temp = newFolder();
  const steps = new Map<string, Values>();
  const used: { action: string; with: Values }[] = [];
  const summary = join(temp, 'summary.md');
  let log = '';
  let failed = false;
  const textOf = (token: { readonly toJSON: () => unknown; readonly expression?: string }): string =>
    token.expression === undefined ? String(token.toJSON()) : evaluated(token.expression, given, steps, failed);
  const pairs = (map: Iterable<{ readonly key: object; readonly value: object }> | undefined): Values =>
    Object.fromEntries(
      [...(map ?? [])].map(({ key, value }) => [
        String(key),
        textOf(value as { toJSON: () => unknown; expression?: string }),
      ]),
    );
  // The template leaves out what is given to other actions.
  const raw = parse(text) as { readonly runs: { readonly steps: readonly { readonly with?: Values }[] } };
  const givenTo = (index: number): Values =>
    Object.fromEntries(
      Object.entries(raw.runs.steps[index]?.with ?? {}).map(([key, value]) => {
        const expression = /^\$\{\{(.*)\}\}$/.exec(value)?.[1];
        return [key, expression === undefined ? value : evaluated(expression, given, steps, failed)];
      }),
    );
  for (const [index, step] of action.runs.steps.entries()) {
    if (!('run' in step) && !('uses' in step)) throw new Error(`${step.id} is of a kind that is not run here`);
    if (/^(?:|0|false)$/.test(textOf(step.if))) continue;
    if ('uses' in step) {
      used.push({ action: textOf(step.uses), with: givenTo(index) });
      continue;
    }
    // An expression in the text of a script is where values of others become commands.
    expect(step.run.toString()).not.toContain('${{');
    const script = join(temp, `${step.id}.sh`);
    const output = join(temp, `${step.id}.output`);
    writeFileSync(script, textOf(step.run));
    const { PATH, HOME } = process.env;
    const call = spawnSync('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
      cwd: workspace,
      env: {
        PATH,
        HOME,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: actionFolder,
        GITHUB_WORKSPACE: workspace,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        RUNNER_TEMP: temp,
        ...pairs(step.env),
      },
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    log += call.stdout + call.stderr;
    steps.set(step.id, existsSync(output) ? outputsIn(readFileSync(output, 'utf8')) : {});
    failed ||= call.status !== 0;
  }
  const outputs = (action.outputs ?? []).map(({ id, value }) => [id, value ? textOf(value) : ''] as const);
  return {
    failed,
    log,
    used,
    outputs: Object.fromEntries(outputs),
    summary: existsSync(summary) ? readFileSync(summary, 'utf8') : '',
  };
}

/** An expression with what a composite action knows. */
function evaluated(expression: string, inputs: Values, steps: ReadonlyMap<string, Values>, failed: boolean): string {
  const dictionary = (values: Values): data.Dictionary =>
    new data.Dictionary(...Object.entries(values).map(([key, value]) => ({ key, value: new data.StringData(value) })));
  const context = new data.Dictionary(
    { key: 'inputs', value: dictionary(inputs) },
    {
      key: 'steps',
      value: new data.Dictionary(
        ...[...steps].map(([key, values]) => ({
          key,
          value: new data.Dictionary({ key: 'outputs', value: dictionary(values) }),
        })),
      ),
    },
  );
  const status = (name: string, value: boolean) =>
    [name, { name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }] as const;
  const functions = new Map([status('always', true), status('success', !failed), status('failure', failed)]);
  const tree = new Parser(new Lexer(expression).lex().tokens, ['inputs', 'steps'], [...functions.values()]).parse();
  return new Evaluator(tree, context, functions).evaluate().coerceString();
}

/** The file of outputs. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings */
function outputsIn(text: string): Values {
  const values: Record<string, string> = {};
  const lines = text.split('\n');
  for (let index = 0; index < lines.length - 1; index += 1) {
    const [, name = '', end = ''] = /^([^=<]+)<<(.+)$/.exec(lines[index] ?? '') ?? [];
    const last = lines.indexOf(end, index + 1);
    if (name === '' || last < 0) throw new Error(`this is no output: ${lines[index]}`);
    values[name] = lines.slice(index + 1, last).join('\n');
    index = last;
  }
  return values;
}

/** The lines that the runner takes as commands: those that begin with `::`, but where commands are stopped. */
export function commandsIn(log: string): readonly string[] {
  const commands: string[] = [];
  let token: string | undefined;
  for (const line of log.split('\n').map((each) => each.trimStart())) {
    if (token !== undefined) {
      if (line === `::${token}::`) token = undefined;
      continue;
    }
    token = /^::stop-commands::(.+)$/.exec(line)?.[1];
    if (token === undefined && line.startsWith('::')) commands.push(line);
  }
  expect(token).toBeUndefined();
  return commands;
}

/** An empty folder for what a test makes. */
export function workspaceOf(files: Values): string {
  const folder = newFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
