/** A fraction as a percentage with two decimals, without its sign: `0.994` is `99.40`. Rounds down, so that nothing looks reached that is not. */
export const percent = (fraction: number): string => (Math.floor(fraction * 10_000 + 1e-9) / 100).toFixed(2);
