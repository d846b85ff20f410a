import {displayPath} from '../format/command-line.js';
import {canonicalJson, sha256} from '../fs/hash.js';
import type {LedgerLine} from '../ledger/events.js';
import {appendToLedger, ledgerFile, readLedger} from '../ledger/ledger.js';
import {stoodBefore} from '../ledger/stood-before.js';
import {sweepFiles, sweepHash} from './file.js';
import type {SweepPlan} from './plan.js';
import type {SweepRecord} from './sweep-record.js';

const planHash = (plan: SweepPlan): string => sha256(canonicalJson(plan));

/** Notes in the ledger of a ladder that a sweep begins, or is resumed. */
export const noteSweepBegun = (ladder: string, sweep: string, plan: SweepPlan): void => {
	appendToLedger(ladder, {event: 'sweeping', step: plan.step, sweep, plan: planHash(plan)});
};

/**
 * Notes the record of a sweep, if the ledger has its beginning alone: for a sweep that was killed after it wrote the record, too.
 * A record that was edited since is not noted again.
 */
export const noteSweep = (ladder: string, sweep: string, record: SweepRecord): void => {
	const last = readLedger(ladder).findLast(
		line => (line.event === 'sweeping' || line.event === 'swept') && line.sweep === sweep,
	);
	if (last?.event === 'sweeping') {
		appendToLedger(ladder, {event: 'swept', sweep, plan: planHash(record.plan), record: sweepHash(record)});
	}
};

/**
 * Checks that the ledger of a ladder has a sweep as it is.
 *
 * @param lines of the ledger; none in a ladder from before there were ledgers
 * @returns a sentence if it has not
 */
export const checkSweepLedger = (
	lines: readonly LedgerLine[],
	ladder: string,
	sweep: string,
	folder: string,
	record: SweepRecord,
): string[] =>
	isNoted(lines, sweep, record) || stoodBefore(lines, ladder, folder, Object.values(sweepFiles))
		? []
		: [
				`${displayPath(folder)}: it is not in ${displayPath(ledgerFile(ladder))} as it is: the ledger was cut or rewritten, or the sweep changed`,
			];

const isNoted = (lines: readonly LedgerLine[], sweep: string, record: SweepRecord): boolean => {
	const at = lines.findLastIndex(line => line.event === 'swept' && line.sweep === sweep);
	const [noted, begun] = [
		lines[at],
		lines.slice(0, Math.max(0, at)).findLast(line => line.event === 'sweeping' && line.sweep === sweep),
	];
	const plan = planHash(record.plan);
	return (
		noted?.event === 'swept' &&
		begun?.event === 'sweeping' &&
		begun.step === record.plan.step &&
		[begun.plan, noted.plan].every(hash => hash === plan) &&
		noted.record === sweepHash(record)
	);
};
