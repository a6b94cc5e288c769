import { diffStyle } from './style-diff.ts';
import { graphStyle } from './style-graph.ts';

const base = `
:root{color-scheme:light dark;
--page:#f6f7f9;--card:#fff;--ink:#1a2330;--soft:#4d5a6b;--line:#dde2e9;--sunk:#f1f3f6;--link:#1d55b5;
--good:#17693f;--good-bg:#e3f4ea;--good-line:#9fd3b5;
--care:#7d4e00;--care-bg:#fdf1d8;--care-line:#e8c987;
--hand:#6236a8;--hand-bg:#f0e9fb;--hand-line:#cdb8ee;
--none:#4d5a6b;--none-bg:#eceff3;--none-line:#cdd4de;
--bad:#a3271f;--bad-bg:#fdeceb;--bad-line:#eab1ac;
--ins:#e6f6ec;--ins-word:#b4e3c6;--del:#fdefee;--del-word:#f6c6c2;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
@media screen and (prefers-color-scheme:dark){:root{
--page:#10141b;--card:#181e27;--ink:#e6eaf0;--soft:#a3afbf;--line:#2c3542;--sunk:#12171f;--link:#8ab4ff;
--good:#79d6a1;--good-bg:#14301f;--good-line:#2c6a47;
--care:#eec06a;--care-bg:#352710;--care-line:#735620;
--hand:#c7a9f7;--hand-bg:#2a1f40;--hand-line:#58428a;
--none:#a3afbf;--none-bg:#242c37;--none-line:#404b5a;
--bad:#ff9b92;--bad-bg:#3a1a19;--bad-line:#7d3833;
--ins:#13291c;--ins-word:#1f5335;--del:#2f1819;--del-word:#672a2a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.6 var(--sans);overflow-wrap:anywhere}
h1,h2,h3,h4,p,ul,ol,dl,dd,figure,pre{margin:0}
ul,ol{padding-left:1.3rem}
h1,h2,h3{line-height:1.3;letter-spacing:-.012em;text-wrap:pretty}
h1{font-size:clamp(1.9rem,5vw,2.7rem);line-height:1.15;letter-spacing:-.025em}
h2{font-size:1.5rem;margin-bottom:1.25rem}
h3{font-size:1.06rem}
h4{font-size:.82rem;font-weight:600;color:var(--soft);margin-bottom:.4rem}
a{color:var(--link);text-underline-offset:.18em;text-decoration-thickness:1px}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:4px}
main:focus{outline:none}
code,pre{font-family:var(--mono);font-size:.86em}
pre{white-space:pre-wrap;tab-size:4}
pre code{font-size:1em}
.place{color:var(--soft)}
.off{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:1rem;top:-4rem;background:var(--card);padding:.5rem 1rem;z-index:2}
.skip:focus{top:1rem}
.inner{max-width:84rem;margin:0 auto;padding:0 clamp(1rem,4vw,2.5rem)}
.top{background:var(--card);border-bottom:1px solid var(--line);padding:clamp(2rem,5vw,3.5rem) 0 clamp(1.75rem,4vw,2.75rem)}
.brand{color:var(--soft);font-size:.9rem;font-weight:600;letter-spacing:.01em;margin-bottom:.5rem}
.lede{font-size:clamp(1.08rem,2.2vw,1.25rem);line-height:1.5;color:var(--soft);margin-top:.75rem;max-width:46rem;text-wrap:pretty}
.columns{padding-top:2rem;padding-bottom:3rem}
main>section{margin-bottom:3.5rem}
.contents{font-size:.92rem;margin-bottom:2.5rem}
.contents h2{font-size:.82rem;letter-spacing:0;color:var(--soft);margin-bottom:.5rem}
.contents ul,.contents ol{list-style:none;padding:0}
.contents>ul>li>a{display:block;padding:.28rem 0;font-weight:550;color:var(--ink);text-decoration:none}
.contents a:hover{text-decoration:underline}
.contents ol{display:none}
@media (max-width:74.99rem){.contents>ul{display:flex;flex-wrap:wrap;gap:.1rem 1.4rem}}
@media (min-width:75rem){
.columns{display:grid;grid-template-columns:15rem minmax(0,1fr);gap:3rem}
.contents{position:sticky;top:0;align-self:start;max-height:100vh;overflow:auto;padding:1.5rem .25rem 1.5rem .25rem;margin-top:-1.5rem}
.contents ol{display:block;margin:.1rem 0 .4rem;font-size:.85rem;line-height:1.4}
.contents ol a{display:grid;grid-template-columns:auto 1fr;gap:.55rem;padding:.24rem 0;color:var(--soft);text-decoration:none}
.dot{width:.6rem;height:.6rem;margin-top:.3rem;border:2px solid currentColor}
.dot.safe{border-radius:50%;background:currentColor;color:var(--good)}
.dot.review{border-radius:50%;color:var(--care)}
.dot.manual{color:var(--hand)}
.dot.left,.dot.note{height:0;border-width:1.5px 0;margin-top:.5rem;color:var(--none)}}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px}
.chip{display:inline-flex;align-items:center;gap:.3rem;padding:.05rem .6rem .08rem .45rem;border:1px solid;border-radius:99px;font-size:.8rem;font-weight:600;line-height:1.5;white-space:nowrap}
.icon{width:.9em;height:.9em;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;flex:none}
.chip.safe,.key.new{color:var(--good);background:var(--good-bg);border-color:var(--good-line)}
.chip.review,.key.changed{color:var(--care);background:var(--care-bg);border-color:var(--care-line)}
.chip.manual{color:var(--hand);background:var(--hand-bg);border-color:var(--hand-line)}
.chip.left,.chip.note{color:var(--none);background:var(--none-bg);border-color:var(--none-line)}
.key{display:inline-block;border:1px solid;border-radius:5px;padding:0 .4rem;font-size:.8rem;font-weight:600;line-height:1.5}
.key.removed{color:var(--bad);background:var(--bad-bg);border-color:var(--bad-line);border-style:dashed}
`;

