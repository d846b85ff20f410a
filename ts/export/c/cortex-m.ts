import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {formatBytes} from '../../format/bytes.js';
import {throwIfAborted} from '../../platform/abort.js';
import type {Figures, MissingRuntime, Runtime, RuntimeOptions, WriteOptions} from '../format.js';
import type {TrainedNet} from '../read-model.js';
import {reasonOf, warnings} from './compile.js';

const run = promisify(execFile);

const compiler = 'arm-none-eabi-gcc';
const emulator = 'qemu-system-arm';
const target = ['-mcpu=cortex-m4', '-mthumb', '-mfloat-abi=hard', '-mfpu=fpv4-sp-d16', '-O2'];

const tools = `${compiler} with newlib and ${emulator} (Debian: gcc-arm-none-eabi, libnewlib-arm-none-eabi, qemu-system-arm)`;

/** Bytes of flash and of RAM that a net may have: the emulated machine has 4 MiB of each. */
const largest = 3 * 2 ** 20;

/** Images that the emulator answers: each needs some hundredths of a second. */
const most = 20;

/** The emulator counts 64 nanoseconds an instruction, by a timer of 25 MHz. */
const clock = {shift: 6, nanosecondsPerTick: 40};

/**
 * A program without an operating system: it starts with the vector table at address 0, switches the FPU on, and reads and writes
 * files of the machine that emulates it. `TIMER` is a CMSDK APB timer: control, value, reload.
 */
const program = (name: string): string => `#include "${name}.h"

#include <stdio.h>
#include <stdlib.h>

extern void initialise_monitor_handles(void);
int main(void);

void _init(void) {}
void _fini(void) {}

static void reset(void)
{
	*(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR */
	__asm volatile("dsb\\n\\tisb");
	initialise_monitor_handles();
	exit(main());
}

static void fault(void)
{
	abort();
}

__attribute__((section(".vectors"), used)) static void *const vectors[7] = {
	(void *)0x20400000, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};

#define TIMER ((volatile uint32_t *)0x40000000)

int main(void)
{
	static uint8_t pixels[${name.toUpperCase()}_PIXELS];
	static float logits[${name.toUpperCase()}_CLASSES];
	FILE *in = fopen("pixels", "rb"), *out = fopen("logits", "wb"), *ticks = fopen("ticks", "w");
	TIMER[2] = TIMER[1] = 0xffffffff;
	TIMER[0] = 1;
	while (fread(pixels, sizeof pixels, 1, in) == 1) {
		const uint32_t start = TIMER[1];
		${name}_predict(pixels, logits);
		fprintf(ticks, "%lu\\n", (unsigned long)(start - TIMER[1]));
		fwrite(logits, sizeof logits, 1, out);
	}
	return 0;
}
`;

/**
 * Compiles an export for a Cortex-M4 with an FPU, and runs it under QEMU, which counts instructions.
 *
 * @param folder that of the export, which is unchanged
 */
export const onCortexM = async (
	folder: string,
	{graph}: TrainedNet,
	{name, int8, signal}: Pick<WriteOptions, 'name' | 'int8'> & Pick<RuntimeOptions, 'signal'>,
): Promise<Runtime | MissingRuntime> => {
	const numbers = [...graph.tensors.values()].reduce((sum, {values}) => sum + values.length, 0);
	if (numbers * (int8 ? 1 : 4) > largest) {
		return tooLarge(`${formatBytes(numbers * (int8 ? 1 : 4))} of weights`); // GCC takes minutes for so many
	}

	const work = mkdtempSync(path.join(os.tmpdir(), 'stepladder-cortex-'));
	const remove = (): void => rmSync(work, {recursive: true, force: true});
	const execute = async (command: string, ...args: string[]): Promise<string> =>
		(await run(command, args, {cwd: work, signal})).stdout;
	try {
		const version = /version (\S+)/.exec(await execute(emulator, '--version'))?.[1] ?? '';
		writeFileSync(path.join(work, 'main.c'), program(name));
		const source = path.join(folder, `${name}.c`);
		await execute(compiler, ...warnings, ...target, '-fstack-usage', '-c', '-o', 'net.o', source);
		const size = sizeOf(await execute('arm-none-eabi-size', 'net.o'));
		if (Math.max(size.flash, size.ram) > largest) {
			remove();
			return tooLarge(`${formatBytes(size.flash)} of flash and ${formatBytes(size.ram)} of RAM`);
		}

		const places = ['--section-start=.vectors=0', '-Ttext=0x400', '-Tdata=0x20000000', '-e', '0x400'];
		await execute(
			compiler,
			...[...target, '-std=gnu99', '-I', folder, '-o', 'net.elf', 'main.c', 'net.o', '-lm'],
			...['--specs=rdimon.specs', '-nostartfiles', `-Wl,${places.join(',')}`],
		);
		const stackUsage = readFileSync(path.join(work, 'net.su'), 'utf8');
		const counts: number[] = [];
		return {
			name: `Cortex-M4, ${emulator} ${version}`,
			most,
			async logits(pixels) {
				writeFileSync(path.join(work, 'pixels'), pixels);
				const machine = ['-M', 'mps2-an386', '-cpu', 'cortex-m4', '-nographic', '-monitor', 'none', '-serial', 'none'];
				await execute(emulator, ...machine, '-semihosting', '-icount', `shift=${clock.shift}`, '-kernel', 'net.elf');
				counts.push(...readFileSync(path.join(work, 'ticks'), 'utf8').trim().split('\n').map(Number));
				return new Float32Array(new Uint8Array(readFileSync(path.join(work, 'logits'))).buffer);
			},
			figures: () => ({...size, stack: stackOf(stackUsage), instructions: instructionsOf(counts)}),
			close: remove,
		};
	} catch (error) {
		remove();
		throwIfAborted(signal);
		return {name: 'Cortex-M4', missing: `${reasonOf(error)}: install ${tools}`};
	}
};

const tooLarge = (found: string): MissingRuntime => ({
	name: 'Cortex-M4',
	missing: `the net has ${found}, and ${formatBytes(largest)} of flash or RAM are the most that are tried there`,
});

/** Returns the bytes of an object file, as `size` prints them. */
const sizeOf = (printed: string): Pick<Figures, 'flash' | 'ram'> => {
	const [text = 0, data = 0, bss = 0] = (printed.split('\n')[1] ?? '').trim().split(/\s+/).map(Number);
	return {flash: text + data, ram: data + bss};
};

/** Returns the bytes of the frames of all functions, as GCC writes them: none of them calls itself. */
const stackOf = (usage: string): number =>
	usage
		.trim()
		.split('\n')
		.reduce((sum, line) => sum + Number(line.split('\t')[1]), 0);

/** Returns the mean number of instructions of an image. */
const instructionsOf = (ticks: readonly number[]): number => {
	const mean = ticks.reduce((sum, count) => sum + count, 0) / Math.max(1, ticks.length);
	return Math.round((mean * clock.nanosecondsPerTick) / 2 ** clock.shift);
};
