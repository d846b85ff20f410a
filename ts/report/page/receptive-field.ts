import type {DataDescription} from '../../data/data.js';
import type {Summary} from '../../terms/summarize.js';
import {type Html, html} from './html.js';

/** How wide the image is drawn, in pixels of the page. */
const side = 252;

/** What a unit in the middle of each layer's output sees of an image: nested squares, each as wide as its field. */
export const receptiveField = ({rows}: Summary, {size}: DataDescription, image: string): Html => {
	const zoom = side / size;
	const fields = [...new Set(rows.map(({fieldOut}) => fieldOut))];
	const squares = fields.map((field, index) => {
		const width = Math.min(field, size) * zoom;
		const start = (side - width) / 2;
		const tone = `hsl(${Math.round((300 * index) / fields.length)} 90% 62%)`;
		return html`<rect x="${start}" y="${start}" width="${width}" height="${width}" fill="none" stroke="${tone}" stroke-width="2"><title>${field} x ${field} pixels</title></rect>`;
	});
	return html`<figure>
<svg viewBox="-1 -1 ${side + 2} ${side + 2}" width="${side}" role="img" aria-label="receptive fields on a test image">
<image href="${image}" width="${side}" height="${side}" style="image-rendering: pixelated"/>${squares}</svg>
<figcaption>What a unit in the middle sees of an image after each layer: ${fields.join(', ')} pixels in width${
		fields.some(field => field > size) ? ` (drawn as ${size} where it is more than the image)` : ''
	}.</figcaption>
</figure>`;
};
