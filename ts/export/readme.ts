import {aboutOf} from './about.js';
import type {TrainedNet} from './read-model.js';

/** Returns how an image is brought to what the model takes, for a README.md. */
export const preparationText = (model: TrainedNet, layout: string): string => {
	const {channels, size, fit, background, form, grey} = aboutOf(model);
	const ways = {
		whole: `shrunk until it fits, centred, with bars of rgb(${background.join(', ')}) beside it`,
		cover: 'cut to its middle square',
		fill: 'stretched to a square',
	};
	const how =
		form === 'mnist-digits'
			? 'one digit, light on black, scaled to a box of 20 x 20, its centre of mass in the middle of 28 x 28'
			: `of ${size} x ${size} pixels; any other is ${ways[fit as keyof typeof ways]}, and resized`;
	return [
		`Images are ${how}.`,
		`Values are bytes from 0 to 255${channels === 1 ? ', 0 for black' : ', red, green and blue'}, ${layout}. Normalisation is inside.`,
		...(grey === undefined ? [] : [`Colours become grey by \`${grey}\`.`]),
		`Classes, in the order of the logits: ${model.classes.map(name => JSON.stringify(name)).join(', ')}.`,
	].join('\n');
};

/**
 * Returns the end of a README.md: where the model is from and how the export is checked.
 *
 * @param usesModel whether the export loads the model's file, by a Python that has to be named
 */
export const originText = ({sha256}: TrainedNet, usesModel = false): string => `## Evidence

\`export.json\` says how many images get another answer here than by the model itself, and the largest difference of a logit.
${
	usesModel
		? `\`stepladder export --check . --python python3\` computes both again, by a Python that has \`torch\`, \`numpy\` and
\`safetensors\`; without \`--python\`, as in \`export\`, nothing is compared.`
		: '`stepladder export --check .` computes both again.'
} \`model.safetensors\` is the model that was exported, sha256
\`${sha256}\`${usesModel ? '' : '; nothing but that check needs it'}.

The licence of model and export is yours to choose.
`;
