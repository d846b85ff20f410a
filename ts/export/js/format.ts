import path from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import {eachImage} from '../each-image.js';
import type {Format} from '../format.js';
import {sizeOf} from '../graph.js';
import {originText, preparationText} from '../readme.js';
import {writeModule} from './write.js';

/** JavaScript: an ES module without dependencies, and the same as a script. */
export const js: Format = {
	keepsDropouts: false,
	write: (model, {name}) => writeModule(model, name),
	readme: (model, {name}) => `# ${name}.js

An ES module without dependencies, for browsers and Node.js. It computes in float32, one image at a time.

\`predict(image)\` returns \`{label, name, probabilities, logits}\` of
- a canvas, an image or a video frame of a page, or image data, of any size: brought to what the model learned;
- a typed array of ${sizeOf(model.graph.images)} bytes, taken as it is.

${preparationText(model, 'channel by channel and row by row')}

## In a page

\`\`\`html
<script type="module">
	import {predict} from './${name}.js';
	const {name, probabilities} = predict(document.querySelector('canvas'));
</script>
\`\`\`

Browsers load no modules into a page that was opened from a file. \`${name}.script.js\` is the same as a script, without a server:

\`\`\`html
<script src="${name}.script.js"></script>
<script>
	const {name, probabilities} = ${name}.predict(document.querySelector('canvas'));
</script>
\`\`\`

## In Node.js

\`\`\`js
import {classes, logits, predict} from './${name}.js';

console.log(predict(new Uint8Array(${sizeOf(model.graph.images)})).name);
\`\`\`

## Precision

Every sum has the terms of the trainer’s, in its order. JavaScript has no fused multiply-add: a sum is rounded to double precision
before it is rounded to float32, which seldom makes a difference. \`Math.exp\` makes one in nets with SiLU, GELU or
squeeze-and-excitation. An image of another size is resized by areas, where Stepladder resizes by Lanczos as Pillow does.

${originText(model)}`,
	async runtimes(folder, model, {name}) {
		const {logits} = await import(pathToFileURL(path.join(folder, `${name}.js`)).href);
		return [
			{
				name: `Node.js ${process.versions.node}`,
				logits: async pixels => eachImage(pixels, sizeOf(model.graph.images), logits),
			},
		];
	},
};
