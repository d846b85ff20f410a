/** What a model makes of one image. */
export type Prediction = {
	/** The likeliest class, from 0. */
	readonly label: number;
	/** What it is called. */
	readonly name: string;
	/** Of every class; they sum to 1. */
	readonly probabilities: readonly number[];
};

/** What a model makes of an image file. */
export type ImagePrediction = Prediction & {
	/** Whether the image seems to be blank: the prediction means nothing then. */
	readonly blank: boolean;
	/** What was done to the image so that the model can take it, in words. */
	readonly done: readonly string[];
};
