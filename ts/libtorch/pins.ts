import process from 'node:process';
import {thisPlatform} from '../platform/platform.js';

/** A wheel of a Python package index, pinned by its hash. */
export type PinnedWheel = {
	/** As in the index. */
	readonly name: string;
	readonly version: string;
	readonly sha256: string;
};

/** The libtorch of a platform: its wheels, and the libraries in them that a CPU build needs. */
export type Pin = {
	/** The version of libtorch. */
	readonly version: string;
	/** As in the name of its addon's package. */
	readonly platform: string;
	/** The platform tags for pip, whatever Python runs it. */
	readonly tags: readonly string[];
	readonly wheels: readonly PinnedWheel[];
	/** The size of all wheels, such as `540 MB`. */
	readonly download: string;
	/** In the order in which they are opened: each after its dependencies. */
	readonly libraries: readonly string[];
	/** Files that only a build links against. */
	readonly linkedOnly: readonly string[];
};

/** The version that the bindings (`tch` in Cargo.toml) are made for. */
export const libtorchVersion = '2.13.0';

/** The Python that the wheels are for; libtorch itself does not depend on it. */
export const wheelPython = {version: '3.13', abi: 'cp313'} as const;

const pin = (platform: string, rest: Omit<Pin, 'version' | 'platform' | 'linkedOnly'> & Partial<Pin>): Pin => ({
	...{version: libtorchVersion, platform, linkedOnly: []},
	...rest,
});

const pins: readonly Pin[] = [
	pin('linux-x64-gnu', {
		tags: ['manylinux_2_28_x86_64', 'manylinux_2_25_x86_64', 'manylinux_2_17_x86_64'],
		wheels: [
			{
				...{name: 'torch', version: '2.13.0'},
				sha256: 'a3a9a21312872af8a26950b2c15680335a386a1f56ed03e780653d78b9607e9e',
			},
			{
				...{name: 'nvidia-cuda-runtime', version: '13.0.96'},
				sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
			},
			{
				...{name: 'nvidia-cuda-cupti', version: '13.0.85'},
				sha256: '4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8',
			},
		],
		download: '540 MB',
		libraries: ['libgomp.so.1', 'libcudart.so.13', 'libcupti.so.13', 'libc10.so', 'libtorch_cpu.so'],
	}),
	pin('linux-arm64-gnu', {
		tags: ['manylinux_2_28_aarch64', 'manylinux_2_25_aarch64', 'manylinux_2_17_aarch64'],
		wheels: [
			{
				...{name: 'torch', version: '2.13.0'},
				sha256: '1e09d6a722504957c694faceca843acde562786df1144ebcc5a74075ec7f6005',
			},
			{
				...{name: 'nvidia-cuda-runtime', version: '13.0.96'},
				sha256: 'ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55',
			},
			{
				...{name: 'nvidia-cuda-cupti', version: '13.0.85'},
				sha256: '796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151',
			},
		],
		download: '430 MB',
		libraries: [
			...['libgomp.so.1', 'libgfortran.so.5', 'libcudart.so.13', 'libcupti.so.13'],
			...['libnvpl_blas_core.so.0', 'libnvpl_blas_lp64_gomp.so.0'],
			...['libnvpl_lapack_core.so.0', 'libnvpl_lapack_lp64_gomp.so.0'],
			...['libarm_compute.so', 'libarm_compute_graph.so', 'libc10.so', 'libtorch_cpu.so'],
		],
	}),
	pin('darwin-arm64', {
		tags: ['macosx_14_0_arm64'],
		wheels: [
			{
				...{name: 'torch', version: '2.13.0'},
				sha256: '33449899ce5496c1b84b4853179d94fd102028ae1407314d9fb956bb79e70d09',
			},
		],
		download: '90 MB',
		libraries: ['libomp.dylib', 'libc10.dylib', 'libtorch_cpu.dylib', 'libtorch.dylib'],
	}),
	pin('win32-x64', {
		tags: ['win_amd64'],
		wheels: [
			{
				...{name: 'torch', version: '2.13.0'},
				sha256: '49b58f1e2c52440abb6f17c28f0335fe6c6d01ad1a7f55b0183b81e4b34d64e6',
			},
		],
		download: '120 MB',
		libraries: ['libiompstubs5md.dll', 'libiomp5md.dll', 'uv.dll', 'c10.dll', 'torch_cpu.dll', 'torch.dll'],
		linkedOnly: ['c10.lib', 'torch_cpu.lib', 'torch.lib'],
	}),
];

/** Platforms that have a ready-made libtorch. */
export const torchPlatforms: readonly string[] = pins.map(({platform}) => platform);

/** Returns the libtorch of a platform; `undefined` if no wheel is pinned. */
export const pinFor = (platform: string = thisPlatform()): Pin | undefined =>
	pins.find(pin => pin.platform === platform);

/** Returns the libraries that are opened before the addon; if no wheel is pinned, those of another processor's libtorch. */
export const openedLibraries = (): readonly string[] =>
	(pinFor() ?? pins.find(({platform}) => platform.startsWith(process.platform)))?.libraries ?? [];
