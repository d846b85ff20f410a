import path from 'node:path';
import {openLadder} from '../../ts/index.js';
import {root} from './cli.js';

/** The MNIST ladder of the project. */
export const ladder = await openLadder(path.join(root, 'ladders', 'mnist'));
