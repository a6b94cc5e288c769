import type { Evidence, Span } from '../../finding.ts';
import type { PythonModule } from '../../parse/python.ts';
import { lookupsIn } from '../env/calls.ts';
import { givenAddress } from '../env/given-value.ts';
import { settingsUses } from '../env/settings-use.ts';
import { type StartingCode, startingCode } from '../env/start.ts';
import type { ServiceView, Stack } from '../stack.ts';
import { distributionOfModule } from './distributions.ts';
import { installedPython } from './installed.ts';
import { modulesAtStart } from './starting-imports.ts';
import type { StartingNeed } from './starting-needs.ts';

/** Modules by the driver that an address names: https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls */
const DRIVERS: Readonly<Record<string, string>> = {
  'postgresql+asyncpg': 'asyncpg',
  'postgresql+psycopg2': 'psycopg2',
  'postgresql+psycopg': 'psycopg',
  mysql: 'MySQLdb',
  'mysql+mysqldb': 'MySQLdb',
  'mysql+pymysql': 'pymysql',
  'mysql+aiomysql': 'aiomysql',
  'mariadb+pymysql': 'pymysql',
  'sqlite+aiosqlite': 'aiosqlite',
};

/** A driver, with the module that SQLAlchemy imports. */
interface DriverNeed extends StartingNeed {
  readonly module: string;
}

/** The driver of a database: SQLAlchemy imports it as soon as the engine is made. */
export function driverNeeds(stack: Stack, view: ServiceView): readonly DriverNeed[] {
  const code = startingCode(stack, view);
  if (!code) return [];
  return modulesAtStart(stack, view).flatMap((module) =>
    module.calls.flatMap((call): readonly DriverNeed[] => {
      const [first] = call.args;
      if (!/(?:^|\.)create_(?:async_)?engine$/.test(call.callee) || call.deferred || first?.name !== undefined)
        return [];
      const origin = view.python.origin(module, call.callee, call.scope);
      if (origin?.kind !== 'external' || !/^sql(?:alchemy|model)\./.test(origin.dotted)) return [];
      if (!first || !code.runs(module, call.statement, call.scope)) return [];
      const address = addressOf(stack, view, code, module, first.value, first.text, first.string);
      const scheme = /^([a-z0-9]+(?:\+[a-z0-9]+)?):\/\//.exec(address?.text ?? '')?.[1] ?? '';
      const name = Object.hasOwn(DRIVERS, scheme) ? DRIVERS[scheme] : defaultDriver(stack, view, scheme);
      const distribution = name === undefined ? undefined : distributionOfModule(name);
      if (name === undefined || !distribution || !address) return [];
      return [
        {
          distribution,
          module: name,
          does: `makes an engine for ${scheme}:// when it starts`,
          failure: `ModuleNotFoundError: No module named '${name}'`,
          at: call.at,
          evidence: [
            ...address.evidence,
            { at: call.at, says: `SQLAlchemy imports ${name} here, which an address with ${scheme}:// names` },
          ],
        },
      ];
    }),
  );
}

/** Before 2.1 SQLAlchemy takes psycopg2 when none is named: https://docs.sqlalchemy.org/en/21/changelog/migration_21.html */
function defaultDriver(stack: Stack, view: ServiceView, scheme: string): string | undefined {
  if (scheme !== 'postgresql') return undefined;
  const found =
    installedPython(stack, view)?.distributions.filter(({ name }) => /^sqlalchemy(?:\[|$)/.test(name)) ?? [];
  const isOld = found.some(({ at }) =>
    /^\W*(?:\[package\]\]\s+name = )?["']?sqlalchemy[^\n]*?(?:[=~]=\s*["']?|\r?\nversion = ")(?:1\.|2\.0\b)/i.test(
      stack.repo.read(at.path)?.slice(at.start, at.end + 40) ?? '',
    ),
  );
  return isOld ? 'psycopg2' : undefined;
}

interface Address {
  readonly text: string;
  readonly evidence: readonly Evidence[];
}

/** The address that an expression stands for: a literal, a variable of the environment, a setting, or a name for one of them. */
function addressOf(
  stack: Stack,
  view: ServiceView,
  code: StartingCode,
  module: PythonModule,
  at: Span,
  text: string,
  literal: string | undefined,
): Address | undefined {
  if (literal !== undefined) return { text: literal, evidence: [] };
  const lookup = lookupsIn(module).find((each) => each.at.start === at.start && each.at.end === at.end);
  if (lookup) return givenAddress(stack, view, [lookup.name], false, []);
  const bare = /^str\(([\w.]+)\)$/.exec(text)?.[1] ?? text;
  if (!/^[\w.]+$/.test(bare)) return undefined;
  const use = settingsUses(stack, view).flatMap((each) =>
    each.fields
      .filter(({ name, prepared }) => bare.endsWith(`.${name}`) && !prepared)
      .map((field) => ({ each, field })),
  );
  const [setting, ...others] = use;
  if (setting?.field.names && others.length === 0)
    return givenAddress(stack, view, setting.field.names, setting.each.anyCase, setting.each.files);
  const origin = view.python.origin(module, bare, '');
  const home = origin?.kind === 'defined' ? origin.module : undefined;
  const assigned =
    home?.assignments.filter(({ target }) => target === (origin?.kind === 'defined' ? origin.name : '')) ?? [];
  const [only, ...more] = assigned;
  if (!home || !only?.value || more.length > 0 || only.scope !== '' || !code.runs(home, only.statement, ''))
    return undefined;
  const found = lookupsIn(home).find(
    (each) => each.at.start === only.value?.at.start && each.at.end === only.value.at.end,
  );
  if (found) return givenAddress(stack, view, [found.name], false, []);
  return only.value.string === undefined
    ? undefined
    : { text: only.value.string, evidence: [{ at: only.at, says: 'the address of the database' }] };
}
