import process from 'node:process';

/**
 * Changes to the folder in which a person typed `npm run COMMAND`: npm runs scripts in the package's folder, and paths and the
 * ladder are those of the person's.
 */
export const enterFolderTypedIn = () => {
	const {npm_lifecycle_event: script, INIT_CWD: folder} = process.env;
	if (folder !== undefined && script === process.argv[2]) {
		process.chdir(folder);
	}
};
