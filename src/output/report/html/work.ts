import { html, linesOfText, type Markup, prose } from '../../markup.ts';
import type { ReportCheck, ReportFile, ReportTask } from '../../report.ts';
import type { ShownDiff } from './diff.ts';
import { tally } from './problems.ts';
import { problemLinks } from './words.ts';

/** What a person still has to do, to be ticked off. */
export const taskList = (tasks: readonly ReportTask[]): Markup =>
  html`<ul class="tasks">${tasks.map((task, index) => {
    const { text, problems } = task;
    return html`<li class="card"><input type="checkbox" id="task-${index + 1}"><div>
<label for="task-${index + 1}">${prose(text)}</label>
${detailList(task)}
${!leadsToProblems(task) && problems.length > 0 && html`<p class="from">${problemLinks(problems)}</p>`}</div></li>
`;
  })}</ul>`;

function detailList(task: ReportTask): Markup | undefined {
  const { kind, details, problems } = task;
  if (details.length === 0) return undefined;
  const shown = details.map((detail, index) => {
    if (leadsToProblems(task)) return html`<a href="#problem-${problems[index] ?? 0}">${prose(detail)}</a>`;
    return kind === 'secrets' ? html`<code>${detail}</code>` : prose(detail);
  });
  return html`<ul class="details">${shown.map((detail) => html`<li>${detail}</li>`)}</ul>`;
}

/** True where each line below the task is one of its problems. */
const leadsToProblems = ({ kind, details, problems }: ReportTask): boolean =>
  kind === 'review' && details.length === problems.length;

/** Commands to run, each with what it should show. */
export const checkList = (checks: readonly ReportCheck[]): Markup =>
  html`<ol class="card checks">${checks.map(({ command, expects }) => html`<li><pre><code>${linesOfText(command)}</code></pre><p><span class="off">Expect: </span>${prose(expects)}</p></li>\n`)}</ol>`;

/** The changed files, each with its diff. */
export function fileDiffs(files: readonly ReportFile[], diffOf: (patch: string) => ShownDiff): Markup {
  return html`${files.map((file, index) => {
    const shown = diffOf(file.diff).files;
    const how = [file.kind, shown.map(({ how }) => how).find((how) => how.includes('executable'))]
      .filter(Boolean)
      .join(', ');
    const name = file.from === undefined ? file.path : `${file.from} \u2192 ${file.path}`;
    return html`<details class="card file" id="file-${index + 1}" open><summary><h3><code class="place">${name}</code></h3> <span class="how ${file.kind}">${how}</span>${tally(shown)}</summary>
${file.problems.length > 0 && html`<p class="from">${problemLinks(file.problems)}</p>`}
<div class="wide">${shown.map(({ hunks }) => hunks)}</div>
</details>
`;
  })}`;
}
