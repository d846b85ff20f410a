/** All that charts take from Vega. In the published package this file brings Vega along: see `scripts/package/pack.mjs`. */
export {parse, View} from 'vega';
export {type Config, compile, type TopLevelSpec} from 'vega-lite';
