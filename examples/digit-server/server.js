// Serves the page, and trains the net where there is none yet: `npm start`.
import path from 'node:path';
import process from 'node:process';
import {createApp} from './app.js';
import {Digits} from './digits.js';

const {PORT = '3000', HOST = '127.0.0.1', RUNS = path.join(import.meta.dirname, 'runs'), EPOCHS} = process.env;

const digits = new Digits();
const app = createApp(digits);
const ending = new AbortController();

/** Ends the training and lets every client go; with nothing left to do, the process ends. */
const end = async exitCode => {
	process.exitCode = exitCode;
	ending.abort();
	await app.close();
};

// A second signal ends the process at once.
process.once('SIGINT', () => end(130));
process.once('SIGTERM', () => end(0));

try {
	await app.listen({port: Number(PORT), host: HOST});
	console.log(`Draw a digit at http://${HOST}:${app.server.address().port}`);
	await digits.start({
		...{runs: RUNS, signal: ending.signal, log: console.log},
		...(EPOCHS !== undefined && {epochs: Number(EPOCHS)}),
	});
} catch (error) {
	if (!ending.signal.aborted) {
		const isTaken = error.code === 'EADDRINUSE';
		console.error(isTaken ? `Port ${PORT} is taken: choose another, such as PORT=3001 npm start.` : error.message);
		await end(1);
	}
}
