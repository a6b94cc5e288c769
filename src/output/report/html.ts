import { html, type Markup, prose, trusted } from '../markup.ts';
import type { Report, ReportProblem } from '../report.ts';
import { headlineOf } from './headline.ts';
import { diffReader, type ShownDiff } from './html/diff.ts';
import { graphFigures } from './html/graph.ts';
import { problemCard } from './html/problems.ts';
import { servicesTable } from './html/services.ts';
import { style } from './html/style.ts';
import { verificationPart } from './html/verification.ts';
import { counted, type Fate, fateChip, fateOf, placeCode } from './html/words.ts';
import { checkList, fileDiffs, taskList } from './html/work.ts';

/** A part of the page with its place in the table of contents. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}

/**
 * The report as one HTML page that needs nothing but itself: no script, no request. It follows the reader's light or dark
 * scheme, fits a phone, and prints. The same report gives the same bytes.
 */
export async function htmlReport(report: Report): Promise<string> {
  const diffOf = await readerFor(report);
  const sections = await sectionsOf(report, diffOf);
  return `${page(report, sections).markup}\n`;
}

/** Shows patches; nothing is loaded for a report without any. */
async function readerFor({ problems, files }: Report): Promise<(patch: string) => ShownDiff> {
  const none = files.every(({ diff }) => diff === '') && problems.every(({ repair }) => !repair || repair.diff === '');
  return none ? () => ({ files: [] }) : await diffReader();
}

async function sectionsOf(report: Report, diffOf: (patch: string) => ShownDiff): Promise<readonly Section[]> {
  const { problems, tasks, checks, before, after, files, verification } = report;
  const hasServices = before.services.length + after.services.length > 0;
  const sections: readonly (Section | false)[] = [
    { id: 'summary', title: 'Summary', body: summary(report) },
    problems.length > 0 && {
      id: 'problems',
      title: 'Problems',
      body: html`${problems.map((problem) => problemCard(problem, diffOf))}`,
    },
    tasks.length > 0 && { id: 'tasks', title: 'Still to do by a person', body: taskList(tasks) },
    checks.length > 0 && { id: 'checks', title: 'How to check', body: checkList(checks) },
    hasServices && {
      id: 'services',
      title: 'Services and ports',
      body: html`${await graphFigures(before, after)}${servicesTable(before, after)}`,
    },
    verification !== undefined && {
      id: 'verification',
      title: 'Verified in containers',
      body: verificationPart(verification),
    },
    files.length > 0 && { id: 'files', title: 'Changed files', body: fileDiffs(files, diffOf) },
    report.notices.length + report.errors.length > 0 && {
      id: 'unread',
      title: 'Not read or not run',
      body: unread(report),
    },
  ];
  return sections.filter((section) => section !== false);
}

function page(report: Report, sections: readonly Section[]): Markup {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${report.title}: dockfix report</title>
<style>${trusted(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header class="top"><div class="inner">
<p class="brand">dockfix report</p>
<h1>${report.title}</h1>
<p class="lede">${ledeOf(report)}</p>
</div></header>
<div class="inner columns">
<nav class="contents" aria-labelledby="contents-title">
<h2 id="contents-title">Contents</h2>
<ul>${sections.map((section) => entry(section, report.problems))}</ul>
</nav>
<main id="main" tabindex="-1">
${sections.map(
  ({ id, title, body }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`,
)}</main>
</div>
<footer class="bottom"><div class="inner"><p>Written by dockfix. The repairs are written by <code>dockfix apply --write</code>, and taken back by <code>dockfix undo</code>.</p></div></footer>
</body>
</html>`;
}

function entry({ id, title }: Section, problems: readonly ReportProblem[]): Markup {
  const below =
    id === 'problems' &&
    html`<ol>${problems.map((problem) => html`<li><a href="#problem-${problem.number}"><span class="dot ${fateOf(problem)}"></span><span>${problem.number}. ${prose(headlineOf(problem.message))}</span></a></li>`)}</ol>`;
  return html`<li><a href="#${id}">${title}</a>${below}</li>`;
}

/** One or two sentences that sum it all up. */
function ledeOf({ problems, files }: Report): string {
  const fates = problems.map(fateOf);
  const notes = fates.filter((fate) => fate === 'note').length;
  const found = problems.length - notes;
  const repaired = fates.filter(isRepaired).length;
  const known = notes === 0 ? '' : ` ${notes} more ${notes === 1 ? 'thing is' : 'things are'} worth knowing.`;
  if (found === 0) return `dockfix found nothing to repair here.${known.replace(' more', '')}`;
  const head = `dockfix found ${counted(found, 'problem', 'problems')}`;
  if (repaired === 0) return `${head}, and repairs none of them by itself.${known}`;
  const where = `in ${counted(files.length, 'file', 'files')}`;
  const rest = found - repaired;
  if (rest === 0) return `${head}, and repairs ${found === 1 ? 'it' : 'all of them'} ${where}.${known}`;
  return `${head}. It repairs ${repaired} of them ${where}; ${rest} ${rest === 1 ? 'is' : 'are'} left to a person.${known}`;
}

const isRepaired = (fate: Fate): boolean => fate === 'safe' || fate === 'review';

/** What each label promises. */
const MEANING: Readonly<Record<Fate, string>> = {
  safe: 'What works today works the same afterwards.',
  review: 'The stack starts or runs differently: read the diff.',
  manual: 'No edit is clearly right: follow the instructions.',
  left: 'A repair was not applied; the reason stands with it.',
  note: 'Only worth knowing; nothing is changed.',
};

function summary({ problems, verification, title }: Report): Markup {
  const fates = (['safe', 'review', 'manual', 'left', 'note'] as const)
    .map((fate) => ({ fate, count: problems.filter((problem) => fateOf(problem) === fate).length }))
    .filter(({ count }) => count > 0);
  if (problems.length === 0)
    return html`<p class="nothing">No problem was found in <strong>${title}</strong>, and nothing is changed.</p>`;
  const share = fates.map(({ fate, count }) => html`<span class="${fate}" style="flex-grow:${count}"></span>`);
  return html`<div class="shares" aria-hidden="true">${share}</div>
<dl class="tiles">${fates.map(({ fate, count }) => html`<div class="tile ${fate}"><dt>${fateChip(fate)}</dt><dd class="count">${count}</dd><dd>${MEANING[fate]}</dd></div>`)}</dl>
<ol class="glance">${problems.map((problem) => html`<li><span class="number">${problem.number}</span><a href="#problem-${problem.number}">${prose(headlineOf(problem.message))}</a>${problem.repair && html`<span class="then">${prose(problem.repair.title)}</span>`}${fateChip(fateOf(problem))}</li>`)}</ol>
${verification && html`<p class="seen"><a href="#verification">Both states were started in containers</a>: see what each service did.</p>`}`;
}

function unread({ notices, errors }: Report): Markup {
  return html`<ul class="card reasons">${notices.map(({ path, line, message, hint }) => html`<li>${placeCode({ path, ...(line !== undefined && { line }) })} ${prose(message)} <span class="hint">${prose(hint)}</span></li>`)}${errors.map(({ transform, message }) => html`<li><code>${transform}</code> failed: ${message}</li>`)}</ul>`;
}
