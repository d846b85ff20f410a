import {readdirSync} from 'node:fs';
import {fileURLToPath} from 'node:url';
import leven from 'leven';
import {ConfigError} from '../errors/index.js';
import type {Step} from '../experiment/define-step.js';
import {show} from '../experiment/show.js';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** A step and where it stands. */
export type Place = {
	readonly step: Step;
	/** 0 for the first. */
	readonly position: number;
	/** Its files' name without an ending, such as `2-batch-norm`. */
	readonly base: string;
};

/** `7-more-dropout.js`: where it stands in the ladder, and the step's name */
const stepFile = /^(?<position>\d+)-(?<name>.+)\.js$/;

const load = async (): Promise<Place[]> => {
	const found = readdirSync(folder).flatMap(file => {
		const {position, name} = stepFile.exec(file)?.groups ?? {};
		return position && name ? [{file, name, position: Number(position)}] : [];
	});
	found.sort((a, b) => a.position - b.position);
	return Promise.all(
		found.map(async ({file, name, position}) => {
			const {default: step} = (await import(`./${file}`)) as {default: Step};
			if (step?.name !== name) {
				throw new ConfigError('name', `\`${name}\`, as its file ${file} says`, show(step?.name));
			}

			return {step, position, base: `${position}-${name}`};
		}),
	);
};

/** Where each step of the ladder stands, in the order of their numbers. */
export const places: readonly Place[] = await load();

/** The ladder: every step that has a file in this folder, in the order of their numbers. */
export const steps: readonly Step[] = places.map(({step}) => step);

/**
 * The step of a name.
 *
 * @throws {ConfigError} naming the nearest, where there is none
 */
export const findStep = (name: string): Step => findPlace(name).step;

/**
 * Where the step of a name stands.
 *
 * @throws {ConfigError} naming the nearest, where there is none
 */
export const findPlace = (name: string): Place => {
	const place = places.find(({step}) => step.name === name);
	if (place) {
		return place;
	}

	const names = steps.map(step => step.name);
	const nearest = names.toSorted((a, b) => leven(name, a) - leven(name, b))[0] ?? '';
	const hint = leven(name, nearest) <= Math.max(2, name.length / 2) ? ` Did you mean \`${nearest}\`?` : '';
	throw new ConfigError(
		'step',
		`one of ${names.join(', ')}`,
		show(name),
		`there is no step ${JSON.stringify(name)}.${hint} The steps are ${names.join(', ')}`,
	);
};
