import {createHash} from 'node:crypto';

/** The text of a run's `config.json` with the hash that fits what it says. */
export const sealedConfig = (text: string): string => {
	const {hash: _, ...config} = JSON.parse(text);
	const hash = createHash('sha256').update(JSON.stringify(config)).digest('hex');
	return `${JSON.stringify({...config, hash}, undefined, '\t')}\n`;
};
