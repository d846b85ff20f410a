import type {Summary} from '../../experiment/summarize.js';
import {digitUri} from './digits.js';
import {type Html, html} from './html.js';

/** A test image with an ordinary seven. */
const digit = 0;

/** Drawn pixels a pixel. */
const zoom = 9;

const size = 28;

/** What a unit in the middle of each layer's output sees of a digit: nested squares, each as wide as its field. */
export const receptiveField = ({rows}: Summary): Html => {
	const fields = [...new Set(rows.map(({fieldOut}) => fieldOut))];
	const side = size * zoom;
	const squares = fields.map((field, index) => {
		const width = Math.min(field, size) * zoom;
		const start = (side - width) / 2;
		const tone = `hsl(${Math.round((300 * index) / fields.length)} 90% 62%)`;
		return html`<rect x="${start}" y="${start}" width="${width}" height="${width}" fill="none" stroke="${tone}" stroke-width="2"><title>${field} x ${field} pixels</title></rect>`;
	});
	return html`<figure>
<svg viewBox="-1 -1 ${side + 2} ${side + 2}" width="${side}" role="img" aria-label="receptive fields on a digit">
<image href="${digitUri(digit)}" width="${side}" height="${side}" style="image-rendering: pixelated"/>${squares}</svg>
<figcaption>What a unit in the middle sees of a digit after each layer: ${fields.join(', ')} pixels in width${
		fields.some(field => field > size) ? ' (drawn as 28 where it is more than the image)' : ''
	}.</figcaption>
</figure>`;
};
