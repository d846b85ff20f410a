import {mnistForm, size} from './mnist-form.js';

const [paper, seen, answer, bars, clear, training, trainingText, trainingBar, net] = [
	...['paper', 'seen', 'answer', 'bars', 'clear', 'training', 'training-text', 'training-bar', 'net'],
].map(id => document.getElementById(id));

/** Share of the paper's side. */
const penWidth = 0.06;
/** Movements of the pen within this time are asked about together. */
const pause = 40;
/** Below this probability, the second digit is shown as well. */
const sure = 0.8;

/** Lists of points, in units of the paper's side. */
let strokes = [];
/** The one that is being drawn. */
let stroke;
let isReady = false;

// Drawing

const pointOf = ({clientX, clientY}) => {
	const {left, top, width} = paper.getBoundingClientRect();
	return {x: (clientX - left) / width, y: (clientY - top) / width};
};

paper.addEventListener('pointerdown', event => {
	if (event.isPrimary && event.button === 0) {
		paper.setPointerCapture(event.pointerId); // strokes go on beyond the edge
		stroke = [pointOf(event)];
		strokes.push(stroke);
		drawingChanged();
	}
});

paper.addEventListener('pointermove', event => {
	if (stroke && event.isPrimary) {
		const between = event.getCoalescedEvents?.() ?? [];
		stroke.push(...(between.length > 0 ? between : [event]).map(pointOf));
		drawingChanged();
	}
});

for (const type of ['pointerup', 'pointercancel']) {
	paper.addEventListener(type, event => {
		if (event.isPrimary) {
			stroke = undefined;
		}
	});
}

clear.addEventListener('click', () => {
	strokes = [];
	stroke = undefined;
	drawingChanged();
});

const drawingChanged = () => {
	requestAnimationFrame(show);
	ask();
};

/** Shows the drawing, and the pixels that the net sees of it. */
const show = () => {
	const ink = getComputedStyle(paper).color;
	const side = Math.round(paper.clientWidth * devicePixelRatio);
	paper.width = side; // which also wipes it
	paper.height = side;
	const pen = paper.getContext('2d');
	Object.assign(pen, {strokeStyle: ink, lineWidth: penWidth * side, lineCap: 'round', lineJoin: 'round'});
	for (const [first, ...rest] of strokes) {
		pen.beginPath();
		pen.moveTo(first.x * side, first.y * side);
		for (const {x, y} of rest.length > 0 ? rest : [first]) {
			pen.lineTo(x * side, y * side);
		}

		pen.stroke();
	}

	const pixels = new ImageData(size, size);
	for (const [pixel, value] of mnistForm(strokes).entries()) {
		pixels.data[4 * pixel + 3] = value;
	}

	const dots = seen.getContext('2d');
	dots.putImageData(pixels, 0, 0);
	Object.assign(dots, {fillStyle: ink, globalCompositeOperation: 'source-in'});
	dots.fillRect(0, 0, size, size);
};

new ResizeObserver(show).observe(paper);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);

// Asking

let isAsking = false;
let hasChanged = false;

/**
 * Asks what the drawing is. One question is under way at a time, and the last one is always about the drawing as it
 * stands: so answers come in order, and a slow server is not asked more often than it answers.
 */
const ask = async () => {
	hasChanged = true;
	if (isAsking) {
		return;
	}

	isAsking = true;
	while (hasChanged) {
		await new Promise(resolve => setTimeout(resolve, pause));
		hasChanged = false;
		const asked = strokes;
		const told = asked.length > 0 && isReady ? await predict(asked) : {};
		if (strokes === asked) {
			tell(told); // it was not cleared meanwhile
		}
	}

	isAsking = false;
};

/** @returns {Promise<{probabilities?: number[], error?: string}>} */
const predict = async drawing => {
	try {
		const response = await fetch('predict', {
			method: 'POST',
			headers: {'content-type': 'application/octet-stream'},
			body: mnistForm(drawing),
		});
		return await response.json();
	} catch {
		return {error: 'The server can’t be reached. Once it is back, draw on.'};
	}
};

// Telling

const rows = Array.from({length: 10}, (_, digit) => {
	const row = document.createElement('li');
	const [name, share] = [document.createElement('span'), document.createElement('span')];
	name.textContent = digit;
	row.append(name, share);
	bars.append(row);
	return {row, share};
});

const tell = ({probabilities, error}) => {
	const likeliest = probabilities?.indexOf(Math.max(...probabilities));
	for (const [digit, {row, share}] of rows.entries()) {
		const probability = probabilities?.[digit] ?? 0;
		row.style.setProperty('--share', probability);
		row.classList.toggle('likeliest', digit === likeliest);
		share.textContent = probabilities ? `${Math.round(100 * probability)} %` : '';
	}

	const invitation = isReady ? 'Draw a digit from 0 to 9.' : 'The net is still learning.';
	const sentence = error ?? (probabilities ? sentenceOf(probabilities) : invitation);
	if (answer.textContent !== sentence) {
		answer.textContent = sentence; // read aloud only when it is another
	}
};

const sentenceOf = probabilities => {
	const [first, second] = [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]);
	return probabilities[first] >= sure
		? `This is ${named(first)}.`
		: `This is ${named(first)}, or maybe ${named(second)}.`;
};

const named = digit => `${digit === 8 ? 'an' : 'a'} ${digit}`;

// Training

const percent = share => `${(100 * share).toFixed(2)} %`;

const states = new EventSource('training');
states.addEventListener('message', ({data}) => {
	const {stage, epoch, epochs, done, accuracy, parameters} = JSON.parse(data);
	isReady = stage === 'ready';
	training.hidden = isReady;
	if (stage === 'training') {
		const soFar = accuracy === undefined ? '' : ` So far it gets ${percent(accuracy)} of the test images right.`;
		trainingText.textContent = `Pass ${epoch} of ${epochs} over 60,000 handwritten digits.${soFar}`;
		trainingBar.value = done;
	} else if (isReady) {
		states.close();
		net.textContent = `A net of ${parameters.toLocaleString('en')} parameters. It gets ${percent(accuracy)} of MNIST’s 10,000 test images right.`;
	}

	ask();
});
states.addEventListener('error', () => {
	training.hidden = false;
	trainingText.textContent = 'The server can’t be reached. Trying again …';
});
