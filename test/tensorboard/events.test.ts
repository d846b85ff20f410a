import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {crc32c} from '../../ts/tensorboard/crc32c.js';
import {writeEventFile} from '../../ts/tensorboard/event-log.js';
import {hparamsOf} from '../../ts/tensorboard/hparams.js';
import {root} from '../helpers/cli.js';
import {eventFiles, readEventFile} from '../helpers/event-file.js';
import {temporaryFolder} from '../helpers/folder.js';

test('checksums are those of RFC 3720, and of the check value of CRC-32C', t => {
	t.is(crc32c(Buffer.from('123456789')), 0xe3_06_92_83);
	t.is(crc32c(new Uint8Array(32)), 0x8a_91_36_aa);
	t.is(crc32c(new Uint8Array(32).fill(255)), 0x62_a8_ab_43);
	t.is(crc32c(Uint8Array.from({length: 32}, (_, index) => index)), 0x46_dd_79_4e);
});

test('a file of events has the bytes that TensorBoard itself writes for them', t => {
	const folder = temporaryFolder(t);
	const {run, epochs, file} = JSON.parse(readFileSync(path.join(root, 'test/tensorboard/tensorboard.json'), 'utf8'));
	writeEventFile({folder, ...run}, epochs, 'finished');
	const [written = ''] = eventFiles(folder);
	t.is(path.basename(written), 'events.out.tfevents.1796064125.stepladder');
	t.deepEqual(
		readEventFile(written).map(({step}) => step),
		[0, 0, 1, 300, 300],
	);
	t.is(readFileSync(written).toString('base64'), file);
});

test('settings have the paths of `--set`; the index of an item is part of its path', t => {
	const experiment = {
		net: {body: [{kind: 'block', channels: 8}], size: 28},
		augmentation: undefined,
		start: {from: 'a'},
	};
	t.deepEqual(hparamsOf(experiment as never), {
		...{'net.body.0.kind': 'block', 'net.body.0.channels': 8, 'net.size': 28, 'start.from': 'a'},
	});
});
