/**
 * Draws the output of a command as a picture of a terminal, for the README, in the sixteen named colours of terminals.
 *
 *   FORCE_COLOR=1 npx stepladder train --step baseline 2>&1 | node scripts/picture.mjs '$ npx stepladder train --step baseline' > docs/run.svg
 */
import process from 'node:process';
import {text} from 'node:stream/consumers';
import {stripVTControlCharacters} from 'node:util';

/** The width of a letter, the height of a line and the margin, in pixels. */
const [wide, high, margin] = [7.8, 18, 16];

/** The codes of SGR, the escapes for colours, that the commands use. */
const classes = {0: '', 1: 'bold', 2: 'dim', 31: 'red', 32: 'green', 33: 'yellow', 36: 'cyan'};

const escaped = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const spans = line => {
	let style = '';
	return line
		.split('\u001B[')
		.map((part, index) => {
			const [, code, words] =
				index === 0 ? [undefined, '0', part] : (/^(\d+)m(.*)$/s.exec(part) ?? [undefined, '0', part]);
			style = classes[code] ?? '';
			return style === '' || words === '' ? escaped(words) : `<tspan class="${style}">${escaped(words)}</tspan>`;
		})
		.join('');
};

const printed = (await text(process.stdin)).trimEnd().split('\n');
const lines = [...process.argv.slice(2), ...printed];
const columns = Math.max(...lines.map(line => [...stripVTControlCharacters(line)].length));
const [width, height] = [Math.ceil(columns * wide) + 2 * margin, lines.length * high + 2 * margin];

process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<style>
rect { fill: #f6f8fa }
text { fill: #1f2328; font: 13px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }
.bold { font-weight: bold } .dim { fill: #59636e } .red { fill: #b3261e } .green { fill: #1a7f37 } .yellow { fill: #7d4e00 } .cyan { fill: #0b6a83 }
@media (prefers-color-scheme: dark) {
	rect { fill: #151b23 }
	text { fill: #e6edf3 }
	.dim { fill: #9198a1 } .red { fill: #ff8a80 } .green { fill: #56d364 } .yellow { fill: #e3b341 } .cyan { fill: #76d9e6 }
}
</style>
<rect width="${width}" height="${height}" rx="8"/>
${lines
	.map((line, index) => {
		const letters = [...stripVTControlCharacters(line)].length;
		return letters === 0
			? ''
			: `<text x="${margin}" y="${margin + (index + 0.75) * high}" textLength="${(letters * wide).toFixed(1)}" xml:space="preserve">${spans(line)}</text>`;
	})
	.filter(text => text !== '')
	.join('\n')}
</svg>
`);
