import { cellCode, codeBlock, codeSpan, markdownProse, markdownText } from '../markdown-text.ts';
import { lineName } from '../place.ts';
import type { Report, ReportFile, ReportPlace, ReportProblem, ReportTask } from '../report.ts';
import { verificationMarkdown } from '../verification.ts';
import { visible } from '../visible.ts';
import { headlineOf } from './headline.ts';
import { mermaid } from './mermaid.ts';
import { isNote } from './problems.ts';
import { sectionsOf, summaryOf } from './sections.ts';
import { servicesTable } from './services.ts';

/** A longer diff is cut: `dockfix explain --finding` shows all of it. */
const MAX_DIFF_LINES = 150;

/** The correction document as Markdown: for the repository, an issue, a person who takes over. */
export function markdownReport(report: Report): string {
  const { problems, tasks, checks, notices, errors, files, verification, after } = report;
  const notes = problems.filter(isNote);
  const graph = mermaid(after);
  const blocks = [
    `# Correction of ${markdownText(report.title)}`,
    markdownProse(summaryOf(report)),
    ...overview(problems.filter((each) => !isNote(each))),
    ...part('Problems', problems.length > notes.length ? problemBlocks(problems.filter((each) => !isNote(each))) : []),
    ...part('Only worth knowing', notes.length > 0 ? problemBlocks(notes) : []),
    ...part('What a person still has to do', tasks.length > 0 ? [tasks.map(taskText).join('\n')] : []),
    ...part('How to check it', checks.length > 0 ? [CHECKS, checksBlock(checks)] : []),
    ...part('Services and ports', [...servicesTable(report), ...(graph === undefined ? [] : [graph])]),
    ...part('Changed files', files.length > 0 ? [fileTable(files)] : []),
    ...part('What dockfix verify saw', verification ? [verificationMarkdown(verification).trimEnd()] : []),
    ...part(
      'What could not be read',
      notices.map(
        ({ path, line, message, hint }) =>
          `- ${codeSpan(lineName({ path, line }))} ${markdownText(message)} ${markdownText(hint)}`,
      ),
    ),
    ...part(
      'What failed',
      errors.map(({ transform, message }) => `- ${codeSpan(transform)} ${markdownText(message)}`),
    ),
  ];
  return `${blocks.join('\n\n')}\n`;
}

const part = (heading: string, blocks: readonly string[]): readonly string[] =>
  blocks.length === 0 ? [] : [`## ${heading}`, ...blocks];

const CHECKS = 'In the folder of the repository, with the repairs written, one after the other:';

