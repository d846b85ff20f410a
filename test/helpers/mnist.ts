import {openLadder} from '../../ts/index.js';
import {mnistFolder} from './mnist-folder.js';

/** A copy of the MNIST ladder of the project. */
export const ladder = await openLadder(mnistFolder());
