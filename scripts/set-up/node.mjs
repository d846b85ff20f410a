import {readFileSync} from 'node:fs';
import process from 'node:process';
import {nodeLines} from '../../ts/platform/node-lines.js';

/** The one place that says which Node is needed. */
const {engines} = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const {needed, fits} = nodeLines(engines.node);

/** Which Node is needed, for people: `Node 20.19+, 22.20+ or 24.12+`. */
export const neededNode = needed;

/**
 * Whether a version of Node is one that `engines` allows.
 *
 * @param {string} version such as `22.20.0`
 */
export const nodeFits = (version = process.versions.node) => fits(version);
