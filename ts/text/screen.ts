/** Colours a text. */
export type Ink = (text: string) => string;

/** What a text is laid out for. Its colours say nothing that its words don't. */
export type Screen = {
	/** Characters of a line; nothing where a line may have any length, as in a file. */
	readonly width: number | undefined;
	/** For what was held. */
	readonly held: Ink;
	/** For what was missed. */
	readonly missed: Ink;
	/** For what may be passed over. */
	readonly secondary: Ink;
};

const asItIs: Ink = text => text;

/** A file or a pipe: lines of any length, without colours. */
export const plain: Screen = {width: undefined, held: asItIs, missed: asItIs, secondary: asItIs};
