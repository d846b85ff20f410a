// The page of all settings, and the sentences about settings that lack something.

/**
 * @typedef {import('./read-types.mjs').Settings} Settings
 * @typedef {import('./read-types.mjs').Setting} Setting
 * @typedef {import('./read-types.mjs').Properties} Properties
 * @typedef {import('./read-types.mjs').Value} Value
 * @typedef {{title: string, path: string, text: string, follows?: string | undefined, settings: Setting[]}} Section
 */

/** The functions whose arguments each chapter is about; the last has all others. */
const chapters = [
	{title: 'An experiment', functions: ['aspectsChanged', 'summarize']},
	{title: 'A step and its target', functions: ['defineStep']},
	{title: 'A ladder', functions: ['defineLadder']},
	{title: 'A source of images', functions: ['imageFolder', 'idx', 'csv', 'npz', 'arrays', 'DataSource.open']},
	{title: 'Options of the other functions', functions: []},
];

/**
 * Returns the page, and a sentence for each setting that lacks something.
 *
 * @param {Settings} settings
 * @returns {{page: string, problems: string[]}}
 */
export const settingsPage = ({parameters, types}) => {
	const named = new Set(chapters.flatMap(({functions}) => functions));
	/** @type {Set<string>} */
	const shown = new Set();
	/** @type {string[]} */
	const problems = [];

	/** @param {Value} value @param {string} path @param {string} title @returns {Section[]} */
	const sectionsOf = (value, path, title) => {
		switch (value.is) {
			case 'leaf': {
				return [];
			}

			case 'list': {
				return sectionsOf(value.item, `${path}.N`, title);
			}

			case 'either': {
				return value.options.flatMap(option => sectionsOf(option, path, title));
			}

			case 'type': {
				const type = types[value.name];
				if (!type || shown.has(value.name)) {
					return [];
				}

				shown.add(value.name);
				return type.is === 'object'
					? sectionsOf(
							{is: 'object', properties: {...type.properties, comment: type.comment}},
							path,
							title || value.name,
						)
					: [...heading(type, path, title || value.name), ...sectionsOf(type, path, '')]; // each alternative has its own name
			}

			case 'kinds': {
				return Object.entries(value.kinds).flatMap(([kind, properties]) =>
					ofProperties(properties, path, `\`${kind}\``),
				);
			}

			default: {
				return ofProperties(value.properties, path, title);
			}
		}
	};

	/** @param {Value & {comment: import('./read-comment.mjs').Comment}} type @param {string} path @param {string} title @returns {Section[]} */
	const heading = ({is, comment}, path, title) =>
		is === 'kinds' || is === 'either' ? [{title, path, text: comment.text, settings: []}] : [];

	/** @param {Properties} properties @param {string} path @param {string} title @returns {Section[]} */
	const ofProperties = ({settings, comment}, path, title) => {
		problems.push(...settings.flatMap(setting => lacks(setting)));
		const section = {title, path, text: comment.text, follows: comment.follows, settings};
		const within = settings.flatMap(({name, value}) => sectionsOf(value, path === '' ? name : `${path}.${name}`, ''));
		return [section, ...within];
	};

	const written = chapters.map(({title, functions}, index) => {
		const isLast = index === chapters.length - 1;
		const own = parameters.filter(({function: name}) => (isLast ? !named.has(name) : functions.includes(name)));
		const ordered = isLast
			? own
			: own.toSorted((a, b) => functions.indexOf(a.function) - functions.indexOf(b.function));
		const sections = ordered.flatMap(({value, call, parameter}) => {
			const others = parameters.filter(
				other => other.value.is === 'type' && value.is === 'type' && other.value.name === value.name,
			);
			const calls = others.length > 0 ? others.map(other => `\`${other.call}\``).join(', ') : `\`${call}\``;
			const isOptions = index > 0;
			return sectionsOf(value, '', isOptions ? `\`${parameter}\` of ${calls}` : '');
		});
		return `## ${title}\n\n${sections.map(section => sectionText(section)).join('\n\n')}`;
	});
	return {page: `${head}\n\n${written.join('\n\n')}\n`, problems: [...new Set(problems)]};
};

const head = `# Settings

Written from the library's types by \`npm run settings\`; \`npm test\` fails if it is out of date. Every setting has its type and range,
its unit, its default (settings without one are required), and the definition that it follows where that is not Stepladder's own.

\`--set PATH=VALUE\` and \`--vary PATH=VALUES\` take the path of a setting within an experiment: \`schedule.maxLearningRate\`,
\`net.body.2.channels\`. \`N\` stands for an index in a list, from 0. A misspelt or unknown name is an error everywhere.`;

/** @param {Section} section */
const sectionText = ({title, path, text, follows, settings}) => {
	const isKind = /^`[^`]+`$/.test(title);
	const at = path === '' || isKind ? '' : ` (\`${path}\`)`;
	const rows = settings.map(
		({name, type, isNumber, optional, comment}) =>
			`| \`${name}\` | ${cell(typeAndRange(type, isNumber, comment.range))} | ${cell(comment.unit ?? '')} | ${cell(
				optional ? defaultText(comment.default) : 'required',
			)} | ${cell(comment.text)} | ${cell(comment.follows ?? follows ?? '')} |`,
	);
	const table =
		rows.length > 0
			? [
					'| setting | type and range | unit | default | what it does | definition |',
					'| --- | --- | --- | --- | --- | --- |',
					...rows,
				].join('\n')
			: '';
	return [
		`${isKind ? '####' : '###'} ${title}${at}`,
		text + (rows.length === 0 && follows ? ` As ${follows}.` : ''),
		table,
	]
		.filter(Boolean)
		.join('\n\n');
};

/** @param {string} type @param {boolean} isNumber @param {string | undefined} range */
const typeAndRange = (type, isNumber, range) => (isNumber && range ? type.replace('number', range) : (range ?? type));

/** @param {string | undefined} text */
const defaultText = (text = 'none') => text.replace(/^'([^']*)'/, '`$1`');

/** @param {string} text */
const cell = text => text.replaceAll('|', '\\|');

/** @param {Setting} setting @returns {string[]} */
const lacks = ({name, optional, where, comment, isNumber, type}) => {
	const isPassedOn = /^(?:function|`[A-Z]\w*`(?:, function)?)$/.test(type); // such as a signal: none if left out
	const missing = [
		...(comment.text === '' ? ['a docstring that says in one line what it does'] : []),
		...(isNumber && comment.range === undefined
			? ['`@range number at least 0 and below 1`, or `@range whole number from 1 to 10`']
			: []),
		...(isNumber && comment.unit === undefined ? ['`@unit`, such as `@unit pixels`'] : []),
		...(optional && comment.default === undefined && !isPassedOn
			? ['`@default`, such as `@default 1` or `@default none`']
			: []),
	];
	return missing.length > 0 ? [`${where}: add to \`${name}\`: ${missing.join('; ')}`] : [];
};
