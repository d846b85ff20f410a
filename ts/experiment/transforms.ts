import type {Augmentation, Transform} from './experiment.js';

/** A transform that was added, removed or changed between two lists. */
export type TransformChange = {
	readonly kind: Transform['kind'];
	readonly before: Transform | undefined;
	readonly after: Transform | undefined;
};

/** The differences between two lists of transforms. */
export type TransformChanges = {
	readonly changes: readonly TransformChange[];
	/** Whether the transforms that both have come in another order. */
	readonly isReordered: boolean;
};

/** Returns the transforms of an augmentation in their order; `undefined` if it is not a list. */
export const transformsOf = (augmentation: Augmentation | undefined): readonly Transform[] | undefined =>
	augmentation === undefined ? [] : Array.isArray(augmentation) ? augmentation : undefined;

/** Compares two lists. Of those that only one list has, transforms of a kind are paired in their order. */
export const transformChanges = (before: readonly Transform[], after: readonly Transform[]): TransformChanges => {
	const [onlyBefore, common] = partition(before, after);
	const [onlyAfter, commonAfter] = partition(after, before);
	const changes: TransformChange[] = [];
	for (const old of onlyBefore) {
		const place = onlyAfter.findIndex(({kind}) => kind === old.kind);
		const [replaced] = place === -1 ? [] : onlyAfter.splice(place, 1);
		changes.push({kind: old.kind, before: old, after: replaced});
	}

	changes.push(...onlyAfter.map(added => ({kind: added.kind, before: undefined, after: added})));
	return {changes, isReordered: common.join('\n') !== commonAfter.join('\n')};
};

/** Returns the transforms that the other list lacks, and the text of those that it has. */
const partition = (list: readonly Transform[], other: readonly Transform[]): [Transform[], string[]] => {
	const left = other.map(textOf);
	const [only, common]: [Transform[], string[]] = [[], []];
	for (const transform of list) {
		const text = textOf(transform);
		const place = left.indexOf(text);
		if (place === -1) {
			only.push(transform);
		} else {
			left.splice(place, 1);
			common.push(text);
		}
	}

	return [only, common];
};

const textOf = (transform: Transform): string =>
	JSON.stringify(
		Object.entries(transform)
			.filter(([, value]) => value !== undefined)
			.toSorted(),
	);
