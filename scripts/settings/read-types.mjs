// Reads the settings from the library's own types: names, types, docstrings and their tags.
import path from 'node:path';
import ts from 'typescript-api';
import {readComment} from './read-comment.mjs';

/**
 * @typedef {{
 *   name: string, optional: boolean, where: string, comment: import('./read-comment.mjs').Comment, type: string,
 *   isNumber: boolean, value: Value,
 * }} Setting
 * @typedef {{settings: Setting[], comment: import('./read-comment.mjs').Comment}} Properties
 * @typedef {(
 *   | {is: 'leaf'} | {is: 'list', item: Value} | {is: 'either', options: Value[]} | {is: 'type', name: string}
 *   | {is: 'object', properties: Properties} | {is: 'kinds', kinds: Record<string, Properties>}
 * )} Value
 * @typedef {{call: string, function: string, parameter: string, value: Value}} Parameter
 * @typedef {{parameters: Parameter[], types: Record<string, Value & {comment: import('./read-comment.mjs').Comment}>}} Settings
 */

/** Types that the library makes, or that have no settings: a caller passes them on. */
const passedOn = new Set([
	...['Ladder', 'Step', 'Trainable', 'DataSource', 'Model', 'Claim', 'Change', 'Metric', 'AbortSignal', 'RegExp'],
	...['AnalyzedRecord', 'MeasuredRecord', 'Estimate', 'Iterable', 'Uint8Array', 'Uint8ClampedArray', 'ArrayLike'],
]);

/** Types whose functions users call. */
const withMethods = ['Model', 'DataSource'];

/**
 * Reads all settings: the objects that callers write as arguments of public functions, and the types within them.
 *
 * @param {string} root of the project
 * @returns {Settings}
 */
