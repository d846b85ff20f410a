import {readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {pinFor, torchPlatforms} from '../../ts/libtorch/pins.js';
import {root} from '../helpers/cli.js';

type Locked = {
	readonly dev?: boolean;
	readonly devOptional?: boolean;
	readonly hasInstallScript?: boolean;
	readonly integrity?: string;
	readonly link?: boolean;
};

const {packages} = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
	readonly packages: Readonly<Record<string, Locked>>;
};

const locked = Object.entries(packages).filter(([place]) => place !== '');

test('no dependency has an install script', t => {
	const running = locked
		.filter(([, {dev, devOptional, hasInstallScript}]) => hasInstallScript && !dev && !devOptional)
		.map(([place]) => place);
	t.deepEqual(running, []);
});

test('every npm package is pinned by the hash of its archive', t => {
	const loose = locked
		.filter(([, {integrity, link}]) => !link && !/^sha512-/.test(integrity ?? ''))
		.map(([place]) => place);
	t.deepEqual(loose, []);
});

test('every crate is pinned by its hash', t => {
	const crates = readFileSync(path.join(root, 'Cargo.lock'), 'utf8').split('[[package]]').slice(1);
	const loose = crates
		.filter(crate => /^source = /m.test(crate) && !/^checksum = "[\da-f]{64}"$/m.test(crate))
		.map(crate => /^name = "(.*)"$/m.exec(crate)?.[1]);
	t.deepEqual(loose, []);
});

test('every wheel of libtorch is pinned by its hash', t => {
	const wheels = torchPlatforms.flatMap(platform => pinFor(platform)?.wheels ?? []);
	t.true(wheels.length >= torchPlatforms.length);
	for (const {sha256} of wheels) {
		t.regex(sha256, /^[\da-f]{64}$/);
	}
});
