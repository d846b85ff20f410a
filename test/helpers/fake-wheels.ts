import {createHash, randomBytes} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {zipSync} from 'fflate';
import type {Pin} from '../../ts/libtorch/pins.js';

/** Makes a wheel of any files, and its hash. */
export const fakeWheel = (files: Readonly<Record<string, Uint8Array>>) => {
	const bytes = zipSync(files, {level: 0});
	return {bytes, sha256: createHash('sha256').update(bytes).digest('hex')};
};

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

/** A library that can't be compressed. */
export const library = randomBytes(400_000);

/** A torch with a library, a header, a licence and a file that is not unpacked, and a wheel with another library. */
export const fakeWheels = {
	torch: fakeWheel({
		'torch/lib/libtorch_cpu.so': library,
		'torch/include/torch/script.h': text('#pragma once\n'),
		'torch/__init__.py': text('import this\n'),
		'torch-0.1.dist-info/METADATA': text('Metadata-Version: 2.1\nName: torch\nVersion: 0.1\n'),
		'torch-0.1.dist-info/WHEEL': text('Wheel-Version: 1.0\n'),
		'torch-0.1.dist-info/licenses/LICENSE': text('Do as you like.\n'),
		'torch-0.1.dist-info/licenses/third_party/fmt/LICENSE': text('As above.\n'),
	}),
	'nvidia-cuda-runtime': fakeWheel({
		'nvidia/lib/libcudart.so': text('not a library'),
		'nvidia_cuda_runtime-0.2.dist-info/METADATA': text(
			'Metadata-Version: 2.1\nName: nvidia-cuda-runtime\nVersion: 0.2\n',
		),
		'nvidia_cuda_runtime-0.2.dist-info/WHEEL': text('Wheel-Version: 1.0\n'),
		'nvidia_cuda_runtime-0.2.dist-info/License.txt': text('Read all of it.\n'),
	}),
};

/** Returns the pins of {@link fakeWheels}, or of others instead. */
export const fakePin = (wheels: Partial<typeof fakeWheels> = {}): Pin => {
	const {torch, 'nvidia-cuda-runtime': runtime} = {...fakeWheels, ...wheels};
	return {
		...{version: '0.1', platform: 'nowhere-x64', tags: ['any'], download: '0.4 MB', linkedOnly: []},
		libraries: ['libcudart.so', 'libtorch_cpu.so'],
		wheels: [
			{name: 'torch', version: '0.1', sha256: torch.sha256},
			{name: 'nvidia-cuda-runtime', version: '0.2', sha256: runtime.sha256},
		],
	};
};

/** Writes {@link fakeWheels} into a folder, as a user would have them, and returns their paths. */
export const writeWheels = (folder: string, torch: Uint8Array = fakeWheels.torch.bytes): string[] =>
	Object.entries({
		'torch-0.1-cp313-none-any.whl': torch,
		'nvidia_cuda_runtime-0.2-cp313-none-any.whl': fakeWheels['nvidia-cuda-runtime'].bytes,
	}).map(([name, bytes]) => {
		writeFileSync(path.join(folder, name), bytes);
		return path.join(folder, name);
	});
