/**
 * Returns the positions of the items that no other one beats in both: a lower cost with as high a value, or a higher value at the
 * same cost. In the order of their costs; of equal items all.
 */
export const paretoFront = (items: ReadonlyArray<{readonly cost: number; readonly value: number}>): number[] => {
	const order = [...items.entries()].toSorted(([, a], [, b]) => a.cost - b.cost || b.value - a.value);
	const front: number[] = [];
	let [best, at] = [Number.NEGATIVE_INFINITY, Number.NaN];
	for (const [index, {cost, value}] of order) {
		if (value > best || (value === best && cost === at)) {
			front.push(index);
			[best, at] = [value, cost];
		}
	}

	return front;
};
