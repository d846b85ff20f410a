import {readFileSync} from 'node:fs';
import process from 'node:process';
import {nodeLines} from '../../ts/platform/node-lines.js';

/** The only place that says which Node is needed. */
const {engines} = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const {needed, fits} = nodeLines(engines.node);

/** The Node that is needed, such as `Node 20.19+, 22.20+ or 24.12+`. */
export const neededNode = needed;

/**
 * Whether `engines` allows a version of Node.
 *
 * @param {string} version such as `22.20.0`
 */
export const nodeFits = (version = process.versions.node) => fits(version);