const summary = `
.shares{display:flex;gap:3px;height:8px;margin-bottom:1.5rem;border-radius:99px;overflow:hidden}
.shares .safe{background:var(--good)}.shares .review{background:var(--care)}.shares .manual{background:var(--hand)}.shares .left,.shares .note{background:var(--none)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,12.5rem),1fr));gap:1rem;margin-bottom:2rem}
.tile{display:grid;grid-template-columns:1fr auto;align-items:start;gap:.35rem .75rem;background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.15rem}
.tile .count{font-size:2rem;font-weight:650;line-height:1;letter-spacing:-.03em;font-variant-numeric:tabular-nums}
.tile dd:last-child{grid-column:1/-1;color:var(--soft);font-size:.9rem;line-height:1.45}
.glance{list-style:none;padding:0;background:var(--card);border:1px solid var(--line);border-radius:12px}
.glance li{display:grid;grid-template-columns:1.7rem minmax(0,1fr) auto;gap:.1rem .4rem;align-items:center;padding:.75rem 1.15rem;border-top:1px solid var(--line);line-height:1.45}
.glance li:first-child{border-top:0}
.glance .number{color:var(--soft);font-variant-numeric:tabular-nums;align-self:start}
.glance a{text-decoration:none;color:var(--ink);font-weight:550}
.glance a:hover{text-decoration:underline}
.glance .then{grid-column:2;font-size:.92rem;color:var(--soft)}
.glance .chip{grid-row:1/3;grid-column:3;margin-left:.6rem}
.nothing{background:var(--good-bg);border:1px solid var(--good-line);border-radius:12px;padding:1rem 1.25rem}
.seen{margin-top:1rem}
@media (max-width:34rem){.glance .chip{grid-row:3;grid-column:2;justify-self:start;margin:.35rem 0 0}}
`;

const problems = `
.problem{margin-bottom:1.5rem;padding:clamp(1.1rem,3vw,1.75rem)}
.problem:target{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
.problem h3{display:grid;grid-template-columns:auto 1fr;gap:.75rem;font-weight:600;line-height:1.45}
.problem h3 .number{display:grid;place-items:center;min-width:1.75rem;height:1.6rem;padding:0 .35rem;border-radius:7px;background:var(--sunk);color:var(--soft);font-size:.9rem;font-variant-numeric:tabular-nums;letter-spacing:0}
.meta{display:flex;flex-wrap:wrap;align-items:center;gap:.35rem .9rem;margin-top:.7rem;font-size:.9rem;color:var(--soft)}
.follows{font-weight:400;color:var(--soft)}
.part{margin-top:1.4rem}
.output,.quote{background:var(--sunk);border:1px solid var(--line);border-radius:8px}
.output{padding:.75rem .95rem;font-size:.8rem;line-height:1.55;border-left:3px solid var(--bad-line)}
.evidence{list-style:none;padding:0;border-left:2px solid var(--line);margin-left:.4rem}
.evidence li{position:relative;padding:0 0 .85rem 1.2rem;line-height:1.5}
.evidence li:last-child{padding-bottom:0}
.evidence .place::before{content:"";position:absolute;left:-6px;top:.4rem;width:10px;height:10px;border-radius:50%;background:var(--card);border:2px solid var(--soft)}
.evidence .place{display:block;font-size:.8rem}
.says{font-size:.95rem}
.quote{display:block;width:fit-content;max-width:100%;margin-top:.35rem;padding:.2rem .6rem;font-size:.8rem;white-space:pre-wrap;tab-size:4}
.repair{font-weight:550}
.advice{white-space:pre-wrap}
.repair+.why{margin-top:.25rem}
details>summary{cursor:pointer}
.patch{margin-top:.8rem}
.patch>summary{font-size:.88rem;color:var(--soft)}
.file-name{margin:.75rem 0 .4rem;font-size:.88rem}
.how{font-size:.85rem;color:var(--soft)}
.tally{font-family:var(--mono);font-size:.82rem;white-space:nowrap;margin-left:.3rem}
.plus{color:var(--good)}.minus{color:var(--bad)}
`;

