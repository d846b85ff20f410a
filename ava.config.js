import process from 'node:process';

// The tests of packages want a registry to install from: `npm run test:packages` starts one, and runs them alone.
const ofPackages = 'dist/test/packages/**/*.test.js';

export default {
	files: process.env.STEPLADDER_TEST_NPMRC ? [ofPackages] : ['dist/test/**/*.test.js', `!${ofPackages}`],
	snapshotDir: 'test/snapshots', // dist/ is not committed
	workerThreads: false, // the tests of signals and of the addon want processes of their own
	concurrency: 2,
	timeout: '5m',
};
