import {closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync} from 'node:fs';
import path from 'node:path';
import {RecordError} from '../errors/index.js';
import {sha256} from '../fs/hash.js';
import {listFolder} from '../fs/list-folder.js';
import {lockPathFor, removeStaleLock, underLock} from '../fs/lock.js';
import {makeFolders} from '../fs/make-folders.js';
import {asRecordError, checkFile, readRecordText} from '../fs/record-file.js';
import {wrapWriteErrors} from '../fs/wrap-write-errors.js';
import {checkWritable, syncFolder} from '../fs/write-file-atomic.js';
import {validate, wrongChoice} from '../validation/validate.js';
import {type LedgerEvent, type LedgerLine, lineShapes, type UnhashedLine} from './events.js';

/** Returns the file of a ladder's ledger: a line of JSON for each event, which has the hash of the line before it. */
export const ledgerFile = (ladder: string): string => path.join(ladder, 'records', 'ledger.jsonl');

/** Returns whether a ladder has a ledger. Those of earlier versions have none. */
export const hasLedger = (ladder: string): boolean => existsSync(ledgerFile(ladder));

/**
 * Reads the ledger of a ladder, and checks the shape of each line and that it has the hash of the line before it.
 *
 * @returns its lines; none if there is no ledger
 * @throws {RecordError} for the first line that was changed, removed or moved
 */
export const readLedger = (ladder: string): LedgerLine[] => {
	const file = ledgerFile(ladder);
	return hasLedger(ladder) ? parseLedger(readRecordText(file), file) : [];
};

/**
 * Parses the text of a ledger, as {@link readLedger} does.
 *
 * @param file its name in sentences
 */
export const parseLedger = (text: string, file: string): LedgerLine[] => {
	const lines = wholeLines(text);
	return lines.map((line, index) => {
		const at = `${file}, line ${index + 1}`;
		const before = lines[index - 1];
		const parsed = parseLine(line, at);
		if (parsed.previous !== (before === undefined ? null : sha256(before))) {
			throw new RecordError(
				at,
				before === undefined
					? 'it names a line before it: the ledger was cut at its beginning; restore it'
					: `it does not have the hash of line ${index}: one of the two was changed, or lines were removed, added or moved; restore the ledger`,
			);
		}

		if ((parsed.event === 'opened') !== (index === 0)) {
			throw new RecordError(at, 'the first line of a ledger, and no other, says when it was opened');
		}

		return {...parsed, hash: sha256(line)};
	});
};

const parseLine = (line: string, at: string): UnhashedLine => {
	const value: unknown = asRecordError(at, () => JSON.parse(line), 'it is not JSON: ');
	const {event} = (value ?? {}) as {readonly event?: unknown};
	const names = Object.keys(lineShapes);
	return asRecordError(at, () => {
		if (typeof event !== 'string' || !names.includes(event)) {
			const known = names.map(name => `\`${name}\``).join(', ');
			throw wrongChoice('event', `one of ${known}, or was noted by a newer version`, event, names);
		}

		return validate(lineShapes[event as LedgerLine['event']], value, 'line');
	});
};

/**
 * Splits the text of a ledger into its lines. The last may be torn, as after a power cut: the command that wrote it has not
 * gone on, so it does not count.
 */
const wholeLines = (text: string): string[] => {
	const lines = text.split('\n');
	const last = lines.pop() ?? '';
	return isWhole(last) ? [...lines, last] : lines;
};

/** Whether a line without a line end is complete: an editor may have removed the line end. */
const isWhole = (line: string): boolean => {
	try {
		return JSON.parse(line) instanceof Object;
	} catch {
		return false;
	}
};

/**
 * Appends events to the ledger of a ladder, which begins with the first of them, and waits until they are on disk. Other
 * processes may do so at the same time.
 *
 * @returns the hash of the last line
 * @throws {WriteError} if the system refuses: the ledger then is as it was before
 */
