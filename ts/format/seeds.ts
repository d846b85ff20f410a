/** Lists seeds: `seeds 1 to 5`, `seeds 1, 4`, `seed 3`. */
export const listSeeds = (seeds: readonly number[]): string =>
	seeds.length > 2 && seeds.every((seed, index) => seed === (seeds[0] ?? 0) + index)
		? `seeds ${seeds[0]} to ${seeds.at(-1)}`
		: `seed${seeds.length === 1 ? '' : 's'} ${seeds.join(', ')}`;
