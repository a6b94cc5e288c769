/** Graphs: colours of the page, shapes and words for what the colours say. They shrink a little where that makes them fit, else they scroll. */
export const graphStyle = `
.graphs{display:flex;flex-wrap:wrap;gap:1rem}
.graph{flex:1 1 auto;min-width:0;max-width:100%;background:var(--card);border:1px solid var(--line);border-radius:12px;display:flex;flex-direction:column}
.graph figcaption{padding:.7rem 1.1rem;border-bottom:1px solid var(--line);font-size:.9rem;font-weight:600}
.graph .side{display:inline-block}
.graph .side::first-letter{text-transform:uppercase}
.before .side{color:var(--bad)}.after .side{color:var(--good)}
.scroll{overflow:auto;flex:1;display:grid;padding:.5rem}
.scroll>svg{display:block;margin:auto;flex:none}
.scroll>svg{max-width:none}
@media (min-width:60rem){.scroll>svg{width:clamp(var(--width)*.85,100%,var(--width));height:auto}}
.scroll svg text{font-family:var(--mono);fill:var(--ink);white-space:pre}
.scroll svg .role{fill:var(--soft)}
.scroll svg .name{font-weight:600}
.scroll svg .fact{fill:var(--soft)}
.scroll svg .mark{font-weight:600}
.shape{fill:var(--sunk);stroke:var(--soft);stroke-width:1.2}
.trim{fill:none;stroke:var(--soft);stroke-width:1.2}
.node.removed .shape{stroke:var(--bad);stroke-width:2;stroke-dasharray:6 4;fill:var(--bad-bg)}
.node.changed .shape{stroke:var(--care);stroke-width:2}
.node.new .shape{stroke:var(--good);stroke-width:2.5;fill:var(--good-bg)}
.node.missing .shape{fill:none;stroke:var(--bad);stroke-dasharray:2 4}
.scroll svg .missing .role{fill:var(--bad)}
.node.removed .trim{stroke:var(--bad)}.node.changed .trim{stroke:var(--care)}.node.new .trim{stroke:var(--good)}
.scroll svg .removed .mark{fill:var(--bad)}.scroll svg .changed .mark{fill:var(--care)}.scroll svg .new .mark{fill:var(--good)}
.line{fill:none;stroke:var(--soft);stroke-width:1.4}
.head{fill:var(--soft);stroke:none}
.link.waits .line{stroke-dasharray:3 4}
.link.removed .line{stroke:var(--bad)}.link.removed .head{fill:var(--bad)}
.link.new .line{stroke:var(--good);stroke-width:2.2}.link.new .head{fill:var(--good)}
.scroll svg .label{fill:var(--soft);paint-order:stroke;stroke:var(--card);stroke-width:5px;stroke-linejoin:round}
.scroll svg .label.removed{fill:var(--bad)}.scroll svg .label.new{fill:var(--good)}
.words{padding:.6rem 1.1rem .8rem;border-top:1px solid var(--line);font-size:.92rem}
.words summary{color:var(--soft)}
.words ul{margin-top:.4rem}
.words ul ul{margin:0 0 .3rem}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;list-style:none;padding:0;margin:.9rem 0 1.75rem;font-size:.88rem;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:.5rem}
.sample{flex:none}
`;
