import process from 'node:process';
import {clock} from '../format/figures.js';
import {MovingBlock} from './moving-block.js';

/**
 * Says on a terminal what is being done, for as long as it takes.
 *
 * @param work is told how to say a line in the meantime, on stderr
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
