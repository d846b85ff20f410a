/** The look of the page: one column, light or dark as the reader's system is, wide things scroll in their own box. */
export const style = `
:root { color-scheme: light dark; --ink: light-dark(#1b1b1f, #e6e6ea); --paper: light-dark(#fff, #131316);
	--quiet: light-dark(#5c5c66, #a3a3ad); --line: light-dark(#d9d9e0, #34343c); --hit: 0, 114, 178; --miss: 213, 94, 0; }
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
.wide { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: .25rem .38rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; white-space: normal; vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; }
td.prose { white-space: normal; overflow-wrap: anywhere; min-width: 9rem; max-width: 24rem; text-align: left; }
dl { display: grid; grid-template-columns: 5.5rem 1fr; gap: .3rem .8rem; margin: .6rem 0; }
dt { font-weight: 600; }
dd { margin: 0; min-width: 0; }
dd ul { margin: 0; padding-left: 1.1rem; }
figure { margin: .5rem 0; }
figcaption { color: var(--quiet); font-size: .85rem; max-width: 46rem; }
svg { max-width: 100%; height: auto; color: var(--ink); }
.confusion td, .confusion th { padding: .15rem .45rem; text-align: right; }
.confusion td.hit { background: rgba(var(--hit), .18); }
.confusion td.miss { background: rgba(var(--miss), var(--heat)); }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: .7rem .5rem; padding: 0;
	max-width: none; list-style: none; font-size: .78rem; line-height: 1.25; }
.image { display: block; width: 56px; height: 56px; background-size: 100%; image-rendering: pixelated;
	border-radius: 3px; }
summary { cursor: pointer; }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0; } dt { margin-top: .4rem; } }
`;
