import { type Check, fails, type Problem, type Range } from '../check.ts';
import { codeSpan, markdownText } from '../markdown-text.ts';
import { linesOf, summaryOf } from './words.ts';

/** The check as Markdown, for a summary of a job or a comment on a change. */
export function markdownCheck(check: Check): string {
  const used = check.transforms.filter((transform) => check.problems.some((each) => each.transform === transform));
  const failed = check.errors.map(
    ({ transform, message }) => `- **${markdownText(transform.id)}** failed: ${markdownText(message)}`,
  );
  const unread = check.notices.map(
    ({ path, line, message, hint }) =>
      `- ${codeSpan(line === undefined ? path : `${path}:${line}`)} ${markdownText(message)} ${markdownText(hint)}`,
  );
  const blocks = [
    `## dockfix\n\n${markdownText(summaryOf(check))}`,
    ...used.map((transform) => {
      const own = check.problems.filter((each) => each.transform === transform);
      return `### ${transform.id}\n\n${markdownText(transform.summary)}.\n\n${own.map(problemText).join('\n')}`;
    }),
    ...(failed.length > 0 ? [`### Failed\n\n${failed.join('\n')}`] : []),
    ...(unread.length > 0 ? [`### Could not be read\n\n${unread.join('\n')}`] : []),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function problemText(problem: Problem): string {
  const [message = '', ...rest] = linesOf(problem);
  const label = fails(problem) ? '' : 'Note: ';
  return [
    `- ${codeSpan(placeOf(problem.at))} ${label}${markdownText(message)}`,
    ...problem.evidence.map(({ at, says }) => `  - because ${codeSpan(placeOf(at))} ${markdownText(says)}`),
    ...rest.map((line) => `  - ${markdownText(line)}`),
  ].join('\n');
}

const placeOf = ({ path, start }: Range): string => `${path}:${start.line}`;
