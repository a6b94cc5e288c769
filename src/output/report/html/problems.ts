import { html, linesOfText, type Markup, prose } from '../../markup.ts';
import type { ReportPlace, ReportProblem } from '../../report.ts';
import { headlineOf } from '../headline.ts';
import type { ShownDiff, ShownFile } from './diff.ts';
import { counted, fateChip, fateOf, placeCode } from './words.ts';

/** Diffs of repairs with more lines than this are closed at first. */
const LONG = 60;

/** One problem as a card: what is wrong, how it shows, why it is so, and its repair. */
export function problemCard(problem: ReportProblem, diffOf: (patch: string) => ShownDiff): Markup {
  const { number, message, shows, showsExample, at, evidence, repair, left, advice, transform } = problem;
  return html`<article class="card problem" id="problem-${number}" aria-labelledby="problem-${number}-title">
<header>
<h3 id="problem-${number}-title"><span class="number">${number}<span class="off">. </span></span><span>${titleOf(message)}</span></h3>
<p class="meta">${fateChip(fateOf(problem))}${placeCode(at)}<span>${transform.id}</span></p>
</header>
${shows !== undefined && html`<section class="part"><h4>How it shows${showsExample && ', for example'}</h4><pre class="output">${linesOfText(shows)}</pre></section>`}
<section class="part"><h4>Why it happens</h4>
<ol class="evidence">${proofOf(at, evidence)}</ol></section>
${(repair ?? left) && repairPart(problem, diffOf)}
${advice !== undefined && html`<section class="part"><h4>What you can do</h4><p class="advice">${prose(advice)}</p></section>`}
</article>
`;
}

/** What is wrong, and in a quieter voice what follows from it. */
function titleOf(message: string): Markup {
  const headline = headlineOf(message);
  if (!message.startsWith(headline)) return prose(message);
  return html`${prose(headline)}<span class="follows">${prose(message.slice(headline.length))}</span>`;
}

/** The chain of evidence; the place of the problem itself where no link names it. */
function proofOf(at: ReportPlace, evidence: ReportProblem['evidence']): readonly Markup[] {
  const known = evidence.some((each) => each.at.path === at.path && each.at.line === at.line);
  const own = known ? [] : [link(at, undefined)];
  return [...own, ...evidence.map((each) => link(each.at, each.says))];
}

const link = (at: ReportPlace, says: string | undefined): Markup =>
  html`<li>${placeCode(at)}${says !== undefined && html` <span class="says">${prose(says)}</span>`}${
    at.text !== undefined && at.text.trim() !== '' && html`<code class="quote">${at.text.trim()}</code>`
  }</li>`;

function repairPart({ repair, left, number }: ReportProblem, diffOf: (patch: string) => ShownDiff): Markup {
  const files = repair && repair.diff !== '' ? diffOf(repair.diff).files : [];
  const lines = files.reduce((sum, { added, removed }) => sum + added + removed, 0);
  return html`<section class="part"><h4>${left ? 'Why nothing is changed' : 'Repair'}</h4>
${repair && html`<p class="repair">${prose(repair.title)}</p>`}
${left && html`<p class="why">${prose(left.says)}</p>`}
${
  files.length > 0 &&
  html`<details class="patch"${lines <= LONG && html` open`}><summary>Diff of repair ${number}: ${counted(files.length, 'file', 'files')}${tally(files)}</summary>
${files.map((file) => html`<p class="file-name"><code class="place">${file.path}</code>${file.how !== '' && html` <span class="how">${file.how}</span>`}</p>${file.hunks}`)}
</details>`
}</section>`;
}

/** `+3 −1`, in words for who hears it. */
export function tally(files: readonly ShownFile[]): Markup {
  const [added, removed] = files.reduce(([a, r], file) => [a + file.added, r + file.removed], [0, 0]);
  return html` <span class="tally"><span class="plus">+${added}<span class="off"> lines</span></span> <span class="minus">\u2212${removed}<span class="off"> lines</span></span></span>`;
}
