/**
 * The style of the page: one column, light or dark like the reader's system. Wide tables scroll in their own box with a
 * sticky first column; a shade at an edge shows that there is more. In print, everything fits the page's width.
 */
export const style = `
:root { color-scheme: light dark; --ink: light-dark(#1b1b1f, #e6e6ea); --paper: light-dark(#fff, #131316);
	--quiet: light-dark(#5c5c66, #a3a3ad); --line: light-dark(#d9d9e0, #34343c); --shade: light-dark(#0000004d, #ffffff59);
	--hit: 0, 114, 178; --miss: 213, 94, 0; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 66rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
	background: var(--paper); overflow-wrap: anywhere; }
h1 { font-size: 1.8rem; margin: .5rem 0; }
h2 { margin: 3rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { margin: 1.8rem 0 .4rem; font-size: 1.05rem; }
p, ul { margin: .4rem 0; max-width: 46rem; }
code { font: .92em ui-monospace, monospace; }
nav a { margin-right: .8rem; white-space: nowrap; }
a { color: inherit; }
.quiet { color: var(--quiet); }
.headline { font-size: 1.15rem; max-width: 52rem; }
.to-top { font-size: .85rem; }
.wide { overflow-x: auto; margin: .5rem 0; background:
	linear-gradient(to right, var(--paper) 40%, transparent) left / 3rem 100% no-repeat local,
	linear-gradient(to left, var(--paper) 40%, transparent) right / 3rem 100% no-repeat local,
	linear-gradient(to left, var(--shade), transparent) right top / 1rem calc(100% - 2px) no-repeat scroll; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: .25rem .38rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { position: sticky; left: 0; text-align: left; background: var(--paper); }
.nested { display: block; margin: -.25rem 0; padding: .25rem 0 .25rem calc(var(--depth) * 1rem);
	background: repeating-linear-gradient(to right, transparent 0 .3rem, var(--line) .3rem calc(.3rem + 1px), transparent calc(.3rem + 1px) 1rem)
	0 0 / calc(var(--depth) * 1rem) 100% no-repeat; }
.layers th, .layers td { text-align: left; white-space: normal; }
.layers .changed td { background: color-mix(in srgb, rgb(var(--miss)) 14%, var(--paper)); }
.changes { padding-left: 1.1rem; }
dl { display: grid; grid-template-columns: 5.5rem 1fr; gap: .3rem .8rem; margin: .6rem 0; }
dt { font-weight: 600; }
dd { margin: 0; min-width: 0; }
dl.ladders { grid-template-columns: minmax(5.5rem, 12rem) 1fr; }
dd ul { margin: 0; padding-left: 1.1rem; }
figure { margin: .5rem 0; }
figcaption { color: var(--quiet); font-size: .85rem; max-width: 46rem; }
svg { display: block; max-width: 100%; height: auto; color: var(--ink); }
.panels svg, .by-step svg { width: 100%; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); gap: .8rem 1rem; }
.panels .title { margin: 0; font-size: .88rem; font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .3rem 0; padding: 0; max-width: none; list-style: none;
	font-size: .85rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.sign { flex: none; border: 0 solid currentColor; }
.dot { width: .55rem; height: .55rem; border-radius: 50%; background: currentColor; }
.box { width: .55rem; height: .55rem; background: currentColor; }
.triangle, .triangle-down, .plus { width: .75rem; height: .75rem; background: currentColor; }
.triangle { clip-path: polygon(50% 0, 100% 100%, 0 100%); }
.triangle-down { clip-path: polygon(0 0, 100% 0, 50% 100%); }
.plus { clip-path: polygon(35% 0, 65% 0, 65% 35%, 100% 35%, 100% 65%, 65% 65%, 65% 100%, 35% 100%, 35% 65%, 0 65%, 0 35%, 35% 35%); }
.ring { width: .6rem; height: .6rem; border-width: 2px; border-radius: 50%; }
.square { width: .8rem; height: .8rem; border-width: 2px; }
.diamond { width: .5rem; height: .5rem; border-width: 2px; transform: rotate(45deg); }
.tick { width: 0; height: 1rem; border-left-width: 3px; }
.stroke { width: 1.9rem; height: 2px; background: currentColor; }
.dashes { width: 1.2rem; border-top: 1.5px dashed; }
.band { width: 1.4rem; height: .7rem; background: currentColor; opacity: .3; }
.mean { position: relative; width: 1.4rem; border-top-width: 2px; }
.mean::after { content: ''; position: absolute; left: 50%; top: -.4rem; height: .7rem; border-left: 2px solid; }
.field { display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; align-items: center; }
.field svg { flex: none; }
.field figcaption { flex: 1 1 16rem; }
.field .legend { flex-direction: column; }
.confusion td, .confusion th { padding: .15rem .45rem; text-align: right; }
.confusion td.hit { background: rgba(var(--hit), .18); }
.confusion td.miss { background: rgba(var(--miss), var(--heat)); }
.mistakes .file { overflow-wrap: anywhere; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: .7rem .5rem; padding: 0;
	max-width: none; list-style: none; font-size: .78rem; line-height: 1.25; }
.sheet { width: min(100%, 34rem); image-rendering: pixelated; }
.image { display: block; width: 56px; height: 56px; background: left center / contain no-repeat; image-rendering: pixelated;
	border-radius: 3px; }
img.photo { max-width: 96px; width: 100%; image-rendering: pixelated; border-radius: 3px; }
summary { cursor: pointer; }
@media screen and (max-width: 29.99rem) { .for-medium { display: none; } }
@media screen and (min-width: 30rem) { .for-narrow { display: none; } }
@media screen and (min-width: 50rem) { .for-medium { display: none; } }
@media (max-width: 30rem) { dl, dl.ladders { grid-template-columns: 1fr; gap: 0; } dt { margin-top: .4rem; } }
@media screen and (max-width: 49.99rem) {
	.for-wide { display: none; }
	table:not(.layers) { width: max-content; }
	.wide th:first-child, .wide td:first-child { white-space: normal; max-width: 9.5rem; }
}
@media print {
	@page { margin: 14mm; }
	:root { color-scheme: light; font-size: 12px; }
	* { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
	body { max-width: none; padding: 0; font-size: 9.5pt; }
	.for-narrow, .for-medium, .to-top, nav, summary { display: none; }
	details::details-content { content-visibility: visible; height: auto; }
	.mistakes { grid-template-columns: repeat(auto-fill, minmax(5.2rem, 1fr)); gap: .4rem; font-size: 6.5pt; }
	.mistakes li { break-inside: avoid; }
	.image { width: 34px; height: 34px; margin-bottom: 2px; }
	h2, h3, dt, .title, .legend { break-after: avoid; }
	figure, table, tr, li, p { break-inside: avoid; }
	figcaption, .quiet { break-before: avoid; }
	.step { break-before: page; }
	.step > h2 { margin-top: 0; padding-top: 0; border: 0; }
	.wide { overflow: visible; background: none; }
	table { font-size: 7.5pt; max-width: 100%; }
	th, td { padding: .12rem .22rem; white-space: normal; overflow-wrap: break-word; }
	td:not(:first-child) { white-space: nowrap; }
	th:first-child, td:first-child { position: static; }
	.layers td { white-space: normal; }
	.panels { grid-template-columns: repeat(3, 1fr); gap: .5rem 1rem; }
	.field svg { width: 11rem; }
}
`;
