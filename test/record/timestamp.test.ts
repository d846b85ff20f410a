import {execFileSync, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {ConfigError, FetchError, openLadder, record} from '../../ts/index.js';
import {LadderRecords} from '../../ts/record/ladder-records.js';
import {checkTimestamps} from '../../ts/record/timestamp.js';
import {readToken} from '../../ts/record/timestamp-token.js';
import {temporaryFolder} from '../helpers/folder.js';
import type {OwnLadder} from '../helpers/own-ladder.js';
import {tinyLadder} from '../helpers/tiny-ladder.js';

const promise = 'records/0-tiny/promise.json';
const file = 'records/0-tiny/timestamp.json';
const step = 'steps/0-tiny.ts';

const withOpenssl = spawnSync('openssl', ['version']).status === 0 ? test : test.skip;

type Key = {readonly words: readonly string[]; readonly use?: string; readonly days?: string};

const rsa: Key = {words: ['-newkey', 'rsa:2048']};
const ec: Key = {words: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']};

/** A timestamp authority of openssl, with a certificate of an authority of its own. */
class Authority {
	readonly folder: string;

	constructor(t: Pick<ExecutionContext, 'teardown'>, {words, use = 'critical,timeStamping', days = '2'}: Key = rsa) {
		this.folder = temporaryFolder(t);
		const openssl = (...given: string[]): void => {
			execFileSync('openssl', given, {cwd: this.folder, stdio: 'pipe'});
		};
		openssl(
			...['req', '-x509', '-nodes', ...words, '-keyout', 'root.key', '-out', 'root.pem', '-days', '2'],
			...['-subj', '/O=Test/CN=Root', '-addext', 'basicConstraints=critical,CA:TRUE'],
		);
		openssl('req', '-new', '-nodes', ...words, '-keyout', 'tsa.key', '-out', 'tsa.csr', '-subj', '/O=Test/CN=Clock');
		writeFileSync(path.join(this.folder, 'use'), `extendedKeyUsage=${use}\n`);
		openssl(
			...['x509', '-req', '-in', 'tsa.csr', '-CA', 'root.pem', '-CAkey', 'root.key', '-CAcreateserial'],
			...['-out', 'tsa.pem', '-days', days, '-extfile', 'use'],
		);
		writeFileSync(path.join(this.folder, 'serial'), '01\n');
		writeFileSync(
			path.join(this.folder, 'tsa.cnf'),
			`[tsa]\ndefault_tsa = clock\n[clock]\nserial = ./serial\ncrypto_device = builtin\nsigner_cert = ./tsa.pem\ncerts = ./root.pem\nsigner_key = ./tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\naccuracy = secs:1\nordering = yes\ntsa_name = yes\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n`,
		);
	}

	/** Answers a request, as a server would. */
	answer(request: Buffer): Buffer {
		writeFileSync(path.join(this.folder, 'query'), request);
		execFileSync('openssl', ['ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'query', '-out', 'reply'], {
			...{cwd: this.folder, stdio: 'pipe'},
		});
		return readFileSync(path.join(this.folder, 'reply'));
	}
}

/** Starts a server of timestamps, whose answers may be changed on their way. */
const serve = async (
	t: ExecutionContext,
	work: (request: Buffer) => {status?: number; body: Buffer},
): Promise<string> => {
	const server = http.createServer((request, response) => {
		const parts: Buffer[] = [];
		request.on('data', part => parts.push(part));
		request.on('end', () => {
			const {status = 200, body} = work(Buffer.concat(parts));
			response.writeHead(status, {'content-type': 'application/timestamp-reply'}).end(body);
		});
	});
	await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
	t.teardown(() => server.close());
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};

const made = (t: ExecutionContext): OwnLadder => tinyLadder(t, {epochs: 2, train: 200});

const recordTiny = async (own: OwnLadder, options: {timestamp?: string; fresh?: boolean} = {}): Promise<void> => {
	const out = path.join(own.folder, 'runs');
	const recorder = await record(await openLadder(own.folder), 'tiny', {seeds: [1], out, ...options});
	await recorder.training?.result;
	recorder.write();
};

const check = async (own: OwnLadder): Promise<string> => {
	const ladder = await openLadder(own.folder);
	const problems = await checkTimestamps(new LadderRecords(ladder), ladder.entries);
	return problems.join('\n').replaceAll(`${own.folder}/`, '');
};

const textOf = (own: OwnLadder): string => own.read(step).split('*/')[0]?.replaceAll(/\s+/g, ' ') ?? '';

withOpenssl('a preregistration is stamped before training, and the token is what openssl verifies', async t => {
	const authority = new Authority(t);
	const own = made(t);
	let asked = 0;
	const url = await serve(t, request => {
		asked += 1;
		t.false(existsSync(path.join(own.folder, 'runs', 'tiny', 'latest')));
		return {body: authority.answer(request)};
	});
	await recordTiny(own, {timestamp: url});
	t.is(await check(own), '');
	const stamped = JSON.parse(own.read(file));
	const hash = createHash('sha256').update(own.read(promise)).digest('hex');
	t.is(stamped.promise, hash);
	t.is(stamped.url, url);
	t.is(stamped.authority, 'O=Test, CN=Clock');
	const fingerprint = execFileSync('openssl', ['x509', '-in', 'tsa.pem', '-noout', '-fingerprint', '-sha256'], {
		...{cwd: authority.folder, encoding: 'utf8'},
	});
	t.is(stamped.certificate, fingerprint.trim().split('=')[1]?.replaceAll(':', '').toLowerCase());
	writeFileSync(path.join(authority.folder, 'token'), Buffer.from(stamped.token, 'base64'));
	const verified = execFileSync(
		'openssl',
		['ts', '-verify', '-digest', hash, '-token_in', '-in', 'token', '-CAfile', 'root.pem', '-untrusted', 'tsa.pem'],
		{cwd: authority.folder, encoding: 'utf8', stdio: 'pipe'},
	);
	t.regex(verified, /Verification: OK/);
	const printed = execFileSync('openssl', ['ts', '-reply', '-token_in', '-in', 'token', '-text'], {
		...{cwd: authority.folder, encoding: 'utf8', stdio: 'pipe'},
	});
	const [, time = ''] = /Time stamp: (.*)/.exec(printed) ?? [];
	t.is(stamped.time, new Date(time).toISOString());
	t.true(
		textOf(own).includes(
			` Timestamped on ${stamped.time.slice(0, 16).replace('T', ' ')} UTC, before the first run, by O=Test, CN=Clock (certificate ${stamped.certificate.slice(0, 16)}). `,
		),
		textOf(own),
	);
	const {stdout, exitCode} = await own.run(['record', '--check']);
	t.deepEqual([stdout, exitCode], ['The records, text blocks and claims of 1 step agree.', 0]);

	await recordTiny(own, {timestamp: url}); // it has one
	t.is(asked, 1);
	await recordTiny(own, {fresh: true}); // another preregistration, without one
	t.false(existsSync(path.join(own.folder, file)));
	t.notRegex(textOf(own), /Timestamped/);
});

withOpenssl('each part of a kept timestamp is verified', async t => {
	const authority = new Authority(t);
	const own = made(t);
	await recordTiny(own, {timestamp: await serve(t, request => ({body: authority.answer(request)}))});
	const text = own.read(file);
	const {token} = JSON.parse(text);
	for (const [pattern, replacement, problem] of [
		[/"time": "2\d{3}/, '"time": "2020', 'it says something else than its token'],
		['CN=Clock', 'CN=Atomic Clock', 'it says something else than its token'],
		[/"certificate": "[\da-f]{4}/, '"certificate": "0000', 'it says something else than its token'],
		[/"promise": "[\da-f]{4}/, '"promise": "0000', 'it is of another hash'],
		[token.slice(0, 400), token.slice(0, 396), ''],
	] as const) {
		own.write(file, text.replace(pattern, replacement));
		t.true(
			(await check(own)).startsWith(`${file}: ${problem}`),
			`${await check(own)} for ${String(pattern).slice(0, 40)}`,
		);
		t.not(await check(own), '');
	}

	own.write(file, text);
	own.write(promise, own.read(promise).replace('"time": "2', '"time": "1'));
	t.is(await check(own), ''); // the record is damaged, which `check` names elsewhere
});

withOpenssl('any changed byte of a token is found, or changes nothing of what is read', t => {
	for (const key of [rsa, ec]) {
		const authority = new Authority(t, key);
		const hash = createHash('sha256').update('a preregistration').digest();
		execFileSync('openssl', ['ts', '-query', '-digest', hash.toString('hex'), '-sha256', '-cert', '-out', 'asked'], {
			...{cwd: authority.folder, stdio: 'pipe'},
		});
		authority.answer(readFileSync(path.join(authority.folder, 'asked')));
		execFileSync('openssl', ['ts', '-reply', '-in', 'reply', '-token_out', '-out', 'token'], {
			...{cwd: authority.folder, stdio: 'pipe'},
		});
		const token = readFileSync(path.join(authority.folder, 'token'));
		const found = readToken(token, hash);
		for (let at = 0; at < token.length; at += 7) {
			const changed = Buffer.from(token);
			changed[at] = (changed[at] ?? 0) ^ 0x10;
			try {
				t.deepEqual(readToken(changed, hash), found, `byte ${at}`);
			} catch (error) {
				t.true(error instanceof Error);
			}
		}
	}
});

withOpenssl('a token of a certificate that is not for timestamps is refused', async t => {
	const own = made(t);
	const broken = new Authority(t, {...rsa, use: 'serverAuth'});
	const url = await serve(t, request => ({body: answerUnchecked(broken, request)}));
	await t.throwsAsync(recordTiny(own, {timestamp: url}), {instanceOf: FetchError});
	t.false(existsSync(path.join(own.folder, file)));
	t.false(
		existsSync(path.join(own.folder, 'runs', 'tiny')) &&
			existsSync(path.join(own.folder, 'records/0-tiny/record.json')),
	);
});

/** Answers, or gives what openssl says if it refuses to sign with such a certificate. */
const answerUnchecked = (authority: Authority, request: Buffer): Buffer => {
	try {
		return authority.answer(request);
	} catch {
		return Buffer.from('no timestamp');
	}
};

test('an authority that fails, refuses or answers something else is named, and nothing is trained', async t => {
	const refusal = Buffer.from('30053003020102', 'hex'); // status 2, rejection
	for (const [body, status, problem] of [
		[
			Buffer.from('<html>'),
			200,
			/^the answer of http:\/\/127\.0\.0\.1:\d+\/ is no valid timestamp: .*; choose another authority$/,
		],
		[Buffer.alloc(0), 200, /is no valid timestamp: /],
		[refusal, 200, /is no valid timestamp: it refused, with status 2; choose another authority$/],
		[Buffer.alloc(2_000_000), 200, /gave no timestamp \(2000000 bytes\)/],
		[Buffer.from('no'), 503, /gave no timestamp \(status 503\): choose another authority, or leave `timestamp` out$/],
	] as const) {
		const own = made(t);
		const url = await serve(t, () => ({status, body}));
		await t.throwsAsync(recordTiny(own, {timestamp: url}), {instanceOf: FetchError, message: problem});
		t.false(existsSync(path.join(own.folder, 'runs', 'tiny', 'latest')));
		await recordTiny(own); // the preregistration stands
		t.notRegex(textOf(own), /Timestamped|attempt/);
	}

	const own = made(t);
	await t.throwsAsync(recordTiny(own, {timestamp: 'http://127.0.0.1:1/'}), {
		instanceOf: FetchError,
		message: /^http:\/\/127\.0\.0\.1:1\/ gave no timestamp \(.*\): choose another/,
	});
	rmSync(path.join(own.folder, 'records'), {recursive: true});
	for (const wrong of ['timestamp.example.org', 'ftp://example.org', '', 7 as never]) {
		await t.throwsAsync(recordTiny(own, {timestamp: wrong}), {
			instanceOf: ConfigError,
			message: /^`timestamp` should be the address of a timestamp authority \(RFC 3161\), such as /,
		});
	}

	t.false(existsSync(path.join(own.folder, 'records')));
});
