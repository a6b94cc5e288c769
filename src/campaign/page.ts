import { visible } from '../output/visible.ts';
import { type RepositoryRow, repairCount, type Summary } from './summary.ts';
import { totals } from './table.ts';

/** A campaign as a web page: one file that loads nothing. All that comes from repositories and forges stands in it as text. */
export function campaignPage(summary: Summary): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>dockfix campaign</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>dockfix campaign</h1>
<p>${escaped(totals(summary))}.</p>
${transformTable(summary)}<table>
<caption>Repositories</caption>
<thead><tr><th scope="col">Repository</th><th scope="col">Result</th><th scope="col" class="number">Repairs</th><th scope="col">Transforms</th><th scope="col">Pull requests and notes</th></tr></thead>
<tbody>
${summary.repositories.map(rowHtml).join('\n')}
</tbody>
</table>
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 2rem 0; width: 100%; }
caption { font-size: 1.25rem; font-weight: 600; text-align: left; }
th, td { border-bottom: 1px solid; border-color: color-mix(in srgb, currentColor 25%, transparent); padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
tbody th { font-weight: 600; }
.number { text-align: right; }
ul { list-style: none; margin: 0; padding: 0; }
@media print { body { margin: 0; max-width: none; } }
`;

function transformTable({ transforms }: Summary): string {
  if (transforms.length === 0) return '';
  const rows = transforms.map(
    ({ id, repositories, repairs }) =>
      `<tr><th scope="row">${escaped(id)}</th><td class="number">${repositories}</td><td class="number">${repairs}</td></tr>`,
  );
  return `<table>
<caption>Transforms</caption>
<thead><tr><th scope="col">Transform</th><th scope="col" class="number">Repositories</th><th scope="col" class="number">Repairs</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
`;
}

function rowHtml(row: RepositoryRow): string {
  const transforms = Object.entries(row.repairs).map(([id, count]) => escaped(`${id} ${count}`));
  const links = row.pullRequests.map(({ number, url }) => linkHtml(url, `#${number}`));
  const cells = [
    `<td>${escaped(row.result)}</td>`,
    `<td class="number">${repairCount(row) || ''}</td>`,
    `<td>${listHtml(transforms)}</td>`,
    `<td>${listHtml([...links, ...row.notes.map(escaped)])}</td>`,
  ];
  return `<tr><th scope="row">${escaped(row.repository)}</th>${cells.join('')}</tr>`;
}

const listHtml = (items: readonly string[]): string =>
  items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`;

/** A forge's answer could name any scheme. */
const linkHtml = (url: string, text: string): string =>
  /^https?:\/\//i.test(url)
    ? `<a href="${escaped(url)}" rel="noreferrer">${escaped(text)}</a>`
    : escaped(`${text} ${url}`);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
