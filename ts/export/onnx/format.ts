import {createRequire} from 'node:module';
import path from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import {eachImage} from '../each-image.js';
import type {Format, MissingRuntime, Runtime} from '../format.js';
import {sizeOf} from '../graph.js';
import type {TrainedNet} from '../read-model.js';
import {originText, preparationText} from '../readme.js';
import {readOnnx} from './evaluate.js';
import {names, writeOnnx} from './write.js';

/** ONNX: one file, of version 8 to 13 of the format. */
export const onnx: Format = {
	keepsDropouts: false,
	write: (model, {name, ...options}) => [{name: `${name}.onnx`, content: writeOnnx(model, options)}],
	readme: (model, {name, softmax}) => `# ${name}.onnx

In: \`${names.images}\`, uint8 \`[batch, ${model.graph.images.join(', ')}]\`. Out: \`${names.logits}\`, float32 \`[batch, ${model.classes.length}]\`${softmax ? `, and \`${names.probabilities}\`, their softmax` : '; their softmax are the probabilities'}.

${preparationText(model, 'channel by channel and row by row')}
The file's metadata have all of this.

## Python

\`\`\`python
import json
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("${name}.onnx")
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
images = np.zeros((1, ${model.graph.images.join(', ')}), np.uint8)  # yours
logits = session.run(["${names.logits}"], {"${names.images}": images})[0]
print([classes[label] for label in logits.argmax(1)])
\`\`\`

## JavaScript

\`\`\`js
import * as ort from "onnxruntime-node"; // or onnxruntime-web

const session = await ort.InferenceSession.create("${name}.onnx");
const images = new Uint8Array(${model.graph.images.join(' * ')}); // yours
const tensor = new ort.Tensor("uint8", images, [1, ${model.graph.images.join(', ')}]);
const {${names.logits}} = await session.run({${names.images}: tensor});
console.log(${names.logits}.data);
\`\`\`

${originText(model)}`,
	async runtimes(folder, model, {name}) {
		const file = path.join(folder, `${name}.onnx`);
		const found = await Promise.all(packages.map(async name => openPackage(name, file, model)));
		return found.some(runtime => 'logits' in runtime) ? found : [...found, ownEvaluator(file, model)];
	},
};

/** ONNX Runtime's packages; one that is installed in the working folder's project computes the answers. */
const packages = ['onnxruntime-node', 'onnxruntime-web'];

/** The part of ONNX Runtime's API that is used. */
type Ort = {
	readonly env: {readonly versions: {readonly common: string}};
	readonly InferenceSession: {
		readonly create: (file: string) => Promise<{
			readonly run: (feeds: Record<string, unknown>) => Promise<Record<string, {readonly data: Float32Array}>>;
			readonly release: () => Promise<void>;
		}>;
	};
	readonly Tensor: new (type: 'uint8', data: Uint8Array, dims: readonly number[]) => unknown;
};

const openPackage = async (name: string, file: string, {graph}: TrainedNet): Promise<Runtime | MissingRuntime> => {
	let ort: Ort;
	try {
		const entry = createRequire(path.join(process.cwd(), 'package.json')).resolve(name);
		const loaded = await import(pathToFileURL(entry).href);
		ort = loaded.default ?? loaded;
	} catch {
		return {name, missing: `it is not installed in this folder’s project: \`npm install ${name}\``};
	}

	const session = await ort.InferenceSession.create(file);
	return {
		name: `${name} ${ort.env.versions.common}`,
		async logits(pixels) {
			const shape = [pixels.length / sizeOf(graph.images), ...graph.images];
			const outputs = await session.run({[names.images]: new ort.Tensor('uint8', pixels, shape)});
			return Float32Array.from(outputs[names.logits]?.data ?? []);
		},
		close: async () => session.release(),
	};
};

const ownEvaluator = (file: string, {graph}: TrainedNet): Runtime => {
	const onnx = readOnnx(file);
	return {
		name: 'Stepladder’s evaluator of ONNX files',
		logits: async pixels => eachImage(pixels, sizeOf(graph.images), image => onnx.logits(image)),
	};
};
