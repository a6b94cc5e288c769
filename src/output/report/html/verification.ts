import { isHealthy, passed, type Row, rowsOf, type SideResult, type Verification } from '../../../verify/verdict.ts';
import { html, type Markup, prose } from '../../markup.ts';
import { CHANGE, isGood, stateCell, verdictOf } from '../../verification.ts';

/** What the containers did, before and after: a sentence, a table, and the reasons of those that failed. */
export function verificationPart(verification: Verification): Markup {
  const { before, after } = verification;
  const heads = before ? ['Service', 'Before', 'After', 'Change'] : ['Service', 'After'];
  const verdict = verdictOf(verification);
  return html`<p class="verdict ${passed(verification) ? 'good' : 'bad'}"><strong>${verdict.slice(0, 1).toUpperCase()}${verdict.slice(1)}</strong> ${
    before && html`Before took ${Math.round(before.seconds)} s, `
  }${before ? 'after' : 'It took'} ${Math.round(after.seconds)} s.</p>
<table class="stacked" role="table"><caption class="off">What each service did</caption>
<thead role="rowgroup"><tr role="row">${heads.map((head) => html`<th role="columnheader" scope="col">${head}</th>`)}</tr></thead>
<tbody role="rowgroup">${rowsOf(verification).map((row) => tableRow(row, verification))}</tbody></table>
${before && sidePart('Before', before)}${sidePart('After', after)}`;
}

function tableRow(row: Row, { before, after }: Verification): Markup {
  const cell = (label: string, service: Row['before'], side: SideResult): Markup => {
    const text = stateCell(service, side);
    const look = service === undefined ? 'none' : isGood(service) ? 'good' : 'bad';
    return html`<td role="cell" data-label="${label}">${text === '' ? html`<span class="none">nothing</span>` : html`<span class="state ${look}">${text}</span>`}</td>`;
  };
  return html`<tr role="row"><th role="rowheader" scope="row"><span class="service">${row.name}</span></th>${
    before && cell('Before', row.before, before)
  }${cell('After', row.after, after)}${
    before &&
    html`<td role="cell" data-label="Change">${CHANGE[row.change] === '' ? html`<span class="none">same</span>` : html`<strong class="${row.change}">${CHANGE[row.change].toLowerCase()}</strong>`}</td>`
  }</tr>
`;
}

/** Why services of a side failed, and what was done differently from `docker compose up`. */
function sidePart(name: string, side: SideResult): Markup | undefined {
  const reasons = side.services.filter((service) => service.reason !== undefined && !isGood(service));
  if (reasons.length === 0 && side.stopped === undefined && side.notes.length === 0) return undefined;
  return html`<h3>${name}${isHealthy(side) ? ', notes' : ', what failed'}</h3>
<ul class="card reasons">${side.stopped !== undefined && html`<li><code>docker compose up</code> stops: <code class="quote">${side.stopped}</code></li>`}${reasons.map(
    ({ name: service, reason }) => html`<li><strong>${service}</strong> <code class="quote">${reason}</code></li>`,
  )}${side.notes.map((note) => html`<li>Note: ${prose(note)}</li>`)}</ul>
`;
}
