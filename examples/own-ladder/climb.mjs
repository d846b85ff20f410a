// Records every step of the ladder over three seeds, compares the last with the first, and writes the report.
import {compare, openLadder, percent, points, record, report} from 'stepladder';

const ladder = await openLadder(import.meta.dirname);
for (const {name} of ladder.steps) {
	const recorder = await record(ladder, name, {seeds: [1, 2, 3], out: 'runs/records'});
	for await (const event of recorder.training ?? []) {
		if (event.type === 'epoch') {
			const accuracy = percent(event.testCorrect / event.testTotal);
			console.log(`${name}, seed ${event.seed}, epoch ${event.epoch} of ${event.epochs}: ${accuracy} %`);
		}
	}

	recorder.write();
}

for (const {measure, difference, significant} of compare(ladder, 'batch-norm', 'baseline').measures) {
	console.log(`${measure}: ${points(difference)}${significant ? '' : ', not significant with three seeds'}`);
}

console.log(`Report: ${(await report(ladder, {out: 'report'})).html}`);
