// The same in a worker thread: `node worker.mjs`.
import {isMainThread, parentPort, Worker} from 'node:worker_threads';
import {trainAndAsk} from './train.cjs';

if (isMainThread) {
	new Worker(new URL(import.meta.url)).once('message', line => console.log(line));
} else {
	parentPort.postMessage(await trainAndAsk());
}