const rest = `
.tasks,.checks,.reasons{list-style:none;padding:0}
.tasks>li{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.9rem;padding:1rem 1.2rem;margin-bottom:.75rem}
.tasks input{width:1.2rem;height:1.2rem;margin:.2rem 0 0;accent-color:var(--good)}
.tasks label{font-weight:550}
.tasks input:checked+div label{text-decoration:line-through;color:var(--soft)}
.details{margin-top:.4rem;color:var(--soft);font-size:.95rem;padding-left:1.1rem}
.details{list-style:disc}.details li::marker{color:var(--soft)}
.from{font-size:.9rem;color:var(--soft);margin-top:.4rem}
.checks{counter-reset:check}
.checks li{display:grid;gap:.15rem 1.5rem;padding:.75rem 1.2rem;border-top:1px solid var(--line)}
.checks li:first-child{border-top:0}
.checks pre{display:grid;grid-template-columns:1.3em minmax(0,1fr)}
.checks pre::before{content:"$";color:var(--soft);user-select:none;-webkit-user-select:none}
.checks p{color:var(--soft);font-size:.93rem}
@media (min-width:46rem){.checks li{grid-template-columns:minmax(0,3fr) minmax(0,2fr)}}
table{width:100%;border-collapse:separate;border-spacing:0;background:var(--card);border:1px solid var(--line);border-radius:12px;font-size:.93rem;line-height:1.5}
th,td{text-align:left;vertical-align:top;padding:.75rem 1rem;border-top:1px solid var(--line)}
thead th{border-top:0;font-size:.82rem;font-weight:600;color:var(--soft);white-space:nowrap}
tbody th{font-weight:600;min-width:8rem}
.of{display:block;font-weight:400;font-size:.82rem;color:var(--soft)}
.fact{display:block}
.none{color:var(--soft)}
td del,td ins{display:block;width:fit-content;max-width:100%;border-left:3px solid;padding:.15rem .65rem .2rem;border-radius:0 6px 6px 0;text-decoration:none}
td del{background:var(--bad-bg);border-color:var(--bad-line)}
td ins{background:var(--good-bg);border-color:var(--good-line)}
td del+ins,td ins+.fact,td .fact+del,td ins+del{margin-top:.3rem}
td .side{display:block;font-size:.76rem;font-weight:600;line-height:1.4}
td del .side{color:var(--bad)}td ins .side{color:var(--good)}
td del .none,td ins .none{color:inherit}
.state::before{font-weight:700;margin-right:.4rem}
.state.good::before{content:"\\2713";color:var(--good)}
.state.bad::before{content:"\\2715";color:var(--bad)}
.state.good,.better{color:var(--good)}.state.bad,.worse{color:var(--bad)}
.verdict{border:1px solid;border-left-width:4px;border-radius:10px;padding:.8rem 1.1rem;margin-bottom:1.25rem}
.verdict.good{background:var(--good-bg);border-color:var(--good-line)}
.verdict.bad{background:var(--bad-bg);border-color:var(--bad-line)}
#verification h3{margin:1.5rem 0 .6rem}
.reasons li{padding:.7rem 1.15rem;border-top:1px solid var(--line)}
.reasons li:first-child{border-top:0}
.hint{color:var(--soft)}
.file{margin-bottom:1.25rem;overflow:clip}
.file>summary{padding:.8rem 1.15rem;line-height:1.5}
.file h3{display:inline;font-size:.95rem}
.file h3 .place{color:var(--ink);font-size:.92em}
.file .from{margin:0;padding:0 1.15rem .7rem}
.bottom{border-top:1px solid var(--line);padding:1.5rem 0 2.5rem;font-size:.9rem;color:var(--soft)}
@media (max-width:46rem){
.stacked,.stacked tbody,.stacked tr,.stacked th,.stacked td{display:block}
.stacked thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stacked tr{padding:.9rem 1.1rem;border-top:1px solid var(--line)}
.stacked tr:first-child{border-top:0}
.stacked tbody th,.stacked td{border:0;padding:0;min-width:0}
.stacked td{display:grid;grid-template-columns:6.2rem minmax(0,1fr);gap:.6rem;margin-top:.4rem}
.stacked td::before{content:attr(data-label);color:var(--soft);font-size:.85rem;line-height:1.75}
.stacked td>*{grid-column:2}}
`;

const print = `
@media print{
:root{--page:#fff;--card:#fff}
body{font-size:10pt}
.contents,.skip{display:none}
.inner{max-width:none;padding:0}
.top{padding:0 0 1rem}
.card,.glance li,.tile,.graph,tr{break-inside:avoid}
.problem,.file{break-inside:auto}
h2,h3,h4{break-after:avoid}
.scroll{overflow:visible}
.scroll svg{max-width:100%;height:auto}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`;

/** The style sheet of the page. Colours say what words and shapes say as well; all of them are readable in both schemes. */
export const style = [base, summary, problems, rest, graphStyle, diffStyle, print].join('').trim();
