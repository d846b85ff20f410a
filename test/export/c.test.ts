import {spawnSync} from 'node:child_process';
import {chmodSync, readFileSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {onCortexM} from '../../ts/export/c/cortex-m.js';
import {planMemory} from '../../ts/export/c/memory.js';
import {commentText, floatText, stringText} from '../../ts/export/c/text.js';
import {readModel} from '../../ts/export/read-model.js';
import {asWritten} from '../../ts/export/rewrites.js';
import {type ExportEvidence, exportModel} from '../../ts/index.js';
import {native} from '../../ts/native/load.js';
import {unwrap} from '../../ts/native/unwrap.js';
import {type Ending, temporaryFolder} from '../helpers/folder.js';
import {ladder} from '../helpers/mnist.js';
import {noise, noiseSource, randomModel, randomModels} from '../helpers/random-model.js';

const models = await randomModels();
const [plain = {name: '', file: '', net: ladder.steps[0]?.experiment.net as never}] = models;

const exported = async (t: Ending, file: string, net: (typeof plain)['net'], count = 60) =>
	exportModel(file, {
		format: 'c',
		out: path.join(temporaryFolder(t), 'out'),
		name: 'net',
		data: noiseSource(net, count),
	});

const hasCortexM = ['arm-none-eabi-gcc', 'qemu-system-arm'].every(
	command => spawnSync(command, ['--version']).error === undefined,
);

/** Whether each runtime that is there gave the bits of the model; that on the Cortex-M4 needs its tools. */
const bitsOf = ({answers, missing}: ExportEvidence) => ({
	bits: answers.map(({runtime, differ, largestDifference}) => [runtime.split(/[ ,]/)[0], differ, largestDifference]),
	missing: missing.map(({runtime}) => runtime),
});
const expectedBits = {
	bits: [['cc', 0, 0], ...(hasCortexM ? [['Cortex-M4', 0, 0]] : [])],
	missing: hasCortexM ? [] : ['Cortex-M4'],
};

for (const {name, net, file} of models) {
	test(`C of a ${name} net has the bits of the model`, async t => {
		const {evidence} = await exported(t, file, net);
		t.deepEqual(bitsOf(evidence), expectedBits);
		if (!hasCortexM) {
			t.log('skipped on a Cortex-M4: arm-none-eabi-gcc and qemu-system-arm are not installed');
		}
	});
}

/** The steps of MNIST by their nets, which some share; without the widest, whose 6 million numbers are 70 MB of C. */
const steps = new Map(
	ladder.steps
		.filter(({name}) => name !== 'basic-setup')
		.map(({name, experiment}) => [
			JSON.stringify({...experiment.net, block: {...experiment.net.block, dropout: 0}}),
			{name, experiment},
		]),
);
for (const {name, experiment} of steps.values()) {
	test(`C of ${name} has the bits of the model`, async t => {
		const {evidence} = await exported(t, await randomModel(t, experiment.net), experiment.net, 40);
		t.deepEqual(bitsOf(evidence), expectedBits);
	});
}

test('C of MNIST’s last net works in less than 48 KB of RAM, where its two largest values alone have 58.5', async t => {
	const model = await readModel(await randomModel(t, ladder.step('weight-averaging').experiment.net));
	const {graph} = asWritten(model, {keepsDropouts: false}, false);
	t.is(4 * planMemory(graph).size, 40_464);
});

const compilersWith = (t: Ending, flags: string): string => {
	const file = path.join(temporaryFolder(t), 'cc');
	writeFileSync(file, `#!/bin/sh\nexec cc "$@" ${flags}\n`);
	chmodSync(file, 0o755);
	return file;
};

const hasFma =
	process.arch === 'x64' && os.platform() === 'linux' && / fma /.test(readFileSync('/proc/cpuinfo', 'utf8'));
for (const flags of ['-O0', '-O3 -funroll-loops', ...(hasFma ? ['-mfma -O3'] : [])]) {
	test.serial(`C has the same bits with ${flags}`, async t => {
		process.env['CC'] = compilersWith(t, flags);
		t.teardown(() => {
			delete process.env['CC'];
		});
		for (const {file, net} of models) {
			t.deepEqual(bitsOf((await exported(t, file, net)).evidence).bits[0], ['cc', 0, 0]);
		}
	});
}

test.serial('a compiler that is missing is reported', async t => {
	process.env['CC'] = 'no-such-compiler';
	t.teardown(() => {
		delete process.env['CC'];
	});
	const {evidence} = await exported(t, plain.file, plain.net);
	const reason = evidence.missing.find(({runtime}) => runtime === 'a C compiler')?.reason;
	t.is(
		reason,
		'no-such-compiler could not compile the export (no-such-compiler was not found): install a C compiler, or name one in CC',
	);
});

test('a net that is too large for a Cortex-M4 is not compiled for one', async t => {
	const model = await readModel(plain.file);
	const tensors = new Map([['w', {shape: [800_000], values: new Float32Array(800_000)}]]);
	const large = {...model, graph: {...model.graph, tensors}};
	const {signal} = new AbortController();
	const runtime = await onCortexM(temporaryFolder(t), large, {name: 'net', int8: false, signal});
	t.deepEqual(runtime, {
		name: 'Cortex-M4',
		missing: 'the net has 3.2 MB of weights, and 3.1 MB of flash or RAM are the most that are tried there',
	});
});

test('a prediction returns the likeliest class, and logits where there is a place for them', async t => {
	const {folder} = await exported(t, plain.file, plain.net, 2);
	const pixels = noise(20 * 169, 5);
	const main = `#include "net.h"
#include <stdio.h>
static const uint8_t pixels[${pixels.length}] = {${pixels.join()}};
int main(void)
{
	for (int i = 0; i < 20; i++) {
		float logits[NET_CLASSES];
		const int label = net_predict(pixels + i * NET_PIXELS, logits);
		if (label != net_predict(pixels + i * NET_PIXELS, NULL)) return 1;
		printf("%d %s %.9g %.9g %.9g\\n", label, net_classes[label], logits[0], logits[1], logits[2]);
	}
	return 0;
}
`;
	writeFileSync(path.join(folder, 'main.c'), main);
	const run = (command: string, args: string[]) => spawnSync(command, args, {cwd: folder, encoding: 'utf8'});
	t.is(run('cc', ['-std=c99', '-o', 'main', 'main.c', 'net.c', '-lm']).stderr, '');
	const logits = unwrap(await unwrap(await native().loadModel(plain.file)).logits(pixels));
	const expected = Array.from({length: 20}, (_, index) => {
		const values = [...logits.subarray(3 * index, 3 * index + 3)];
		const label = values.indexOf(Math.max(...values));
		return [label, `class "${label}"`, ...values];
	});
	const found = run('./main', [])
		.stdout.trim()
		.split('\n')
		.map(line => /^(\d) (.*) (\S+) (\S+) (\S+)$/.exec(line)?.slice(1) ?? []);
	t.deepEqual(
		found.map(([label, name, ...values]) => [Number(label), name, ...values.map(Number).map(Math.fround)]),
		expected,
	);
});

test('the C of a README.md works', async t => {
	const {folder} = await exported(t, plain.file, plain.net, 2);
	const [, code = ''] = /```c\n([^`]+)```/.exec(readFileSync(path.join(folder, 'README.md'), 'utf8')) ?? [];
	const [, command = ''] = /```sh\n([^`]+)```/.exec(readFileSync(path.join(folder, 'README.md'), 'utf8')) ?? [];
	writeFileSync(path.join(folder, 'main.c'), code);
	const {stdout, stderr} = spawnSync('sh', ['-c', `${command.trim()} && ./a.out`], {cwd: folder, encoding: 'utf8'});
	t.regex(stdout, /^class "\d" -?\d+\.\d{3}\n$/, stderr);
});

test('a class is named by any text', t => {
	const names = ['a "quote"', 'two\nlines', 'what??!', 'back\\slash', 'Größe', '*/ end', '\u0001' + '7'];
	const folder = temporaryFolder(t);
	const main = `#include <stdio.h>
/* ${commentText(names.join(' '))} */
int main(void) { const char *names[] = {${names.map(stringText).join(', ')}};
for (int i = 0; i < ${names.length}; i++) { fputs(names[i], stdout); putchar(0); } return 0; }\n`;
	writeFileSync(path.join(folder, 'main.c'), main);
	const command = 'cc -std=c99 -Wall -Wextra -Werror -pedantic main.c && ./a.out';
	const {stdout, stderr} = spawnSync('sh', ['-c', command], {cwd: folder, encoding: 'utf8'});
	t.deepEqual(stdout.split('\0').slice(0, -1), names, stderr);
});

test('a constant has the value of its float32', t => {
	const bytes = noise(4 * 4000, 9);
	const values = [...new Float32Array(bytes.buffer), 0, 1, 1e10, 16_777_216, 2 ** -126, 2 ** -149].filter(
		Number.isFinite,
	);
	for (const value of values) {
		t.regex(floatText(value), /^-?\d+(\.\d+)?(e[+-]\d+)?f$/);
		t.regex(floatText(value), /[.e]/);
		t.is(Math.fround(Number.parseFloat(floatText(value))), value);
	}
});
