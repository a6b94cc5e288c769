import type { ImportCall } from '../../src/model/python/import-time.ts';
import type { Stack } from '../../src/model/stack.ts';
import type { PythonModule } from '../../src/parse/python.ts';
import type { Candidate } from './candidates.ts';
import { effectOf } from './effects.ts';
import type { Importer } from './importers.ts';

const TESTS = /(?:^|\/)(?:tests?\/.*|test_[^/]*|[^/]*_test|conftest)\.py$/;

/**
 * A test that gets its application from the import and never prepares a database itself: what the import does is what it relies on.
 * Entrypoints do not run there.
 */
export function dependents(stack: Stack, { view }: Importer, candidate: Candidate): PythonModule | undefined {
  const { module, call } = candidate.found;
  const paths = new Set([module.path, ...(view.entry ? [view.entry.path] : [])]);
  const names = [...paths].flatMap((path) => view.python.nameOf(path) ?? []);
  const tests = stack.repo.paths.filter((path) => TESTS.test(path)).flatMap((path) => stack.sources.python(path) ?? []);
  const users = tests.filter((test) =>
    test.imports.some((each) => names.includes(each.module) || names.includes(`${each.module}.${each.name}`)),
  );
  const own = call.callee.split('.').at(-1) ?? '';
  const prepares = tests.some((test) =>
    test.calls.some(
      (each) =>
        effectOf(view.python, test, each)?.kind === 'schema' ||
        each.callee.split('.').at(-1) === own ||
        /init|upgrade|seed|create_all|setup_db/i.test(each.callee),
    ),
  );
  return prepares ? undefined : users[0];
}

const QUERIES =
  /(?:^|\.)(?:session|query|objects|cursor)(?:\(\)|\[\])?\.(?!remove$|close$|init_app$|configure$|get_or_404$|first_or_404$)\w+|\.(?:execute|scalars?|fetchone|fetchall)$|^(?:has_table|inspect\(\))/;

/** A question to the database that stays in the import when a candidate goes. */
export function queriesAtImport({ calls, candidates }: Importer, candidate: Candidate): ImportCall | undefined {
  const inCandidate = (each: ImportCall): boolean =>
    candidates.some(
      ({ found }) =>
        (found.module === each.module &&
          each.call.at.start >= found.call.at.start &&
          each.call.at.end <= found.call.at.end) ||
        each.via.some((link) => link.call === found.call),
    );
  if (!candidate.effects.some(({ kind }) => kind === 'schema' || kind === 'migrate')) return undefined;
  return calls.find((each) => QUERIES.test(each.call.callee) && !inCandidate(each) && !each.call.decorator);
}
