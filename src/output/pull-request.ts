import type { Safety } from '../finding.ts';
import { counted } from '../words.ts';
import { codeBlock, codeSpan, link, markdownProse, markdownText } from './markdown-text.ts';
import type { Report, ReportPlace, ReportProblem, ReportTask } from './report.ts';
import { verificationMarkdown } from './verification.ts';
import { visible } from './visible.ts';

/** What the text of a pull request needs besides the report. */
export interface PullRequestRequest {
  /** The most characters that the forge takes. */
  readonly limit: number;
  /** The page of a line at the commit that the report is about. */
  readonly lineUrl: (path: string, line: number | undefined) => string;
  /** The only transform in it, when it is one of several pull requests. */
  readonly transform: string | undefined;
  /** New files that are not part of it, because the repository's ignore rules keep them out of git. */
  readonly keptOut: readonly string[];
  /** Transforms that have something to repair once others have. */
  readonly later: readonly string[];
}

/** The words of a pull request and of its commit. */
export interface PullRequestText {
  readonly title: string;
  readonly body: string;
  /** The repairs, one line each, for the message of the commit. */
  readonly summary: string;
}

/** A heading and what stands below it, item by item, so that a text that is too long can lose some. */
interface Section {
  readonly head: string;
  readonly items: readonly string[];
}

const MAX_TITLE = 200;
const MAX_ITEM = 6000;
const CUT = 'This text is cut, because the forge takes no longer one: `dockfix apply --format pretty` shows all.';

const PROMISE: Readonly<Record<Safety, string>> = {
  safe: 'what works today works the same afterwards',
  review: 'the stack starts or runs differently: read the change',
  manual: 'to be done by hand',
};

/** A pull request in words, without secrets and not longer than the forge takes: what fails, what is changed, what is left to do, how to check. */
export function pullRequestText(report: Report, request: PullRequestRequest): PullRequestText {
  const repaired = report.problems.filter(({ repair, left }) => repair && !left);
  const sections: readonly Section[] = [
    { head: '## What fails today', items: failuresText(repaired, request) },
    { head: '## What this changes', items: changesText(repaired, request) },
    { head: '## What is left for you to do', items: tasksText(report, request) },
    { head: '## What was left alone', items: leftText(report, request) },
    { head: '## How to check', items: checksText(report) },
    ...(report.verification
      ? [{ head: '## What a real engine says', items: [verificationMarkdown(report.verification).trim()] }]
      : []),
  ];
  return {
    title: titleOf(repaired, request.transform),
    body: fitted(introduction(report, repaired, request), sections, request.limit),
    summary: repaired.map(({ repair }) => `- ${oneLine(repair?.title ?? '')}`).join('\n'),
  };
}

function titleOf(repaired: readonly ReportProblem[], transform: string | undefined): string {
  const [first, second] = repaired;
  const whole = second
    ? transform === undefined
      ? `Repair the Docker set-up: ${repaired.length} repairs`
      : (first?.transform.summary ?? transform)
    : (first?.repair?.title ?? 'Repair the Docker set-up');
  const title = oneLine(whole);
  return title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title;
}

const oneLine = (text: string): string => visible(text.replace(/\s+/g, ' ').trim());

function introduction({ problems }: Report, repaired: readonly ReportProblem[], request: PullRequestRequest): string {
  const left = problems.length - repaired.length;
  const by = new Set(repaired.map(({ repair }) => repair?.safety));
  const lines = [
    `**dockfix** read the Dockerfiles, Compose files and sources of this repository, and repairs ${counted(repaired.length, 'problem')} here${left > 0 ? `; ${left} more ${left === 1 ? 'is' : 'are'} left alone` : ''}.`,
    ...(['safe', 'review'] as const)
      .filter((safety) => by.has(safety))
      .map((safety) => `- **${safety}**: ${PROMISE[safety]}.`),
  ];
  if (request.later.length > 0)
    lines.push(
      '',
      `Once this or another of its pull requests is merged, there is more to repair: ${request.later.map((id) => codeSpan(id)).join(', ')}.`,
    );
  return lines.join('\n');
}

function failuresText(repaired: readonly ReportProblem[], request: PullRequestRequest): readonly string[] {
  const told = new Set<string>();
  return repaired.map(({ message, at, shows, showsExample }) => {
    const text = `- ${placeText(at, request)}: ${markdownProse(message)}`;
    // What the sentence quotes, and what stands above, need not be said again.
    if (shows === undefined || message.includes(shows) || told.has(shows)) return text;
    told.add(shows);
    const block = codeBlock(shows, 'text');
    return `${text}\n\n${indented(showsExample ? `It shows like this, for example:\n\n${block}` : block)}\n`;
  });
}

/** One item for each transform, in the order in which they run. */
function changesText(repaired: readonly ReportProblem[], request: PullRequestRequest): readonly string[] {
  const transforms = [...new Set(repaired.map(({ transform }) => transform.id))];
  return transforms.flatMap((id) => {
    const own = repaired.filter(({ transform }) => transform.id === id);
    const [first] = own;
    if (!first) return [];
    const head = `### ${markdownProse(first.transform.summary)} (${codeSpan(id)})\n`;
    return own.map((problem, index) => `${index === 0 ? `\n${head}\n` : ''}${repairText(problem, request)}`);
  });
}

