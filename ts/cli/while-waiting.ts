import process from 'node:process';
import {clock} from '../format/figures.js';
import {MovingBlock} from './moving-block.js';

/**
 * Shows on a terminal what is being done while work runs.
 *
 * @param work gets a function that prints a line to stderr meanwhile
 */
export const whileWaiting = async <Value>(
	doing: string,
	work: (tell: (line: string) => void) => Promise<Value>,
): Promise<Value> => {
	const begun = performance.now();
	const block = new MovingBlock(() => [[`${doing} ... ${clock((performance.now() - begun) / 1000)}`, `${doing} ...`]]);
	block.update();
	try {
		return await work(line => block.print(`${line}\n`, process.stderr));
	} finally {
		block.end();
	}
};
