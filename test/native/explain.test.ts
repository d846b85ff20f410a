import test from 'ava';
import {explain, type LoadFailure} from '../../ts/native/explain.js';

const notFound = Object.assign(new Error("Cannot find module '@stepladder/x'\nRequire stack:\n- load.js"), {
	code: 'MODULE_NOT_FOUND',
});
const addon = '@stepladder/linux-x64-gnu';
const usual = {error: notFound, addon, isClone: false, installed: [], platform: 'linux-x64-gnu'};

const explained = test.macro((t, failure: Partial<LoadFailure>, expected: RegExp) => {
	const sentence = explain({...usual, ...failure});
	t.regex(sentence, expected);
	t.notRegex(sentence, /\n/);
});

test('a clone that is not built: build it', explained, {isClone: true}, /build it with `npm run build`/);

test(
	'optional dependencies left out are named, with npm’s own fault',
	explained,
	{},
	/^@stepladder\/linux-x64-gnu is not installed: optional dependencies were left out.*npm\/cli#4828.*without `--omit=optional`/,
);

test(
	'node_modules of another machine are recognised by their addons',
	explained,
	{installed: ['darwin-arm64']},
	/the addon for darwin-arm64 is: node_modules comes from another machine, container or Node\. Remove node_modules/,
);

test(
	'an addon that lacks a file is damaged, not one of another machine',
	explained,
	{installed: ['linux-x64-gnu']},
	/^@stepladder\/linux-x64-gnu is damaged: a file of it is missing\. Remove node_modules and install again$/,
);

test(
	'under Rosetta a Node for Apple silicon is advised',
	explained,
	{platform: 'darwin-x64', addon: '@stepladder/darwin-x64', installed: ['darwin-arm64']},
	/this Node is one for Intel under Rosetta, and one for Apple silicon would be faster/,
);

test(
	'a platform without a package: which exist, and how to build',
	explained,
	{platform: 'linux-riscv64-gnu', addon: '@stepladder/linux-riscv64-gnu'},
	/no prebuilt addon for linux-riscv64-gnu \(there are linux-x64-gnu, .*win32-x64\): build it from source/,
);

// What the dynamic loaders of Linux, macOS and Windows say, each as it was seen or as its source has it.
test(
	'an old glibc: which is needed',
	explained,
	{error: new Error("/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found (required by stepladder.node)")},
	/needs glibc 2\.28 or newer/,
);

test(
	'an addon for musl on glibc is not reported as damage',
	explained,
	{error: new Error('libc.musl-x86_64.so.1: cannot open shared object file: No such file or directory')},
	/is for musl, and this system has glibc/,
);

for (const [what, message] of [
	['a Mach-O on Linux', '/app/stepladder.node: invalid ELF header'],
	['a file cut off', '/app/stepladder.node: file too short'],
	[
		'an Intel addon on Apple silicon',
		"dlopen(stepladder.node): mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64')",
	],
	['a file of Linux on Windows', '\\\\?\\C:\\app\\stepladder.node is not a valid Win32 application.'],
] as const) {
	test(
		`${what} is damaged or of another platform`,
		explained,
		{error: new Error(message)},
		/is damaged, or of another platform than linux-x64-gnu/,
	);
}

test(
	'anything else is quoted, with both ways out',
	explained,
	{error: new Error('cannot allocate memory in static TLS block')},
	/could not be loaded \(cannot allocate memory in static TLS block\): install again, or build it from source/,
);