function repairText({ repair, at, evidence }: ReportProblem, request: PullRequestRequest): string {
  const proof = [{ at, says: '' }, ...evidence].map((each) => `  - ${evidenceText(each, request)}`);
  return [`- **${repair?.safety}**: ${markdownProse(repair?.title ?? '')}`, ...new Set(proof)].join('\n');
}

function evidenceText({ at, says }: ReportProblem['evidence'][number], request: PullRequestRequest): string {
  const place = placeText(at, request);
  if (says !== '') return `${place}: ${markdownProse(says)}`;
  return at.text === undefined ? place : `${place}: ${codeSpan(at.text.trim())}`;
}

function placeText({ path, line }: ReportPlace, { lineUrl }: PullRequestRequest): string {
  // What an earlier repair put there has no page yet.
  if (line === undefined) return codeSpan(path);
  const name = `${path}:${line}`;
  // Not every reader of Markdown takes brackets and backticks for part of a link's text.
  if (/[`[\]]/.test(name)) return `${codeSpan(name)} (${link('here', lineUrl(path, line))})`;
  return link(codeSpan(name), lineUrl(path, line));
}

function tasksText({ tasks }: Report, { keptOut }: PullRequestRequest): readonly string[] {
  const own = keptOut.map(
    (path) =>
      `- [ ] Create ${codeSpan(path)} where the stack runs, before this is merged: the ignore rules of the repository keep it out of git, so it cannot be part of this pull request. ${codeSpan('dockfix apply --write')} makes it in a clone.`,
  );
  return [...own, ...tasks.map(taskText)];
}

/** The problems of a report have numbers; here they would be those of issues. */
function taskText({ kind, text, details }: ReportTask): string {
  // Instructions are commands and lines of files more often than prose.
  const below =
    kind === 'review' || kind === 'unread'
      ? details.map((detail) => `  - ${markdownProse(detail.replace(/^#\d+ /, ''))}`).join('\n')
      : indented(codeBlock(details.join('\n'), 'text'));
  return `- [ ] ${markdownProse(text)}${details.length > 0 ? `\n${kind === 'review' || kind === 'unread' ? '' : '\n'}${below}` : ''}`;
}

function leftText({ problems, errors }: Report, request: PullRequestRequest): readonly string[] {
  const left = problems.flatMap(({ message, at, left: why }) =>
    why ? [`- ${placeText(at, request)}: ${markdownProse(message)} Left alone: ${markdownText(why.says)}.`] : [],
  );
  const failed = errors.map(
    ({ transform, message }) => `- ${codeSpan(transform)} failed, and changed nothing: ${markdownProse(message)}`,
  );
  return [...left, ...failed];
}

const checksText = ({ checks }: Report): readonly string[] =>
  checks.map(({ command, expects }, index) => `${index + 1}. ${codeSpan(command)}: ${markdownProse(expects)}`);

const indented = (text: string): string => text.replace(/^(?=.)/gm, '  ');

interface Kept {
  readonly head: string;
  readonly items: string[];
  dropped: number;
  /** The characters of its items. */
  length: number;
}

/** The sections as one text of at most `limit` characters. What is too much is taken from the ends of the longest sections, and said. */
function fitted(start: string, sections: readonly Section[], limit: number): string {
  const kept = sections
    .filter(({ items }) => items.length > 0)
    .map(({ head, items }): Kept => {
      const shown = items.map(clipped);
      return { head, items: shown, dropped: 0, length: shown.reduce((sum, item) => sum + item.length + 1, 0) };
    });
  const render = (): string => {
    const parts = kept.map(({ head, items, dropped }) =>
      [head, '', ...items, ...(dropped > 0 ? [`- … and ${dropped} more`] : [])].join('\n'),
    );
    const cut = kept.some(({ dropped }) => dropped > 0) ? [`---\n\n${CUT}`] : [];
    return `${[start, ...parts, ...cut].join('\n\n')}\n`;
  };
  let text = render();
  while (text.length > limit && kept.some(({ items }) => items.length > 0)) {
    for (let over = text.length - limit; over > 0; ) {
      const longest = kept.reduce((a, b) => (b.length > a.length ? b : a));
      const item = longest.items.pop();
      if (item === undefined) break;
      longest.dropped += 1;
      longest.length -= item.length + 1;
      over -= item.length + 1;
    }
    text = render();
  }
  return text.length <= limit ? text : `${text.slice(0, Math.max(0, limit - CUT.length - 4))}…\n\n${CUT}\n`;
}

/** An item that is longer than a reader's patience is cut at a line's end, and the block of code that is cut is closed. */
function clipped(item: string): string {
  if (item.length <= MAX_ITEM) return item;
  const cut = item.slice(0, item.lastIndexOf('\n', MAX_ITEM) + 1 || MAX_ITEM).trimEnd();
  let fence: string | undefined;
  for (const line of cut.split('\n').map((each) => each.trim()))
    if (fence === undefined) fence = /^`{3,}/.exec(line)?.[0];
    else if (line === fence) fence = undefined;
  return `${cut}${fence === undefined ? '' : `\n  ${fence}`}\n  …`;
}
