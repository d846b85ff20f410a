import test from 'ava';
import {ConfigError, loadModel, openLadder, record, report, resume} from '../../ts/index.js';
import {ladder} from '../helpers/mnist.js';

/** An app in JavaScript may leave out what TypeScript would ask for. */
const forgotten = test.macro(async (t, call: (...rest: unknown[]) => unknown, message: string) => {
	const error = await t.throwsAsync(async () => call(), {instanceOf: ConfigError});
	t.is(error.message, message);
});

const loosely =
	(call: unknown, ...given: unknown[]) =>
	async () =>
		(call as (...given: unknown[]) => unknown)(...given);

test('a report without a place', forgotten, loosely(report, ladder), '`out` should be a path, got undefined');
test(
	'a record without options',
	forgotten,
	loosely(record, ladder, 'dropout'),
	'`out` should be a path, got undefined',
);
test(
	'a record without seeds',
	forgotten,
	loosely(record, ladder, 'dropout', {out: 'runs'}),
	'`seeds` should be a list of different whole numbers, at least one, got undefined',
);
test('a run to go on with', forgotten, loosely(resume), '`resume` should be a path, got undefined');
test('a model', forgotten, loosely(loadModel), '`path` should be a path, got undefined');
test('a ladder', forgotten, loosely(openLadder), '`folder` should be a path, got undefined');
