import type { BotConfig, ConfigError } from '../config.ts';
import type { Annotation, CommitCheck } from '../forge/forge.ts';
import { markdownCheck } from '../output/check/markdown.ts';
import { linesOf, summaryOf } from '../output/check/words.ts';
import { type Check, fails, type Problem } from '../output/check.ts';
import { visible } from '../output/visible.ts';
import type { Level } from '../transform.ts';

/** The name under which checks are shown; branch protection knows them by it. */
export const CHECK_NAME = 'dockfix';

/** https://docs.github.com/en/rest/checks/runs#create-a-check-run: characters of a summary and of the message of an annotation. */
const SUMMARY_LIMIT = 65_535;
const MESSAGE_LIMIT = 16_000;
const MAX_ANNOTATIONS = 500;

const ANNOTATION_LEVEL: Readonly<Record<Level, Annotation['level']>> = {
  error: 'failure',
  warning: 'warning',
  note: 'notice',
};
const ORDER: readonly Level[] = ['error', 'warning', 'note'];

/** What a check of a pull request shows at its head: the problems that it touches. */
export function checkRunOf(
  commit: string,
  check: Check,
  concludes: Exclude<BotConfig['check'], 'off'>,
  more: { readonly ignored: readonly string[]; readonly configErrors: readonly ConfigError[] },
): CommitCheck {
  const { ignored, configErrors } = more;
  const unread = check.notices.length + check.errors.length > 0;
  const failing = check.problems.some(fails) || configErrors.length > 0;
  const sorted = ORDER.flatMap((level) => check.problems.filter((problem) => problem.level === level));
  const annotations = [...configErrors.map(configAnnotation), ...check.notices.map(noticeAnnotation), ...sorted.map(annotationOf)];
  return {
    commit,
    name: CHECK_NAME,
    conclusion: failing ? concludes : unread ? 'neutral' : 'success',
    title: visible(configErrors[0]?.what ?? (unread && !failing ? 'Not all could be checked.' : summaryOf(check))),
    summary: shortened([
      ...configErrors.map(configText),
      markdownCheck(check),
      ...(ignored.length === 0 ? [] : [`Ignored in this pull request: ${ignored.map((id) => `\`${id}\``).join(', ')}.\n`]),
      ...(failing ? [CAN_SAY] : []),
    ]),
    annotations: annotations.slice(0, MAX_ANNOTATIONS),
  };
}

/** What a configuration that cannot be used shows at a commit, instead of a check. */
export function wrongConfigRun(commit: string, error: ConfigError | Error): CommitCheck {
  const annotations = 'place' in error ? [configAnnotation(error)] : [];
  return {
    commit,
    name: CHECK_NAME,
    conclusion: 'failure',
    title: 'The configuration cannot be used',
    summary: shortened([
      'place' in error ? configText(error) : `${visible(error.message)}\n`,
      'Nothing was repaired or checked.\n',
    ]),
    annotations,
  };
}

const CAN_SAY =
  'People with write access can comment `/dockfix apply` for a pull request with the repairs, `/dockfix explain <transform>` and `/dockfix ignore <transform>`.\n';

function annotationOf(problem: Problem): Annotation {
  const { path, start, end } = problem.at;
  const proof = problem.evidence.map(({ at, says }) => `${at.path}:${at.start.line}: ${visible(says)}`);
  return {
    path,
    startLine: start.line,
    // An end at the beginning of a line does not cover it.
    endLine: Math.max(start.line, end.column === 1 ? end.line - 1 : end.line),
    level: ANNOTATION_LEVEL[problem.level],
    title: `dockfix ${problem.transform.id}`,
    message: [...linesOf(problem), ...proof].join('\n').slice(0, MESSAGE_LIMIT),
  };
}

const noticeAnnotation = ({ path, line, message, hint }: Check['notices'][number]): Annotation => ({
  path,
  startLine: line ?? 1,
  endLine: line ?? 1,
  level: 'warning',
  title: 'dockfix',
  message: `${visible(message)}\n${visible(hint)}`.slice(0, MESSAGE_LIMIT),
});

const configAnnotation = ({ place, what, hint }: ConfigError): Annotation => ({
  path: place.path,
  startLine: place.line,
  endLine: place.line,
  level: 'failure',
  title: 'dockfix configuration',
  message: [what, ...(hint === undefined ? [] : [hint])].map(visible).join('\n').slice(0, MESSAGE_LIMIT),
});

/** In a code block, because the text quotes the file. */
const configText = ({ message, hint }: ConfigError): string =>
  `    ${visible(message)}\n${hint === undefined ? '' : `    ${visible(hint)}\n`}`;

/** Whole lines up to the limit; what is left out is in the annotations. */
function shortened(blocks: readonly string[]): string {
  const text = blocks.join('\n');
  if (text.length <= SUMMARY_LIMIT) return text;
  const rest = '\n\nThere is more: run `npx dockfix check`.\n';
  const cut = text.slice(0, SUMMARY_LIMIT - rest.length);
  return `${cut.slice(0, cut.lastIndexOf('\n'))}${rest}`;
}
