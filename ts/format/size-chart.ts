/** Parts of a chart of figures against the number of parameters, which is the field `x`. */

/** The axis of parameters. */
export const sizeAxis = {
	field: 'x',
	type: 'quantitative',
	title: 'parameters',
	scale: {type: 'log', nice: false},
	axis: {tickCount: 4},
} as const;

/** Returns the layer of the front: a line that keeps the value of each point up to the next. */
export const frontLine = (
	values: ReadonlyArray<{readonly x: number; readonly y: number}>,
	encoding: object,
	color: string,
) => ({
	data: {values},
	mark: {type: 'line', interpolate: 'step-after', color},
	encoding,
});
