import type { Transform } from '../../transform.ts';
import { type Check, fails, type Problem } from '../check.ts';
import { lineName } from '../place.ts';
import { linesOf } from './words.ts';
import { attributes, xmlText } from './xml.ts';

/**
 * JUnit XML: a suite for each transform, a test case for each problem, one that passes where there is none.
 * https://github.com/testmoapp/junitxml
 */
export function junitCheck(check: Check): string {
  const suites = check.transforms.map((transform) => suiteOf(transform, check));
  const sum = (name: 'tests' | 'failures' | 'errors'): number =>
    suites.reduce((total, suite) => total + suite[name], 0);
  const totals = { tests: sum('tests'), failures: sum('failures'), errors: sum('errors') };
  const unread = check.notices.map(({ path, line, message, hint }) =>
    caseText({ name: lineName({ path, line }), classname: 'unread' }, 'error', message, [message, hint]),
  );
  const rest =
    unread.length === 0
      ? []
      : [suiteText({ name: 'unread', tests: unread.length, failures: 0, errors: unread.length }, unread)];
  const all = { ...totals, tests: totals.tests + unread.length, errors: totals.errors + unread.length };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'dockfix', ...all })}>`,
    ...suites.map(({ text }) => text),
    ...rest,
    '</testsuites>\n',
  ].join('\n');
}

interface Suite {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly text: string;
}

function suiteOf(transform: Transform, { problems, errors }: Check): Suite {
  const own = problems.filter((problem) => problem.transform === transform);
  const broken = errors.filter((error) => error.transform === transform);
  const classname = `dockfix.${transform.id}`;
  const cases = [
    ...own.map((problem) => problemCase(problem, classname)),
    ...broken.map(({ message }) => caseText({ name: transform.summary, classname }, 'error', message, [message])),
  ];
  const passed = cases.length > 0 ? [] : [`    <testcase${attributes({ name: transform.summary, classname })}/>`];
  const counts = {
    tests: cases.length + passed.length,
    failures: own.filter(fails).length,
    errors: broken.length,
  };
  return { ...counts, text: suiteText({ name: transform.id, ...counts }, [...cases, ...passed]) };
}

function problemCase(problem: Problem, classname: string): string {
  const { path, start } = problem.at;
  const head = { name: `${path}:${start.line} ${linesOf(problem)[0]}`, classname, file: path, line: start.line };
  if (fails(problem)) return caseText(head, 'failure', linesOf(problem)[0] ?? '', detailsOf(problem));
  return [
    `    <testcase${attributes(head)}>`,
    `      <system-out>${xmlText(detailsOf(problem).join('\n'))}</system-out>`,
    '    </testcase>',
  ].join('\n');
}

const detailsOf = (problem: Problem): readonly string[] => [
  ...linesOf(problem),
  ...problem.evidence.map(({ at, says }) => `${at.path}:${at.start.line}: ${says}`),
];

const caseText = (
  head: Readonly<Record<string, string | number>>,
  kind: 'failure' | 'error',
  message: string,
  details: readonly string[],
): string =>
  [
    `    <testcase${attributes(head)}>`,
    `      <${kind}${attributes({ message, type: String(head['classname']) })}>${xmlText(details.join('\n'))}</${kind}>`,
    '    </testcase>',
  ].join('\n');

const suiteText = (head: Readonly<Record<string, string | number>>, cases: readonly string[]): string =>
  [`  <testsuite${attributes(head)}>`, ...cases, '  </testsuite>'].join('\n');
