import {canonicalJson, sha256} from '../fs/hash.js';

/** Returns the SHA-256 of an experiment, by which the ledger names it, whatever the order of its settings. */
export const experimentHash = (experiment: object): string => sha256(canonicalJson(experiment));
