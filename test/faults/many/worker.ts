// A worker that trains until it is ended.
import {parentPort, workerData} from 'node:worker_threads';
import {type Engine, idx, train} from '../../../ts/index.js';
import {tinyStep} from '../tiny-step.js';

const {folder, engine} = workerData as {folder: string; engine: Engine};
const training = train(tinyStep, {data: idx(folder), engine, device: 'cpu', threads: 1, epochs: 10_000});
for await (const event of training) {
	if (event.type === 'epoch' || event.type === 'batch') {
		parentPort?.postMessage('begun');
	}
}
