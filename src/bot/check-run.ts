import { type BotConfig, ConfigError } from '../config.ts';
import type { UserError } from '../errors.ts';
import type { Annotation, CommitCheck } from '../forge/forge.ts';
import { maskShapes } from '../model/secret/mask.ts';
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
  more: { readonly ignored: readonly string[]; readonly wrong: readonly UserError[] },
): CommitCheck {
  const { ignored, wrong } = more;
  const unread = check.notices.length + check.errors.length > 0;
  const failing = check.problems.some(fails) || wrong.length > 0;
  const sorted = ORDER.flatMap((level) => check.problems.filter((problem) => problem.level === level));
  const annotations = [
    ...wrong.flatMap(configAnnotations),
    ...check.notices.map(noticeAnnotation),
    ...sorted.map(annotationOf),
  ];
  return {
    commit,
    name: CHECK_NAME,
    conclusion: failing ? concludes : unread ? 'neutral' : 'success',
    title: shown(wrong[0]?.message ?? (unread && !failing ? 'Not all could be checked.' : summaryOf(check))),
    summary: shortened([
      ...wrong.map(configText),
      markdownCheck(check),
      ...(ignored.length === 0
        ? []
        : [`Ignored in this pull request: ${ignored.map((id) => `\`${id}\``).join(', ')}.\n`]),
      ...(failing ? [CAN_SAY] : []),
    ]),
    annotations: annotations.slice(0, MAX_ANNOTATIONS),
  };
}

/** What is shown at a commit instead of a check, when the configuration that counts cannot be used. */
export const wrongConfigRun = (
  commit: string,
  error: UserError,
  conclusion: CommitCheck['conclusion'],
): CommitCheck => ({
  commit,
  name: CHECK_NAME,
  conclusion,
  title: 'The configuration of the base branch cannot be used',
  summary: shortened([configText(error), 'Nothing was repaired or checked.\n']),
  annotations: configAnnotations(error),
});

/** What is shown when a check could not be made, such as of a repository that is too large. */
export const uncheckedRun = (commit: string, error: UserError): CommitCheck => ({
  commit,
  name: CHECK_NAME,
  conclusion: 'neutral',
  title: 'It could not be checked',
  summary: configText(error),
  annotations: [],
});

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

function configAnnotations(error: UserError): readonly Annotation[] {
  if (!(error instanceof ConfigError)) return [];
  const { place, what, hint } = error;
  const message = [what, ...(hint === undefined ? [] : [hint])].map(shown).join('\n').slice(0, MESSAGE_LIMIT);
  const { path, line } = place;
  return [{ path, startLine: line, endLine: line, level: 'failure', title: 'dockfix configuration', message }];
}

/** What quotes a configuration may quote a token that somebody put there. */
const shown = (text: string): string => maskShapes(visible(text));

/** In a code block, because the text quotes the file. */
const configText = ({ message, hint }: UserError): string =>
  `    ${shown(message)}\n${hint === undefined ? '' : `    ${shown(hint)}\n`}`;

/** Whole lines up to the limit; what is left out is in the annotations. */
function shortened(blocks: readonly string[]): string {
  const text = blocks.join('\n');
  if (text.length <= SUMMARY_LIMIT) return text;
  const rest = '\n\nThere is more: run `npx dockfix check`.\n';
  const cut = text.slice(0, SUMMARY_LIMIT - rest.length);
  return `${cut.slice(0, cut.lastIndexOf('\n'))}${rest}`;
}
