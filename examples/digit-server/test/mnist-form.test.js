import assert from 'node:assert/strict';
import test from 'node:test';
import {mnistForm, size} from '../page/mnist-form.js';

const points = pairs => pairs.map(([x, y]) => ({x, y}));
const seven = [
	points([
		[0.3, 0.2],
		[0.7, 0.2],
		[0.45, 0.8],
	]),
];
const change = (strokes, place) => strokes.map(stroke => stroke.map(place));

/** Rows and columns with ink, and the centre of mass, from the upper left corner of the image. */
const measure = image => {
	let [sum, x, y] = [0, 0, 0];
	const [rows, columns] = [new Set(), new Set()];
	for (const [pixel, ink] of image.entries()) {
		const [row, column] = [Math.floor(pixel / size), pixel % size];
		sum += ink;
		x += ink * (column + 0.5);
		y += ink * (row + 0.5);
		if (ink >= 128) {
			rows.add(row);
			columns.add(column);
		}
	}

	return {height: rows.size, width: columns.size, x: x / sum, y: y / sum, sum};
};

const isNear = (actual, expected, margin) =>
	assert.ok(Math.abs(actual - expected) <= margin, `${actual} is not within ${margin} of ${expected}`);

test('nothing drawn is paper', () => {
	assert.deepEqual(mnistForm([]), new Uint8Array(size * size));
});

test('the longer side fills 20 pixels, and the shorter keeps its proportion', () => {
	const upright = measure(mnistForm(seven));
	isNear(upright.height, 20, 1);
	isNear(upright.width, (0.4 / 0.6) * 17.6 + 2.4, 1);
	const lying = measure(mnistForm(change(seven, ({x, y}) => ({x: y, y: x}))));
	assert.deepEqual([lying.width, lying.height], [upright.height, upright.width]);
});

test('the centre of mass is the middle of the image', () => {
	const strokes = [
		points([
			[0.1, 0.9],
			[0.1, 0.1],
		]),
		points([
			[0.1, 0.9],
			[0.3, 0.9],
		]),
	];
	const {x, y} = measure(mnistForm(strokes));
	isNear(x, size / 2, 0.05);
	isNear(y, size / 2, 0.05);
});

test('how large a digit was drawn, and where, makes no difference', () => {
	const small = change(seven, ({x, y}) => ({x: x / 4 + 0.6, y: y / 4 + 0.1}));
	const [image, smallImage] = [mnistForm(seven), mnistForm(small)];
	for (const [pixel, ink] of image.entries()) {
		isNear(smallImage[pixel], ink, 1); // rounding
	}
});

test('how many points the pen left makes no difference', () => {
	const [from, to] = [
		{x: 0.5, y: 0.1},
		{x: 0.5, y: 0.9},
	];
	const many = Array.from({length: 101}, (_, index) => ({x: 0.5, y: 0.1 + 0.008 * index}));
	for (const [pixel, ink] of mnistForm([[from, to]]).entries()) {
		isNear(mnistForm([many])[pixel], ink, 1);
	}
});

test('a dot stays a dot', () => {
	const {height, width, x, y} = measure(mnistForm([points([[0.9, 0.9]])]));
	assert.deepEqual([height, width], [2, 2]);
	isNear(x, size / 2, 0.05);
	isNear(y, size / 2, 0.05);
});
