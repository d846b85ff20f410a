import type {Place, DataDescription as Survey} from '../native/binding.js';

/** What stands out in images. Blank: of one colour all over; conflicting: equal to an image of another class. */
export const findingKinds = [
	'blank',
	'equal',
	'conflicting',
	'validationInTrain',
	'testInTrain',
	'testInValidation',
] as const;

/** The number of images of each kind; a kind that was not found is left out. */
export type Findings = {readonly [Kind in (typeof findingKinds)[number]]?: number | undefined};

/** Names an image by its part and its position there. */
export type NameOf = (place: Place) => string;

/** Returns the counts of a survey; `undefined` if nothing stands out. */
export const findingsOf = ({findings}: Survey): Findings | undefined => {
	const counts = new Map(findings.map(({kind, count}) => [kind as string, count]));
	const found = findingKinds.filter(kind => counts.has(kind));
	return found.length > 0 ? Object.fromEntries(found.map(kind => [kind, counts.get(kind)])) : undefined;
};

/** Describes each finding in a sentence without its full stop. */
export const findingSentences = (findings: Findings = {}): string[] =>
	findingKinds.flatMap(kind => {
		const count = findings[kind];
		return count === undefined ? [] : [sentence(kind, count)];
	});

/**
 * Reports in a line each: what stands out, with an example, and classes without images in a part.
 *
 * @param classes names, in the order of their labels
 */
export const reportSurvey = (
	survey: Survey,
	classes: readonly string[],
	tell: (line: string) => void = () => {},
	nameOf: NameOf = ({part, index}) => `${words[part]} image ${index}`,
): void => {
	const examples = new Map(survey.findings.map(({kind, example}) => [kind as string, example]));
	for (const kind of findingKinds) {
		const [count, example] = [findingsOf(survey)?.[kind], examples.get(kind)];
		if (count !== undefined && example) {
			tell(`${sentence(kind, count)}, such as ${example.map(nameOf).join(' and ')}`);
		}
	}

	for (const [index, part] of (['train', 'validation', 'test'] as const).entries()) {
		const missing = classes.filter((_, label) => !survey.counts[index]?.[label]);
		if (missing.length > 0 && survey[part] > 0) {
			const names = [...missing.slice(0, 8), ...(missing.length > 8 ? [`${missing.length - 8} more`] : [])];
			const several = missing.length === 1 ? 'the class' : `${missing.length} classes:`;
			tell(`There is no ${words[part]} image of ${several} ${names.join(', ')}`);
		}
	}
};

/** Reports how a validation set is used, which a source found beside the others. */
export const reportValidation = (count: number, where: string, tell: (line: string) => void = () => {}): void => {
	tell(
		count === 1
			? `1 image in ${where} is the validation set`
			: `${count.toLocaleString('en')} images in ${where} are the validation set`,
	);
};

const words = {train: 'training', validation: 'validation', test: 'test'};

const sentence = (kind: keyof Findings, count: number): string => {
	const [number, isOne] = [count.toLocaleString('en'), count === 1];
	const are = (what: string): string => `${number} ${what}${isOne ? ' is' : 's are'}`;
	switch (kind) {
		case 'blank': {
			return `${are('image')} blank, one colour all over`;
		}

		case 'equal': {
			return `${are('image')} equal to another of the same set`;
		}

		case 'conflicting': {
			return `${are('image')} equal to one of another class`;
		}

		case 'validationInTrain': {
			return `${are('validation image')} in the training set, too`;
		}

		case 'testInTrain': {
			return `${are('test image')} in the training set, too`;
		}

		case 'testInValidation': {
			return `${are('test image')} in the validation set, too`;
		}
	}
};
