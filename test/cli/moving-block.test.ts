import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {MovingBlock, type MovingLine} from '../../ts/cli/moving-block.js';
import {TerminalStream} from '../helpers/terminal.js';

const asStream = (stream: TerminalStream): NodeJS.WriteStream => stream as unknown as NodeJS.WriteStream;

const line = (seed: number): MovingLine => [
	`Seed ${seed} has come to 99.42 percent of all, with a loss of 0.0123, in batch 117 of 469, at 214.1 a second`,
	`Seed ${seed} has come to 99.42 percent of all, in batch 117 of 469`,
	`Seed ${seed} is at 99.42`,
];

/** A block of so many lines on a terminal, with some text above. */
const shown = (t: ExecutionContext, columns: number, seeds: number) => {
	const stream = new TerminalStream(columns);
	const block = new MovingBlock(
		height => Array.from({length: Math.min(seeds, height)}, (_, index) => line(index + 1)),
		asStream(stream),
	);
	t.teardown(() => block.end());
	stream.write('Above\n');
	block.update();
	return {stream, block, terminal: stream.terminal};
};

for (const [columns, form] of [
	[40, 2],
	[80, 1],
	[120, 0],
] as const) {
	test(`at ${columns} columns each line has the fullest form that fits`, t => {
		const {terminal} = shown(t, columns, 2);
		t.is(terminal.text, ['Above', line(1)[form], line(2)[form]].join('\n'));
	});
}

test('where no form fits, the line is cut off with a mark', t => {
	t.is(shown(t, 12, 1).terminal.text, 'Above\nSeed 1 is …');
});

test('there are never more lines than rows', t => {
	t.is(shown(t, 80, 100).terminal.text.split('\n').length, 1 + 23);
});

test('a terminal that is resized is left with the lines and what stands above, and nothing else', t => {
	const widths = fc.array(fc.integer({min: 16, max: 140}), {minLength: 1, maxLength: 8});
	fc.assert(
		fc.property(
			fc.integer({min: 16, max: 140}),
			widths,
			fc.integer({min: 1, max: 4}),
			fc.boolean(),
			(first, then, seeds, late) => {
				const {stream, block, terminal} = shown(t, first, seeds);
				for (const [index, columns] of then.entries()) {
					// late: something is drawn for the old width before the process hears of the new one
					stream.resize(columns, late ? () => block.print(`Epoch ${index}\n`, asStream(stream)) : undefined);
				}

				const columns = then.at(-1) ?? first;
				const fitting = (forms: MovingLine): string =>
					forms.find(form => form.length < columns) ?? `${forms.at(-1)?.slice(0, columns - 2)}…`;
				const lines = Array.from({length: seeds}, (_, index) => fitting(line(index + 1)));
				const printed = late ? then.map((_, index) => `Epoch ${index}`) : [];
				t.is(terminal.text, ['Above', ...printed, ...lines].join('\n'));
				block.end();
				t.is(terminal.text, ['Above', ...printed].join('\n'));
			},
		),
	);
});

test('what is printed stands above the lines, and they are gone in the end, with the cursor back', t => {
	const {stream, block, terminal} = shown(t, 80, 1);
	t.true(terminal.hidesCursor);
	block.print('Epoch 1\nEpoch 2\n', asStream(stream));
	t.is(terminal.text, ['Above', 'Epoch 1', 'Epoch 2', line(1)[1]].join('\n'));
	block.end();
	t.is(terminal.text, 'Above\nEpoch 1\nEpoch 2');
	t.false(terminal.hidesCursor);
	t.is(stream.listenerCount('resize'), 0);
});

test('elsewhere than on a terminal nothing moves, and what is printed is all there is', t => {
	const written: string[] = [];
	const pipe = {write: (text: string) => written.push(text)} as unknown as NodeJS.WriteStream;
	const block = new MovingBlock(() => [line(1)], pipe);
	block.update();
	block.print('Epoch 1\n', pipe);
	block.end();
	t.deepEqual(written, ['Epoch 1\n']);
});
