// What `stepladder setup torch --wheel ...` does, with the small libtorch that `pin.json` describes in place of one of gigabytes.
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
