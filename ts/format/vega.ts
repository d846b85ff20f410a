/** The parts of Vega that charts use. In the published package this file bundles Vega: see `scripts/package/pack.mjs`. */
export {parse, View} from 'vega';
export {type Config, compile, type TopLevelSpec} from 'vega-lite';