export const readSettings = root => {
	const index = path.join(root, 'ts', 'index.ts');
	const program = ts.createProgram([index], {
		target: ts.ScriptTarget.ES2023,
		module: ts.ModuleKind.NodeNext,
		strict: true,
		exactOptionalPropertyTypes: true,
		skipLibCheck: true,
		types: ['node'],
	});
	const checker = program.getTypeChecker();
	const source = program.getSourceFile(index);
	const module = source && checker.getSymbolAtLocation(source);
	if (!module) {
		throw new Error(`${index} exports nothing`);
	}

	/** @type {Settings['types']} */
	const types = {};
	const exported = checker
		.getExportsOfModule(module)
		.map(symbol => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));

	/** @param {ts.Node} node */
	const where = node => {
		const file = node.getSourceFile();
		const {line} = file.getLineAndCharacterOfPosition(node.getStart());
		return `${path.relative(root, file.fileName)}:${line + 1}`;
	};

	/** @param {ts.Node} node @param {number} [start] */
	const commentOf = (node, start = node.getFullStart()) => {
		const {text} = node.getSourceFile();
		const ranges = ts.getLeadingCommentRanges(text, start) ?? [];
		return readComment(
			ranges.map(({pos, end}) => text.slice(pos, end)).findLast(found => found.startsWith('/**')) ?? '',
		);
	};

	/** @param {ts.TypeNode} node @returns {ts.TypeNode[]} the members of a union, without `undefined` and `null` */
	const membersOf = node => {
		const inner = ts.isParenthesizedTypeNode(node) ? node.type : node;
		if (!ts.isUnionTypeNode(inner)) {
			return [inner];
		}

		return inner.types.filter(
			member =>
				member.kind !== ts.SyntaxKind.UndefinedKeyword &&
				!(ts.isLiteralTypeNode(member) && member.literal.kind === ts.SyntaxKind.NullKeyword),
		);
	};

	/** @param {ts.Type} type @returns {string | undefined} the name of an object's kind */
	const kindOf = type => {
		const kind = type.getProperty('kind');
		const found = kind && checker.getTypeOfSymbol(kind);
		const given = found && checker.getNonNullableType(found);
		return given?.isStringLiteral() ? given.value : undefined;
	};

	/** @param {ts.Type} type */
	const isObject = type => Boolean(type.flags & ts.TypeFlags.Object) && type.getCallSignatures().length === 0;

	/** @param {ts.Type} type */
	const isRecord = type =>
		type.isIntersection() || (isObject(type) && !checker.isArrayType(type) && type.getProperties().length > 0);

	/** @param {ts.Type} type */
	const partsOf = type => {
		const given = checker.getNonNullableType(type);
		return given.isUnion() ? given.types : [given];
	};

	/** @param {ts.TypeNode} node */
	const isPassedOn = node => ts.isTypeReferenceNode(node) && passedOn.has(node.typeName.getText());

	/** @param {ts.TypeNode} node @returns {Value} */
	const readValue = node => {
		const members = membersOf(node);
		const parts = partsOf(checker.getTypeFromTypeNode(node));
		if (members.every(isPassedOn) || !parts.every(part => isRecord(part) || checker.isArrayType(part))) {
			return {is: 'leaf'};
		}

		const [only] = members;
		if (!only || members.length > 1) {
			return unionOf(node, members);
		}

		if (ts.isArrayTypeNode(only)) {
			return {is: 'list', item: readValue(only.elementType)};
		}

		if (ts.isTypeOperatorNode(only)) {
			return readValue(only.type);
		}

		if (ts.isTypeReferenceNode(only)) {
			const [item] = only.typeArguments ?? [];
			const isList = item && ['Array', 'ReadonlyArray'].includes(only.typeName.getText());
			return isList ? {is: 'list', item: readValue(item)} : namedType(only);
		}

		return {is: 'object', properties: propertiesOf(parts, only)};
	};

	/** @param {ts.EntityName} name */
	const aliasOf = name => {
		const symbol = checker.getSymbolAtLocation(name);
		const found = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
		const declared = found?.declarations?.find(ts.isTypeAliasDeclaration);
		return declared && !program.isSourceFileDefaultLibrary(declared.getSourceFile()) ? declared : undefined;
	};

	/** @param {ts.TypeReferenceNode} node @returns {Value} */
	const namedType = node => {
		const declared = aliasOf(node.typeName);
		if (!declared) {
			const parts = partsOf(checker.getTypeFromTypeNode(node)); // such as `Partial<Goal>`
			return node.typeArguments ? {is: 'object', properties: propertiesOf(parts, node)} : {is: 'leaf'};
		}

		const name = declared.name.text;
		if (!(name in types)) {
			const comment = commentOf(declared);
			types[name] = {is: 'leaf', comment}; // until it is read: a type may have itself within
			types[name] = {...readValue(declared.type), comment};
		}

		return {is: 'type', name};
	};

	/** @param {ts.TypeNode} node @param {ts.TypeNode[]} members @returns {Value} */
	const unionOf = (node, members) => {
		const all = members.map(member => checker.getTypeFromTypeNode(member));
		if (all.every(type => kindOf(type) !== undefined)) {
			const kinds = members.map((member, index) => {
				const before = index === 0 ? node.getFullStart() : (members[index - 1]?.getEnd() ?? 0);
				const type = /** @type {ts.Type} */ (all[index]);
				const declared = ts.isTypeReferenceNode(member) ? aliasOf(member.typeName) : undefined;
				const comment = declared ? commentOf(declared) : commentOf(member, before);
				return [kindOf(type) ?? '', {...propertiesOf([type], member), comment}];
			});
			return {is: 'kinds', kinds: Object.fromEntries(kinds)};
		}

		return all.every(isRecord)
			? {is: 'object', properties: propertiesOf(all, node)}
			: {is: 'either', options: members.map(member => readValue(member))};
	};

	/**
	 * @param {ts.Type[]} alternatives of an object: a property that one of them does not have is optional
	 * @param {ts.Node} node
	 * @returns {Properties}
	 */
	const propertiesOf = (alternatives, node) => {
		const all = alternatives.flatMap(type => (type.isUnion() ? type.types : [type]));
		const names = [...new Set(all.flatMap(type => type.getProperties().map(({name}) => name)))];
		const settings = names.flatMap(name => {
			const found = all.flatMap(type => type.getProperty(name) ?? []).filter(symbol => !isAbsent(symbol));
			const [first] = found;
			const declared = first?.declarations?.find(ts.isPropertySignature);
			if (!first || !declared?.type || name === 'kind') {
				return [];
			}

			const type = checker.getTypeOfSymbol(first);
			const optional = found.length < all.length || found.some(symbol => symbol.flags & ts.SymbolFlags.Optional);
			return [
				{
					name,
					optional: Boolean(optional),
					where: where(declared),
					comment: commentOf(declared),
					type: wordsOf(declared.type).join(', '),
					isNumber: hasNumber(type),
					value: readValue(declared.type),
				},
			];
		});
		return {settings, comment: commentOf(node)};
	};

	/** @param {ts.Symbol} symbol */
	const isAbsent = symbol => {
		const type = checker.getTypeOfSymbol(symbol);
		return Boolean(type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never));
	};

	/** @param {ts.Type} type @returns {boolean} */
	const hasNumber = type => {
		const parts = type.isUnion() ? type.types : [type];
		return parts.some(part => {
			const isNumberLiteral = Boolean(part.flags & ts.TypeFlags.Number);
			const [item] = checker.isArrayType(part) ? checker.getTypeArguments(/** @type {ts.TypeReference} */ (part)) : [];
			return isNumberLiteral || (item !== undefined && hasNumber(item));
		});
	};

	/** @param {ts.TypeNode} node @returns {string[]} the types that a value may have, in words and in the order of the source */
	const wordsOf = node =>
		membersOf(node).flatMap(member => {
			const type = checker.getTypeFromTypeNode(member);
			if (ts.isParenthesizedTypeNode(member)) {
				return wordsOf(member.type);
			}

			if (ts.isArrayTypeNode(member)) {
				return [`list of ${wordsOf(member.elementType).join(', ')}`];
			}

			if (ts.isTypeOperatorNode(member) && member.operator === ts.SyntaxKind.ReadonlyKeyword) {
				return wordsOf(member.type);
			}

			if (ts.isTypeReferenceNode(member)) {
				const [item] = member.typeArguments ?? [];
				const name = member.typeName.getText();
				if (item && ['Array', 'ReadonlyArray'].includes(name)) {
					return [`list of ${wordsOf(item).join(', ')}`];
				}

				const declared = passedOn.has(name) ? undefined : aliasOf(member.typeName);
				return declared && partsOf(type).every(part => !isRecord(part)) ? wordsOf(declared.type) : [`\`${name}\``];
			}

			const word = /** @type {Record<number, string>} */ ({
				[ts.SyntaxKind.NumberKeyword]: 'number',
				[ts.SyntaxKind.StringKeyword]: 'text',
				[ts.SyntaxKind.BooleanKeyword]: '`true`, `false`',
				[ts.SyntaxKind.UnknownKeyword]: 'any value',
				[ts.SyntaxKind.TypeLiteral]: 'object',
				[ts.SyntaxKind.FunctionType]: 'function',
			})[member.kind];
			const literals = partsOf(type).map(
				part => `\`${part.isStringLiteral() ? part.value : unquoted(checker.typeToString(part))}\``,
			);
			return word === undefined ? literals : [word];
		});

	/** @param {ts.Signature} signature @param {string} name @returns {Parameter[]} */
	const parametersOf = (signature, name) =>
		signature.parameters.flatMap(symbol => {
			const declared = /** @type {ts.ParameterDeclaration | undefined} */ (symbol.valueDeclaration);
			const value = declared?.type ? readValue(declared.type) : undefined;
			const isSettings = value !== undefined && !['leaf', 'list'].includes(value.is);
			const call = `${name}(${signature.parameters.map(({name}) => name).join(', ')})`;
			return value && isSettings ? [{call, function: name, parameter: symbol.name, value}] : [];
		});

	const parameters = exported.flatMap(symbol => {
		const declared = symbol.valueDeclaration;
		if (declared && !ts.isClassDeclaration(declared)) {
			const type = checker.getTypeOfSymbolAtLocation(symbol, declared);
			return type.getCallSignatures().flatMap(signature => parametersOf(signature, symbol.name));
		}

		const properties = withMethods.includes(symbol.name) ? checker.getDeclaredTypeOfSymbol(symbol).getProperties() : [];
		return properties.flatMap(property =>
			checker
				.getNonNullableType(checker.getTypeOfSymbol(property))
				.getCallSignatures()
				.flatMap(signature => parametersOf(signature, `${symbol.name}.${property.name}`)),
		);
	});
	return {parameters, types};
};

/** A text that begins in a certain way, such as a colour, as its beginning and dots. */
const unquoted = (/** @type {string} */ text) => text.replace(/^`([^$]*)\$\{string\}`$/, '$1...');
