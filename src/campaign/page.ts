import { html, type Markup } from '../output/markup.ts';
import { type RepositoryRow, repairCount, type Summary } from './summary.ts';
import { totals } from './table.ts';

/** A campaign as a web page: one file that loads nothing. All that comes from repositories and forges stands in it as text. */
export const campaignPage = (summary: Summary): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>dockfix campaign</title>
${STYLE}
</head>
<body>
<main>
<h1>dockfix campaign</h1>
<p>${totals(summary)}.</p>
${transformTable(summary)}<table>
<caption>Repositories</caption>
<thead><tr><th scope="col">Repository</th><th scope="col">Result</th><th scope="col" class="number">Repairs</th><th scope="col">Transforms</th><th scope="col">Pull requests and notes</th></tr></thead>
<tbody>
${summary.repositories.map(rowMarkup)}</tbody>
</table>
</main>
</body>
</html>
`.markup;

const STYLE = html`<style>
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 2rem 0; width: 100%; }
caption { font-size: 1.25rem; font-weight: 600; text-align: left; }
th, td { border-bottom: 1px solid; border-color: color-mix(in srgb, currentColor 25%, transparent); padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
tbody th { font-weight: 600; }
.number { text-align: right; }
ul { list-style: none; margin: 0; padding: 0; }
@media print { body { margin: 0; max-width: none; } }
</style>`;

const transformTable = ({ transforms }: Summary): Markup | false =>
  transforms.length > 0 &&
  html`<table>
<caption>Transforms</caption>
<thead><tr><th scope="col">Transform</th><th scope="col" class="number">Repositories</th><th scope="col" class="number">Repairs</th></tr></thead>
<tbody>
${transforms.map(
  ({ id, repositories, repairs }) =>
    html`<tr><th scope="row">${id}</th><td class="number">${repositories}</td><td class="number">${repairs}</td></tr>
`,
)}</tbody>
</table>
`;

function rowMarkup(row: RepositoryRow): Markup {
  const transforms = Object.entries(row.repairs).map(([id, count]) => html`${id} ${count}`);
  const links = row.pullRequests.map(({ number, url }) => linkMarkup(url, `#${number}`));
  return html`<tr><th scope="row">${row.repository}</th><td>${row.result}</td><td class="number">${repairCount(row) || ''}</td><td>${listMarkup(transforms)}</td><td>${listMarkup([...links, ...row.notes.map((note) => html`${note}`)])}</td></tr>
`;
}

const listMarkup = (items: readonly Markup[]): Markup | false =>
  items.length > 0 && html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;

/** A forge's answer could name any scheme. */
const linkMarkup = (url: string, text: string): Markup =>
  /^https?:\/\//i.test(url) ? html`<a href="${url}" rel="noreferrer">${text}</a>` : html`${text} ${url}`;
