import type {DataDescription} from '../../data/data.js';
import type {Summary} from '../../experiment/summarize.js';
import {fieldsOf} from '../report-data.js';
import {legend} from './figure.js';
import {type Html, html} from './html.js';

/** Width of the drawn image, in CSS pixels. */
const side = 252;

/** Draws the receptive field of the centre unit of each layer as nested squares on a test image. */
export const receptiveField = (summary: Summary, {size}: DataDescription, image: string): Html => {
	const zoom = side / size;
	const fields = fieldsOf(summary);
	const tone = (index: number): string => `hsl(${Math.round((300 * index) / fields.length)} 90% 55%)`;
	const squares = fields.map((field, index) => {
		const width = Math.min(field, size) * zoom;
		const start = (side - width) / 2;
		return html`<rect x="${start}" y="${start}" width="${width}" height="${width}" fill="none" stroke="${tone(index)}" stroke-width="2"/>`;
	});
	const keys = fields.map((field, index) => {
		const layers = summary.rows.filter(({fieldOut}) => fieldOut === field).map(({operation}) => operation);
		const clipped = field > size ? `, drawn as ${size}` : '';
		return {
			sign: 'square',
			colour: tone(index),
			words: `${field} x ${field} pixels${clipped}, after ${layers.join(', ')}`,
		};
	});
	return html`<figure class="field">
<svg viewBox="-1 -1 ${side + 2} ${side + 2}" width="${side}" role="img" aria-label="Receptive fields on a test image: ${fields.join(', ')} pixels in width">
<image href="${image}" width="${side}" height="${side}" style="image-rendering: pixelated"/>${squares}</svg>
<figcaption>Receptive field of the unit at the centre:${legend(keys)}</figcaption>
</figure>`;
};
