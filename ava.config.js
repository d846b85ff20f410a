export default {
	files: ['dist/test/**/*.test.js'],
	snapshotDir: 'test/snapshots', // dist/ is not committed
	workerThreads: false, // the tests of signals and of the addon want processes of their own
	concurrency: 2,
	timeout: '5m',
};
