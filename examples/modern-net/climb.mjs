// Records every step of the ladder over three seeds, prints each beside the one that it grew from, and writes the report.
import {compare, openLadder, points, record, report} from 'stepladder';

const ladder = await openLadder(import.meta.dirname);
for (const {name, from} of ladder.steps) {
	const recorder = await record(ladder, name, {seeds: [1, 2, 3], out: 'runs/records'});
	for await (const event of recorder.training ?? []) {
		if (event.type === 'epoch' && event.epoch === event.epochs) {
			console.log(`${name}, seed ${event.seed}: ${event.testCorrect} of ${event.testTotal} leaves`);
		}
	}

	recorder.write();
	const test = from && compare(ladder, name, from.name).measures.find(({measure}) => measure === 'test');
	if (test) {
		const doubt = test.significant ? '' : ', which three seeds can’t tell from chance';
		console.log(`${name}: ${points(test.difference)} against ${from.name}${doubt}`);
	}
}

console.log(`Report: ${(await report(ladder, {out: 'report'})).html}`);
