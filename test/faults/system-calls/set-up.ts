// Runs the code of `stepladder setup torch --wheel ...` with the small libtorch of `pin.json`.
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {conclude} from '../../../ts/cli/conclude.js';
import {Interruption} from '../../../ts/cli/interruption.js';
import {ensureLibtorch} from '../../../ts/libtorch/ensure-libtorch.js';

const interruption = new Interruption();
const {signal} = interruption;
let failure: {readonly thrown: unknown} | undefined;
try {
	const pin = JSON.parse(readFileSync('pin.json', 'utf8'));
	await ensureLibtorch({pin, wheels: process.argv.slice(2), signal});
} catch (error) {
	failure = {thrown: error};
}

conclude(interruption, failure);
