/** Returns all items of an iterable. */
export const collect = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
	const all: Item[] = [];
	for await (const item of items) {
		all.push(item);
	}

	return all;
};
