import { quoteWord } from '../../parse/shell.ts';
import type { EntrypointRequest, StartStep } from '../entrypoint.ts';
import { migrationName, peel } from '../program.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { addressOf, titleOf, type Waiter, waiterOf, waitLines } from '../store/wait.ts';
import type { Store } from '../store.ts';

/** Shell lines, or why they cannot be written. */
type Lines = { readonly lines: readonly string[] } | { readonly manual: string };

/** The migration tool that a step runs, wrappers such as `poetry run` taken off. */
export const toolOf = ({ argv }: StartStep): string | undefined => migrationName(peel(argv).argv);

/** What a step runs, in a few words: `flask db upgrade`. */
export const nameOfStep = (step: StartStep): string => {
  const { argv } = step;
  const name = toolOf(step);
  if (name !== undefined) return name;
  const code = argv.indexOf('-c');
  const last = code > 0 ? (argv[code + 1] ?? '').trim().split('\n').at(-1)?.trim().split('; ').at(-1) : undefined;
  return last ?? argv.join(' ');
};

/** What a plan does, imperative. */
export const titleFor = ({ view, steps }: EntrypointRequest): string =>
  `Run ${steps.map(nameOfStep).join(' and ') || 'the start steps'} before ${view.service.name} starts its server`;

/** The lines that wait for stores, one block a store. */
export function linesToWait(view: ServiceView, stores: readonly Store[]): Lines {
  if (stores.length === 0) return { lines: [] };
  const waiter: Waiter | undefined = waiterOf(view);
  if (!waiter)
    return {
      manual: `it is not known whether the image of ${view.service.name} has Python or Node to wait for ${stores.map(titleOf).join(', ')} with`,
    };
  const lines: string[] = [];
  for (const store of stores) {
    const address = addressOf(view, store);
    if (!address)
      return {
        manual: `${view.service.name} shares another network and nothing says where ${store.service.name} is found from there`,
      };
    lines.push(...waitLines(waiter, address, store), '');
  }
  return { lines };
}

/** The line (or here-document) that runs one step. `suffix` goes behind the command: ` || exit 1`. */
export function linesOfStep({ argv }: StartStep, suffix: string): readonly string[] {
  const code = argv.indexOf('-c');
  const text = argv[code + 1];
  const isCode = code > 0 && /(?:^|\/)(?:sh|bash|python[\d.]*)$/.test(argv[code - 1] ?? '');
  if (code > 0 && text?.includes('\n') && code + 2 === argv.length && /python[\d.]*$/.test(argv[code - 1] ?? ''))
    return [`${[...argv.slice(0, code), '-'].map(quoteWord).join(' ')} <<'PY'${suffix}`, ...text.split('\n'), 'PY'];
  return [
    `${argv.map((word, index) => (index === code + 1 && isCode ? quoteCode(word) : quoteWord(word))).join(' ')}${suffix}`,
  ];
}

/** Python code reads better in double quotes where nothing in it means anything to the shell. */
const quoteCode = (code: string): string => (/["$`\\!]/.test(code) ? quoteWord(code) : `"${code}"`);

/** The tools that keep two migrations from running at once by themselves. */
const LOCKS_ITSELF = new Set(['prisma migrate deploy']);

/** The number of the advisory lock; any constant does, as long as all containers of a database agree on it. */
const LOCK = 20011;

/** Lines that run the steps, one container at a time where several start together. */
export function linesToRun(stack: Stack, view: ServiceView, steps: readonly StartStep[], suffix: string): Lines {
  const plain = steps.flatMap((step) => linesOfStep(step, suffix));
  const crowd = crowdOf(stack, view, steps);
  if (crowd === undefined || steps.length === 0) return { lines: plain };
  if (steps.every((step) => LOCKS_ITSELF.has(toolOf(step) ?? ''))) return { lines: plain };
  const variable = lockVariable(view);
  if (variable === undefined)
    return {
      manual: `${crowd} would run ${steps.map(nameOfStep).join(' and ')} at the same time, and nothing keeps them apart`,
    };
  const calls = steps.map((step) => `    subprocess.run(${pythonList(step.argv)}, check=True)`);
  return {
    lines: [
      '# Several containers start at once: the lock lets one of them migrate at a time.',
      `${[...environmentWords(view), waiterOf(view) ?? 'python3'].map(quoteWord).join(' ')} - <<'PY'${suffix}`,
      'import os, subprocess',
      'from sqlalchemy import create_engine',
      '',
      `engine = create_engine(os.environ["${variable}"], isolation_level="AUTOCOMMIT")`,
      'with engine.connect() as connection:',
      `    connection.exec_driver_sql("SELECT pg_advisory_lock(${LOCK})")`,
      ...calls,
      'PY',
    ],
  };
}

/** The words that start a process in the server's own environment: `poetry run`, `uv run --no-sync`. */
export function environmentWords(view: ServiceView): readonly string[] {
  const words = view.container.argv?.words.map(({ text }) => text) ?? [];
  const start = words.findIndex(
    (word, index) => /^(?:poetry|pipenv|uv|pdm|hatch|rye)$/.test(word) && words[index + 1] === 'run',
  );
  if (start < 0) return [];
  let end = start + 2;
  while (words[end]?.startsWith('-')) end += 1;
  return words.slice(start, end);
}

const pythonList = (argv: readonly string[]): string => `[${argv.map((word) => JSON.stringify(word)).join(', ')}]`;

/** Who else would run the steps at the same moment, in words; `undefined` when one container runs them. */
function crowdOf(stack: Stack, view: ServiceView, steps: readonly StartStep[]): string | undefined {
  const { service } = view;
  if (service.replicas === undefined) return `a variable number of ${service.name} containers`;
  if (service.replicas > 1) return `${service.replicas} containers of ${service.name}`;
  const tools = new Set(steps.flatMap((step) => toolOf(step) ?? []));
  const others = stack
    .neighbours(service)
    .filter((other) => other !== service && !isOneShot(stack.view(other)))
    .filter((other) =>
      stack
        .view(other)
        .startup.commands.some((command) => command.program.role === 'migration' && tools.has(command.program.name)),
    );
  return others.length > 0 ? `${[service, ...others].map(({ name }) => name).join(' and ')}` : undefined;
}

/** A service that does its work and ends: it starts nothing that stays. */
export const isOneShot = ({ startup }: ServiceView): boolean =>
  startup.commands.some((command) => command.program.role === 'migration') &&
  !startup.commands.some((command) => /^(?:web|worker|beat|monitor)$/.test(command.program.role));

/** The variable with the URL of a PostgreSQL database that a synchronous SQLAlchemy engine can open. */
function lockVariable(view: ServiceView): string | undefined {
  const use = view.stores.find(({ store }) => store.kind === 'postgres');
  const address = use && addressOf(view, use.store);
  if (address?.kind !== 'url') return undefined;
  const value = view.service.environment.get(address.variable)?.value?.text;
  return value !== undefined && /^postgresql(?:\+psycopg2?)?:\/\//.test(value) ? address.variable : undefined;
}
