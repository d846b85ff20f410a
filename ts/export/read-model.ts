import type {ImageForm} from '../data/data.js';
import {imageForms} from '../data/data.js';
import type {Preparation} from '../data/decode/preparation.js';
import type {Net} from '../experiment/experiment.js';
import {classNamesOf, modelFileIn, preparationOf} from '../model/model-file.js';
import {native} from '../native/load.js';
import {unwrap} from '../native/unwrap.js';
import {checkReadablePath} from '../validation/check-path.js';
import {type Graph, graphOf} from './graph.js';

/** A trained net as exports are written from it. */
export type TrainedNet = {
	/** The model file. */
	readonly file: string;
	/** The file's sha256 in hex. */
	readonly sha256: string;
	/** The net as a step says it. */
	readonly net: Net;
	readonly graph: Graph;
	/** Pixels from 0 to 1 are normalised by `(x - mean) / deviation`; both are rounded to float32 first, as is every result. */
	readonly normalisation: {readonly mean: number; readonly deviation: number};
	/** Names of the classes, in the order of the logits. */
	readonly classes: readonly string[];
	/** The form of the training images, where they have one. */
	readonly form: ImageForm | undefined;
	/** How the training images were brought to a square; `undefined` if unknown. */
	readonly preparation: Preparation | undefined;
};

/**
 * Reads all that a model file has. Its checksum is verified.
 *
 * @param place a run's folder, or a `model.safetensors`
 * @throws {ModelError} for a file that is missing, cut short, or something else
 */
export const readModel = async (place: string): Promise<TrainedNet> => {
	checkReadablePath('model', place);
	const file = modelFileIn(place);
	const contents = unwrap(await native().readModel(file));
	const [sha256 = ''] = unwrap(await native().hashFiles([file]));
	const net = JSON.parse(contents.net) as Net;
	const {mean, deviation} = contents;
	return {
		...{file, sha256, net, graph: graphOf(contents), normalisation: {mean, deviation}},
		classes: classNamesOf(contents.classNames, net.classes),
		form: imageForms.find(known => known === contents.imageForm),
		preparation: preparationOf(contents.imagePreparation, place),
	};
};
