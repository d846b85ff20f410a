// Brings packages, libtorch, the addon and the compiled TypeScript up to date, and nothing else.
import {runMain, setUp} from './set-up/index.mjs';

await runMain(setUp);
