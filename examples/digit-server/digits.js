import {EventEmitter, once} from 'node:events';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {loadModel, openLadder, resume, train} from 'stepladder';

const step = 'drawn-digits';

/** Milliseconds between two batch events that the page gets. */
const millisecondsBetweenBatches = 100;

/**
 * A model that tells digits apart. It is found among the runs of earlier starts, or trained.
 *
 * @typedef {{stage: 'starting'}
 * 	| {stage: 'training', epoch: number, epochs: number, done: number, accuracy?: number}
 * 	| {stage: 'ready', parameters: number, accuracy: number}
 * 	| {stage: 'ended'}} State `done` is the share of all training, `accuracy` that of the test images
 */
export class Digits extends EventEmitter {
	/** @type {State} */
	#state = {stage: 'starting'};
	#model;

	constructor() {
		super();
		this.setMaxListeners(0); // one for each page that watches the training
	}

	/** Bytes of an image. */
	static imageBytes = 28 * 28;

	/**
	 * Makes it ready. A run that an earlier start did not finish goes on from its last epoch.
	 *
	 * @param {object} options
	 * @param {string} options.runs the folder that runs are kept in
	 * @param {number} [options.epochs] in place of the step's own
	 * @param {AbortSignal} options.signal ends the training
	 * @param {(line: string) => void} options.log
	 */
	async start({runs, epochs, signal, log}) {
		try {
			const {finished, unfinished} = await findRuns(path.join(runs, step));
			const folder = finished ?? (await this.#train({runs, unfinished, epochs, signal, log}));
			const {parameters, lastEpochs} = JSON.parse(await readFile(path.join(folder, 'result.json'), 'utf8'));
			const accuracy = lastEpochs.at(-1);
			this.#model = await loadModel(path.join(folder, 'model.safetensors'));
			log(
				`The net is ready: ${parameters.toLocaleString('en')} parameters, ${percent(accuracy)} of the test images right.`,
			);
			this.#become({stage: 'ready', parameters, accuracy});
		} catch (error) {
			this.#become({stage: 'ended'});
			throw error;
		}
	}

	get isReady() {
		return this.#state.stage === 'ready';
	}

	/**
	 * How far it is, now and after each change, until it is ready or has ended. Who reads slowly misses some.
	 *
	 * @returns {AsyncGenerator<State>}
	 */
	async *states() {
		for (let told; ; ) {
			while (told === this.#state) {
				await once(this, 'change');
			}

			told = this.#state;
			yield told;
			if (told.stage === 'ready' || told.stage === 'ended') {
				return;
			}
		}
	}

	/**
	 * @param {Uint8Array} image 28 x 28 pixels
	 * @returns {Promise<import('stepladder').Prediction>}
	 */
	async predict(image) {
		const [prediction] = await this.#model.predict(image);
		return prediction;
	}

	/** @returns the folder of the finished run */
	async #train({runs, unfinished, epochs, signal, log}) {
		log(`Training ${unfinished ? `goes on in ${unfinished}` : 'begins'}.`);
		const ladder = await openLadder(import.meta.dirname);
		const training = unfinished
			? resume(unfinished, {signal})
			: train(ladder.step(step), {data: ladder.data, epochs, out: runs, signal});
		let folder = '';
		let accuracy;
		let toldAt = 0;
		for await (const event of training) {
			if (event.type === 'batch' && performance.now() - toldAt >= millisecondsBetweenBatches) {
				const {epoch, epochs, batch, batches} = event;
				this.#become({stage: 'training', epoch, epochs, done: (epoch - 1 + batch / batches) / epochs, accuracy});
				toldAt = performance.now();
			} else if (event.type === 'epoch') {
				const {epoch, epochs, testCorrect, testTotal} = event;
				accuracy = testCorrect / testTotal;
				log(`Epoch ${epoch} of ${epochs}: ${percent(accuracy)} of the test images right.`);
				this.#become({stage: 'training', epoch, epochs, done: epoch / epochs, accuracy});
			} else if (event.type === 'seed') {
				folder = event.folder;
			}
		}

		return folder;
	}

	#become(state) {
		this.#state = state;
		this.emit('change');
	}
}

/** The newest run that has finished and the newest that has not; a run writes its result last. */
const findRuns = async folder => {
	const found = {};
	for (const name of (await namesIn(folder)).sort()) {
		const run = path.join(folder, name);
		found[(await namesIn(run)).includes('result.json') ? 'finished' : 'unfinished'] = run;
	}

	return found;
};

/** @returns {Promise<string[]>} none for a folder that is not there */
const namesIn = async folder => {
	try {
		return await readdir(folder);
	} catch (error) {
		if (error.code === 'ENOENT') {
			return [];
		}

		throw error;
	}
};

const percent = share => `${(100 * share).toFixed(2)} %`;
