import {plainPreparation} from '../data/decode/preparation.js';
import {packageVersion} from '../platform/package-root.js';
import type {TrainedNet} from './read-model.js';

/** How one brings an image to the form of those that the model learned; in every export, as JSON. */
export type About = {
	/** The program that wrote the export. */
	readonly producer: string;
	/** The sha256 of the model file. */
	readonly model: string;
	/** Names of the classes, in the order of the logits. */
	readonly classes: readonly string[];
	/** Height and width of the images, in pixels. */
	readonly size: number;
	/** 1 for grey, 3 for red, green and blue. */
	readonly channels: number;
	/** How an image that is not square becomes one: `whole` with bars, `cover` for its middle square, `fill` for stretched. */
	readonly fit: string;
	/** Red, green and blue beneath transparent pixels and in bars. */
	readonly background: readonly number[];
	/** How colours become grey; left out for models of colour images. */
	readonly grey?: string;
	/** `mnist-digits`: one digit, light on black, in a box of 20 x 20, its centre of mass in the middle of 28 x 28. */
	readonly form?: string;
	/** What is inside of the export: pixels from 0 to 255 become `(pixel / 255 - mean) / deviation`. */
	readonly normalisation: {readonly mean: number; readonly deviation: number};
};

/** Grey by ITU-R BT.601 in Pillow's fixed point. */
const grey = '(19595 * red + 38470 * green + 7471 * blue + 32768) >> 16';

/** Returns the metadata of a model's exports. */
export const aboutOf = ({sha256, classes, graph, form, preparation, normalisation}: TrainedNet): About => {
	const [channels, size] = graph.images;
	const {fit, background} = preparation ?? plainPreparation;
	return {
		...{producer: `stepladder ${packageVersion()}`, model: sha256, classes, size, channels, fit, background},
		...(channels === 1 && {grey}),
		...(form !== undefined && {form}),
		normalisation,
	};
};
