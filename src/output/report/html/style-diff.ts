/** Diffs: below each other on a narrow page, side by side where there is room. Line numbers and signs are not copied. */
export const diffStyle = `
.diff{font:.78rem/1.6 var(--mono);border:1px solid var(--line);border-radius:8px;overflow:clip;background:var(--card)}
.file .diff{border-width:1px 0 0;border-radius:0}
.hunk{padding:.15rem .8rem;background:var(--sunk);color:var(--soft);font-size:.74rem}
.l{display:grid;grid-template-columns:calc(var(--digits)*1ch + 1.3rem) 1.6ch minmax(0,1fr);min-height:1.6em}
.n,.m{user-select:none;-webkit-user-select:none;color:var(--soft)}
.n{text-align:right;padding-right:.7rem}
.t{white-space:pre-wrap;tab-size:4;padding-right:.6rem;overflow-wrap:anywhere}
.t del,.t ins{text-decoration:none;border-radius:3px}
.l.del{background:var(--del)}.l.ins{background:var(--ins)}
.l.del .m{color:var(--bad)}.l.ins .m{color:var(--good)}
.l.del .n,.l.ins .n{color:var(--ink)}
.t del{background:var(--del-word)}.t ins{background:var(--ins-word)}
.l.twin{display:none}
@media (min-width:60rem){
.wide .row{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);grid-auto-flow:row dense}
.wide .l.twin{display:grid}
.wide .l.del,.wide .l.twin{grid-column:1;border-right:1px solid var(--line)}
.wide .l.ins,.wide .l.same:not(.twin){grid-column:2}
.wide .row.added,.wide .row.removed,.wide .row.edited{background:linear-gradient(var(--line),var(--line)) 50% 0/1px 100% no-repeat,var(--sunk)}}
`;
