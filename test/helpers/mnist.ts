import path from 'node:path';
import {openLadder} from '../../ts/index.js';
import {root} from './cli.js';

/** The ladder that comes with the project. */
export const ladder = await openLadder(path.join(root, 'ladders', 'mnist'));
