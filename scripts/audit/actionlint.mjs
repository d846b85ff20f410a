import {failed, outputOf, passed, skipped} from './outcome.mjs';

const version = 'v1.7.12';

/** Checks the workflows with actionlint, which Go fetches and verifies by its checksum database. */
export const workflows = () => {
	const program = `github.com/rhysd/actionlint/cmd/actionlint@${version}`;
	const {status, stdout, stderr, isMissing} = outputOf('go', ['run', program, '-no-color']);
	if (status === 0) {
		return passed;
	}

	if (isMissing) {
		return skipped('Go, which fetches actionlint, is not installed');
	}

	return stdout === '' ? skipped(`actionlint could not be run: ${stderr}`) : failed(stdout);
};
