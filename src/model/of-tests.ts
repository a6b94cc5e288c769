import { nameOf } from '../repo/path.ts';
import type { Service } from './service.ts';

/** Throwaway stacks of test runs: their passwords protect nothing, their data may go. */
const OF_TESTS = /(?:^|[._-])(?:tests?|testing|e2e|ci|integration|cypress|playwright)(?:[._-]|$)/i;

/** True for the name of what only a test run uses: a file, a service, a variable, a profile. */
export const isOfTests = (name: string): boolean => OF_TESTS.test(name);

/** True for a service that only a test run starts: by its name, its file or its profiles. */
export const isTestService = ({ name, at, profiles }: Service): boolean =>
  isOfTests(name) || isOfTests(nameOf(at.path)) || (profiles.length > 0 && profiles.every(isOfTests));
