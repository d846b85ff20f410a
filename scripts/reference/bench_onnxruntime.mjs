// Times predictions of ONNX Runtime in Node on one thread, for `npm run bench`.
//
// usage: node bench_onnxruntime.mjs NPM_FOLDER MODEL.onnx PIXELS SIDE CHANNELS
//
// PIXELS is a file of bytes, image after image. The first line is {"version": ...}, or {"missing": ...} or {"error": ...}.
// A line `CALLS IMAGES` on stdin is answered with {"milliseconds": of each call}, `logits IMAGES` with {"logits": [...]}.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';

const [, , npmFolder = '', model = '', pixelsFile = '', side = '', channels = ''] = process.argv;

/** @param {unknown} value */
const answer = value => process.stdout.write(`${JSON.stringify(value)}\n`);

const require = createRequire(path.join(npmFolder, 'package.json'));
/** @type {any} */
let ort;
try {
	ort = require('onnxruntime-node');
} catch (error) {
	const {code, message} = /** @type {Error & {code?: string}} */ (error);
	answer(code === 'MODULE_NOT_FOUND' ? {missing: 'onnxruntime-node'} : {error: message});
	process.exit(0);
}

const pixels = new Uint8Array(readFileSync(pixelsFile));
const shape = [Number(channels), Number(side), Number(side)];
const length = shape.reduce((product, extent) => product * extent, 1);
const session = await ort.InferenceSession.create(model, {intraOpNumThreads: 1, interOpNumThreads: 1});

/** @param {number} images */
const predict = async images => {
	const input = new ort.Tensor('uint8', pixels.slice(0, images * length), [images, ...shape]);
	const {logits} = await session.run({pixels: input});
	return logits.data;
};

answer({version: ort.env.versions?.node ?? ort.env.versions?.common});
for await (const line of createInterface(process.stdin)) {
	const [what = '', images = 0] = line.split(' ');
	try {
		if (what === 'logits') {
			answer({logits: [...(await predict(Number(images)))]});
			continue;
		}

		const milliseconds = [];
		for (let call = 0; call < Number(what); call += 1) {
			const begun = performance.now();
			await predict(Number(images));
			milliseconds.push(performance.now() - begun);
		}

		answer({milliseconds});
	} catch (error) {
		answer({error: /** @type {Error} */ (error).message});
	}
}
