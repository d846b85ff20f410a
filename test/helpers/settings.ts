import {root} from './cli.js';
import {script} from './clone.js';

/** An object's settings, as `scripts/settings` reads them from the types. */
export type Properties = {readonly settings: readonly Setting[]};

export type Setting = {
	readonly name: string;
	/** Whether its values are numbers, or lists of numbers. */
	readonly isNumber: boolean;
	readonly comment: {readonly range?: string};
	readonly value: Value;
};

export type Value =
	| {readonly is: 'leaf'}
	| {readonly is: 'list'; readonly item: Value}
	| {readonly is: 'either'; readonly options: readonly Value[]}
	| {readonly is: 'type'; readonly name: string}
	| {readonly is: 'object'; readonly properties: Properties}
	| {readonly is: 'kinds'; readonly kinds: Readonly<Record<string, Properties>>};

export type Settings = {
	readonly parameters: ReadonlyArray<{readonly function: string; readonly parameter: string; readonly value: Value}>;
	readonly types: Readonly<Record<string, Value>>;
};

/** Reads the settings from the types of the library. */
export const readSettings = async (): Promise<Settings> => {
	const {readSettings: read} = await script('settings/read-types.mjs');
	return read(root);
};

type Holder = Readonly<Record<string, unknown>>;

/** An object within a value, with its path and its settings; `undefined` for settings that no type has. */
export type Found = {readonly path: string; readonly holder: Holder; readonly properties: Properties | undefined};

/** Lists a value and the objects within it, each with the settings that it may have. */
export const objectsWithin = (types: Settings['types'], type: Value, value: unknown, path = ''): Found[] => {
	const at = (name: string | number): string => (path === '' ? String(name) : `${path}.${name}`);
	switch (type.is) {
		case 'leaf': {
			return [];
		}

		case 'type': {
			return objectsWithin(types, types[type.name] ?? {is: 'leaf'}, value, path);
		}

		case 'list': {
			const items = Array.isArray(value) ? value : [];
			return items.flatMap((item, index) => objectsWithin(types, type.item, item, at(index)));
		}

		case 'either': {
			const fitting = type.options.find(option => (resolved(types, option).is === 'list') === Array.isArray(value));
			return objectsWithin(types, fitting ?? {is: 'leaf'}, value, path);
		}

		default: {
			if (typeof value !== 'object' || value === null) {
				return [];
			}

			const holder = value as Holder;
			const properties = type.is === 'kinds' ? type.kinds[String(holder['kind'])] : type.properties;
			const within = (properties?.settings ?? []).flatMap(({name, value: inner}) =>
				objectsWithin(types, inner, holder[name], at(name)),
			);
			return [{path, holder, properties}, ...within];
		}
	}
};

const resolved = (types: Settings['types'], value: Value): Value =>
	value.is === 'type' ? resolved(types, types[value.name] ?? {is: 'leaf'}) : value;

/** Lists the paths of the objects that a type may have within it, such as `split`; those of lists end in `.0`. */
export const objectPaths = (
	types: Settings['types'],
	type: Value,
	path = '',
	above: readonly string[] = [],
): string[] => {
	const at = (name: string | number): string => (path === '' ? String(name) : `${path}.${name}`);
	switch (type.is) {
		case 'leaf': {
			return [];
		}

		case 'type': {
			const {name} = type;
			return above.includes(name) ? [] : objectPaths(types, types[name] ?? {is: 'leaf'}, path, [...above, name]);
		}

		case 'list': {
			return objectPaths(types, type.item, at(0), above);
		}

		case 'either':
		case 'kinds': {
			return [path]; // experiments alone have kinds: `test/native/settings.test.ts` has one of each
		}

		default: {
			const within = type.properties.settings.flatMap(({name, value}) => objectPaths(types, value, at(name), above));
			return [path, ...within];
		}
	}
};
