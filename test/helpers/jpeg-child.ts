// Decodes damaged JPEGs by the addon and by sharp, and prints how many the addon decoded, and each file that sharp would have
// refused or sees in another size: `node jpeg-child.js`. It is to end by itself, with exit code 0.
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {decodeImage} from '../../ts/data/decode/decode-image.js';
import {plainPreparation} from '../../ts/data/decode/preparation.js';
import {preparePlainJpegs} from '../../ts/data/decode/prepare-file.js';
import {mutateBytes} from '../faults/fuzz/mutate.js';
import {Random} from '../faults/fuzz/random.js';
import {root} from './cli.js';

const folder = path.join(root, 'test', 'data', 'jpegs');
const mutationsAFile = Number(process.argv[2] ?? 150);

/** Bytes of a file that its truncations differ by. */
const step = 97;

let decoded = 0;
const differences: string[] = [];

const compare = async (name: string, file: Buffer): Promise<void> => {
	const [plain] = await preparePlainJpegs([file], {size: 8, channels: 3}, {...plainPreparation, fit: 'fill'});
	if (!plain) {
		return; // sharp decodes or refuses it
	}

	decoded += 1;
	const [, size] = /^stretched from (.+) to|^scaled from (.+) to/.exec(plain.done.at(-1) ?? '') ?? [];
	try {
		const {width, height, warnings} = await decodeImage(file);
		if (warnings.length > 0 || (size !== undefined && size !== `${width} x ${height}`)) {
			differences.push(`${name}: ${size}, sharp ${width} x ${height}, ${warnings.join()}`);
		}
	} catch (error) {
		differences.push(`${name}: sharp refuses it: ${String(error)}`);
	}
};

for (const name of readdirSync(folder).filter(name => name.endsWith('.jpg'))) {
	const whole = readFileSync(path.join(folder, name));
	for (let length = 0; length < whole.length; length += step) {
		await compare(`${name}, the first ${length} bytes`, whole.subarray(0, length));
	}

	for (let number = 0; number < mutationsAFile; number += 1) {
		await compare(`${name}, mutation ${number}`, mutateBytes(whole, new Random(`${name} ${number}`)));
	}
}

process.stdout.write(JSON.stringify({decoded, differences}));
