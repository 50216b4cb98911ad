"""How the page looks: one style sheet, dark where the reader's screen is; colours that the colour-blind tell apart."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1f2430;--soft:#5b6270;--line:#dfdcd4;--ok:#0f766e;--bad:#b3261e;--paper:#fbfaf8;
--land:#e2dfd6;--one:#0072b2;--two:#c24e00;--band:#6a51a3;--mark:#1f2430;
--fast:#0072b2;--fair:#56b4e9;--slow:#e69f00;--late:#c24e00}
@media (prefers-color-scheme:dark){:root{--ink:#e9e6df;--soft:#a3abb8;--line:#343a46;--ok:#5ed3c2;--bad:#ff9a90;
--paper:#15171d;--land:#2b303b;--one:#6cbdf0;--two:#ffa25e;--band:#b7a3e3;--mark:#e9e6df;
--fast:#3d93d0;--fair:#a5dbff;--slow:#f0b432;--late:#ff7a33}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:3rem 1.5rem;background:var(--paper);color:var(--ink);
font:16px/1.55 Georgia,'Times New Roman',serif}
h1{font-weight:400;font-size:2.2rem;line-height:1.2;margin:0}
h2{font-weight:400;font-size:1.4rem;margin:3rem 0 .8rem}
h3{font-weight:400;font-size:1.05rem;margin:1.6rem 0 .3rem}
.sub{color:var(--soft);margin:.3rem 0 2rem}
.claim{display:grid;grid-template-columns:3rem 4.5rem minmax(0,1fr);gap:.25rem 1rem;padding:1rem 0}
.claim{border-top:1px solid var(--line)}
.id{font-weight:700}.true{color:var(--ok)}.false{color:var(--bad)}
.figure,.cards td,.claim div{overflow-wrap:anywhere}
.figure{font-size:1.05rem}.small{color:var(--soft);font-size:.88rem}
.why{color:var(--bad);font-family:ui-monospace,monospace;font-size:.82rem;white-space:pre-wrap;overflow-wrap:anywhere}
.bar{display:grid;grid-template-columns:6rem minmax(0,1fr) 4.5rem;gap:1rem;align-items:center;margin:.35rem 0}
.bar i{display:block;height:.7rem;background:var(--ok);opacity:.75;border-radius:.2rem}
.bar b{font-weight:400;overflow-wrap:anywhere}.bar span{text-align:right}
li{margin:.3rem 0}
.wide{overflow-x:auto}
svg{display:block;width:100%;min-width:40rem;height:auto;font:12px ui-sans-serif,system-ui,sans-serif}
svg text{fill:var(--ink)}svg .soft{fill:var(--soft)}
.land{fill:var(--land);stroke:none}.frame{fill:none;stroke:var(--line)}
.dot{stroke:var(--ink);stroke-width:.8}.leader{stroke:var(--soft);stroke-width:.7}
.region{fill:none;stroke:var(--ink);stroke-width:1.3}.gone{stroke:var(--bad);stroke-width:2}
.venue{fill:var(--band);stroke:var(--paper)}svg .of-venue{font-style:italic}
.halo{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}
.fast{fill:var(--fast);background:var(--fast)}.fair{fill:var(--fair);background:var(--fair)}
.slow{fill:var(--slow);background:var(--slow)}.late{fill:var(--late);background:var(--late)}
.nobody{fill:var(--paper);background:var(--paper)}svg .nobody{stroke:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;padding:0;list-style:none;font-size:.88rem;color:var(--soft)}
.legend li{margin:0}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:50%;border:1px solid var(--soft);margin-right:.4rem;
vertical-align:-.08rem}
.key.square{border-radius:0;background:none;border-color:var(--ink)}
.key.diamond{border-radius:0;transform:rotate(45deg) scale(.8);background:var(--band)}
.key.line{height:0;width:1.6rem;border:0;border-top:3px solid var(--one);border-radius:0;vertical-align:.25rem}
.key.dashed{border-top:3px dashed var(--two)}
.key.band{border-radius:0;border:0;background:var(--band);opacity:.3}
.key.column{border-radius:0;border:0;background:var(--two)}
.grid{stroke:var(--line);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
.one{fill:none;stroke:var(--one);stroke-width:1.8}
.two{fill:none;stroke:var(--two);stroke-width:1.6;stroke-dasharray:5 3}
.column{fill:var(--two)}.band{fill:var(--band);opacity:.14}
.event{stroke:var(--mark);stroke-width:1;stroke-dasharray:2 3}
.flag{fill:var(--ink)}svg .flagged{fill:var(--paper);font-weight:700}
.span{display:grid;grid-template-columns:5.5rem minmax(0,1fr);gap:0 .8rem;align-items:center;margin:.35rem 0}
.track{position:relative;height:1.35rem;background:var(--line);border-radius:.2rem}
.track i{position:absolute;top:0;bottom:0;background:var(--band);opacity:.8;border-radius:.2rem}
.track u{position:absolute;top:-.35rem;bottom:-.35rem;width:2px;background:var(--ink)}
.ticks{position:relative;height:2.6rem;font-size:.78rem;color:var(--soft)}
.ticks span{position:absolute;white-space:nowrap;transform:translateX(-50%);line-height:1.2;
text-align:center}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.4}
caption{text-align:left;color:var(--soft);padding-bottom:.4rem}
th{font-weight:400;color:var(--soft);text-align:left;border-bottom:1px solid var(--line)}
th,td{padding:.35rem .8rem .35rem 0;vertical-align:top}
td{border-bottom:1px solid var(--line)}
td{font-variant-numeric:tabular-nums}
code{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--one);outline-offset:2px}
@media (max-width:40rem){body{padding:1.5rem 1rem}h1{font-size:1.7rem}
.claim{grid-template-columns:2.6rem minmax(0,1fr)}.claim>div:nth-child(3){grid-column:1/-1}
.bar{grid-template-columns:5rem minmax(0,1fr) 4rem;gap:.6rem}.span{grid-template-columns:3.8rem minmax(0,1fr)}
table.cards thead{display:none}
table.cards,table.cards caption,table.cards tbody,table.cards tr,table.cards td{display:block}
table.cards tr{border-bottom:1px solid var(--line);padding:.5rem 0}table.cards td{border:0;padding:.05rem 0}
table.cards td::before{content:attr(data-head) ": ";color:var(--soft)}}
@media (max-width:40rem){.ticks span:nth-child(even){display:none}table.narrow{font-size:.78rem}
table.narrow th,table.narrow td{padding-right:.45rem}}
@media print{svg{min-width:0}}
"""