export const appendToLedger = (ladder: string, ...events: readonly LedgerEvent[]): string => {
	const file = ledgerFile(ladder);
	const folder = path.dirname(file);
	return wrapWriteErrors(`the ledger ${file}`, file, () => {
		makeFolders(folder);
		return underLock(`the ledger ${file}`, lockPathFor(file), () => {
			checkWritable(file);
			const isNew = !existsSync(file);
			const found = isNew ? '' : readFileSync(file, 'utf8');
			const lines = wholeLines(found.replaceAll('\r\n', '\n'));
			const kept = isWhole(found.slice(found.lastIndexOf('\n') + 1))
				? found
				: found.slice(0, found.lastIndexOf('\n') + 1);
			const opened = lines.length === 0 ? [{event: 'opened', format: 1, files: earlierFiles(folder)} as const] : [];
			const time = new Date().toISOString();
			let previous = lines.length === 0 ? null : sha256(lines.at(-1) ?? '');
			let added = kept === '' || kept.endsWith('\n') ? '' : '\n';
			for (const {event, ...fields} of [...opened, ...events]) {
				const line = JSON.stringify({time, event, ...fields, previous});
				previous = sha256(line);
				added += `${line}\n`;
			}

			write(file, isNew, Buffer.byteLength(kept), added);
			return previous ?? '';
		});
	});
};

/** Returns the hash of the ledger's last line. A ladder without a ledger gets one. */
export const ledgerHead = (ladder: string): string => readLedger(ladder).at(-1)?.hash ?? appendToLedger(ladder);

/** Removes what a killed process left beside the ledger, for commands that append nothing. */
export const cleanUpLedger = (ladder: string): void => {
	removeStaleLock(lockPathFor(ledgerFile(ladder)));
};

/** Writes a text at the end of the first `length` bytes of a file; if that fails, the file keeps those. */
const write = (file: string, isNew: boolean, length: number, text: string): void => {
	const descriptor = openSync(file, isNew ? 'wx' : 'r+');
	try {
		ftruncateSync(descriptor, length);
		const bytes = Buffer.from(text);
		for (let written = 0; written < bytes.length; ) {
			written += writeSync(descriptor, bytes, written, bytes.length - written, length + written);
		}

		fsyncSync(descriptor);
	} catch (error) {
		restore(file, descriptor, isNew, length);
		throw error;
	} finally {
		closeSync(descriptor);
	}

	if (isNew) {
		syncFolder(path.dirname(file));
	}
};

const restore = (file: string, descriptor: number, isNew: boolean, length: number): void => {
	try {
		ftruncateSync(descriptor, length);
		if (isNew) {
			rmSync(file, {force: true});
		}
	} catch {
		// a torn line does not count
	}
};

/** The files of a record and of a sweep that stand for the others. */
const [recordFiles, sweepFiles] = [
	['promise.json', 'record.json', 'epochs.csv', 'predictions.jsonl', 'classes.jsonl'],
	['sweep.json', 'epochs.csv'],
];

/** Returns the SHA-256 of each file of the records and sweeps in a folder, by its path there. */
const earlierFiles = (records: string): Record<string, string> => {
	const hashesIn = (folder: string, names: readonly string[]): Array<[string, string]> =>
		names
			.filter(name => existsSync(path.join(records, folder, name)))
			.map(name => [`${folder}/${name}`, fileHash(path.join(records, folder, name))]);
	const foldersIn = (folder: string): string[] =>
		listFolder(path.join(records, folder))
			.filter(name => !name.startsWith('.'))
			.toSorted();
	return Object.fromEntries([
		...foldersIn('.').flatMap(name => hashesIn(name, recordFiles)),
		...foldersIn('sweeps').flatMap(name => hashesIn(`sweeps/${name}`, sweepFiles)),
	]);
};

/** Returns the SHA-256 of a text file, whatever its line ends: git may check it out with others. */
export const fileHash = (file: string): string => {
	checkFile(file);
	return sha256(readRecordText(file));
};