/** One line for each problem. */
function overview(problems: readonly ReportProblem[]): readonly string[] {
  if (problems.length === 0) return [];
  const rows = problems.map((problem) => {
    const { number, message, at, repair, left } = problem;
    const fate = left ? 'for a person' : (repair?.safety ?? '');
    return `| ${number} | ${cell(headlineOf(message))} | ${cellCode(lineName(at))} | ${fate} |`;
  });
  const labels = new Set(problems.flatMap(({ repair, left }) => (left ? [] : (repair?.safety ?? []))));
  const legend = [
    ...(labels.has('safe') ? ['`safe`: what works today works the same afterwards.'] : []),
    ...(labels.has('review')
      ? ['`review`: the stack starts or runs differently, so read it before you merge it.']
      : []),
  ];
  return [
    ['| # | problem | where | repair |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    ...(legend.length > 0 ? [legend.join(' ')] : []),
  ];
}

/** Prose in a cell: a bar between backticks would end it. */
const cell = (text: string): string => (text.includes('|') ? markdownText(text) : markdownProse(text));

function problemBlocks(problems: readonly ReportProblem[]): readonly string[] {
  return sectionsOf(problems).flatMap((section) => {
    const [first, ...more] = section;
    if (!first) return [];
    if (more.length === 0) return [`### ${heading(first)}`, ...bodyOf(first, true)];
    const numbers = section.map(({ number }) => number).join(', ');
    return [
      `### ${numbers}. ${markdownText(first.transform.summary)}`,
      ...shownBlocks(first),
      ...section.flatMap((each) => [`#### ${heading(each)}`, ...bodyOf(each, false)]),
    ];
  });
}

const heading = ({ number, message }: ReportProblem): string => `${number}. ${markdownProse(headlineOf(message))}`;

const shownBlocks = ({ shows, showsExample }: ReportProblem): readonly string[] =>
  shows === undefined
    ? []
    : [showsExample ? 'It shows like this, for example:' : 'It shows like this:', codeBlock(shows, 'text')];

function bodyOf(problem: ReportProblem, withShown: boolean): readonly string[] {
  const { message, at, evidence, repair, left, advice, transform } = problem;
  const proof = evidence.length > 0 ? evidence : [{ at, says: 'it stands here' }];
  const label = left ? 'Not repaired' : `Repair (${repair?.safety ?? ''}, ${codeSpan(transform.id)})`;
  const title = repair ? `: ${markdownProse(repair.title)}` : '';
  const why = left ? ` (${markdownProse(left.says)}, ${codeSpan(transform.id)})` : '';
  return [
    markdownProse(message),
    ...(withShown ? shownBlocks(problem) : []),
    '**Cause**',
    proof.map((each) => proofText(each)).join('\n'),
    `**${label}**${why}${title}`,
    ...(repair && repair.diff !== '' ? diffBlocks(repair.diff, problem.number) : []),
    ...(advice === undefined ? [] : [quoted(advice)]),
  ];
}

/** A place with what stands there; where an earlier repair put the line, only the file can be named. */
function proofText({ at, says }: { readonly at: ReportPlace; readonly says: string }): string {
  const place = codeSpan(lineName(at));
  const made = at.line === undefined ? ' (as repaired)' : '';
  const line = at.text === undefined ? '' : `\\\n  ${codeSpan(at.text)}`;
  return `- ${place}${made} ${markdownProse(says)}${line}`;
}

function diffBlocks(diff: string, number: number): readonly string[] {
  const lines = withoutReturns(diff).replace(/\n$/, '').split('\n');
  if (lines.length <= MAX_DIFF_LINES) return [codeBlock(lines.join('\n'), 'diff')];
  const rest = lines.length - MAX_DIFF_LINES;
  return [
    codeBlock(lines.slice(0, MAX_DIFF_LINES).join('\n'), 'diff'),
    `${rest} more lines: ${codeSpan(`dockfix explain --finding ${number}`)}`,
  ];
}

/** Where all lines end with CR LF nobody wants to see it; where only some do, it is what the diff is about. */
function withoutReturns(diff: string): string {
  const content = diff.split('\n').filter((line) => /^(?:[ +]|-(?!--))/.test(line) && !line.startsWith('+++'));
  return content.every((line) => line.endsWith('\r')) ? diff.replace(/\r$/gm, '') : diff;
}

const quoted = (advice: string): string =>
  advice
    .split('\n')
    .map((line) => (line.trim() === '' ? '>' : `> ${markdownProse(line.trim())}\\`))
    .join('\n')
    .replace(/\\$/, '')
    .replace(/\\(?=\n>(?:\n|$))/g, '');

function taskText({ text, details, problems }: ReportTask): string {
  const from = problems.length > 0 ? ` (${problems.length > 1 ? 'problems' : 'problem'} ${problems.join(', ')})` : '';
  return [`- [ ] ${markdownProse(text)}${from}`, ...details.map((detail) => `  - ${markdownProse(detail)}`)].join('\n');
}

/** To be copied as a whole: what each command shows stands below it as a comment. */
const checksBlock = (checks: Report['checks']): string =>
  codeBlock(checks.map(({ command, expects }) => `${command}\n#   ${visible(expects)}`).join('\n\n'), 'sh');

function fileTable(files: readonly ReportFile[]): string {
  const rows = files.map(({ path, kind, from, problems }) => {
    const what = from === undefined ? kind : `${kind} from ${cellCode(from)}`;
    return `| ${cellCode(path)} | ${what} | ${problems.join(', ')} |`;
  });
  return ['| file | change | problems |', '| --- | --- | --- |', ...rows].join('\n');
}
