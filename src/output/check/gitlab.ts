import type { Level } from '../../transform.ts';
import type { Check } from '../check.ts';
import { linesOf } from './words.ts';

const SEVERITY: Readonly<Record<Level, string>> = { error: 'major', warning: 'minor', note: 'info' };

/** A GitLab Code Quality report. https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format */
export function gitlabCheck({ problems, notices }: Check, digest: (text: string) => string): string {
  const report = [
    ...problems.map((problem) => ({
      description: linesOf(problem).join(' '),
      check_name: problem.transform.id,
      fingerprint: problem.fingerprint,
      severity: SEVERITY[problem.level],
      location: { path: problem.at.path, lines: { begin: problem.at.start.line, end: problem.at.end.line } },
    })),
    ...notices.map(({ path, line, message, hint }) => ({
      description: `${message} ${hint}`,
      check_name: 'unread',
      fingerprint: digest(['unread', path, line ?? 0, message].join('\0')),
      severity: 'critical',
      location: { path, lines: { begin: line ?? 1, end: line ?? 1 } },
    })),
  ];
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
