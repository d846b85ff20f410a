import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import process from 'node:process';
import test from 'node:test';
import {fileURLToPath} from 'node:url';

const script = fileURLToPath(new URL('../sweep.mjs', import.meta.url));

/** Runs the sweep; `watch` is called with all that it has printed so far. */
const run = async watch => {
	const child = spawn(process.execPath, [script]);
	const printed = {stdout: '', stderr: ''};
	for (const name of ['stdout', 'stderr']) {
		child[name].on('data', chunk => {
			printed[name] += chunk;
			watch?.(printed, child);
		});
	}

	const [code] = await once(child, 'close');
	return {code, ...printed};
};

test('twenty variants stand in the table, the best first', async () => {
	const {code, stdout, stderr} = await run();
	assert.equal(code, 0, stderr);
	const accuracies = [...stdout.matchAll(/'([\d.]+) %'/g)].map(([, accuracy]) => Number(accuracy));
	assert.equal(accuracies.length, 20);
	assert.deepEqual(
		accuracies,
		accuracies.toSorted((a, b) => b - a),
	);
	assert.ok(accuracies[0] > 80, `the best has ${accuracies[0]} %`);
});

test('Ctrl-C ends the runs under way, and shows what was finished', async () => {
	let sent = false;
	const {code, stdout} = await run(({stderr}, child) => {
		if (!sent && /of 200 epochs/.test(stderr)) {
			sent = child.kill('SIGINT');
		}
	});
	assert.equal(code, 130);
	assert.match(stdout, /Interrupted: \d+ of 20 variants were finished\./);
});
