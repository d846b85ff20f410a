import {fuzzParts} from './fuzz/fuzz.js';
import {limitParts} from './limits/limits.js';
import {manyParts} from './many/many.js';
import type {Part} from './part.js';
import {systemCallParts} from './system-calls/system-calls.js';
import {twiceParts} from './system-calls/twice.js';

/** All of the campaign, in the order of docs/RELIABILITY.md. */
export const parts: readonly Part[] = [...systemCallParts, ...twiceParts, ...fuzzParts, ...manyParts, ...limitParts];
