import {crc32, deflateSync} from 'node:zlib';
import {framed} from './mutate.js';

const chunk = (kind: string, data: Buffer): Buffer => {
	const named = Buffer.concat([Buffer.from(kind), data]);
	const length = Buffer.alloc(4);
	length.writeUInt32BE(data.length);
	const sum = Buffer.alloc(4);
	sum.writeUInt32BE(crc32(named));
	return Buffer.concat([length, named, sum]);
};

/** Makes a grey PNG with this size in its header, and these chunks. */
const png = (width: number, height: number, ...chunks: readonly Buffer[]): Buffer => {
	const header = Buffer.alloc(13);
	header.writeUInt32BE(width, 0);
	header.writeUInt32BE(height, 4);
	header[8] = 8;
	const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
	return Buffer.concat([magic, chunk('IHDR', header), ...chunks, chunk('IEND', Buffer.alloc(0))]);
};

/** Images with small files and large sizes. */
export const craftedImages = (): readonly Buffer[] => {
	const little = chunk('IDAT', deflateSync(Buffer.alloc(41)));
	const profile = Buffer.concat([Buffer.from('bomb\0\0'), deflateSync(Buffer.alloc(200_000_000))]);
	return [
		png(2 ** 31 - 1, 1, little),
		png(1, 2 ** 31 - 1, little),
		png(0, 0, little),
		png(30_000, 30_000, chunk('IDAT', deflateSync(Buffer.alloc(30_001 * 4000)))),
		png(40, 1, chunk('IDAT', deflateSync(Buffer.alloc(300_000_000)))),
		png(40, 1, chunk('iCCP', profile), little),
		png(40, 1, ...Array.from({length: 20_000}, () => chunk('tEXt', Buffer.from('a\0b'))), little),
		Buffer.alloc(0),
		Buffer.from(
			'<svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"><rect width="9" height="9"/></svg>',
		),
		Buffer.from('GIF89a'),
	];
};

/** Tensor files whose headers promise more than they contain. */
export const craftedTensors = (good: Buffer): readonly Buffer[] => {
	const length = Number(good.readBigUInt64LE(0));
	const header = JSON.parse(good.subarray(8, 8 + length).toString());
	const tensors = good.subarray(8 + length);
	const about = JSON.parse(header.__metadata__.stepladder);
	const saying = (net: object): Buffer =>
		framed({...header, __metadata__: {stepladder: JSON.stringify({...about, net: {...about.net, ...net}})}}, tensors);
	const not = (value: number): Buffer => {
		const changed = Buffer.from(tensors);
		changed.writeFloatLE(value, tensors.length - 4);
		return framed(header, changed);
	};

	return [
		saying({body: [{kind: 'block', channels: 2 ** 24, kernel: 3, padding: 0}]}),
		saying({body: Array.from({length: 300_000}, () => ({kind: 'block', channels: 1, kernel: 1, padding: 0}))}),
		saying({body: Array.from({length: 100_000}, () => ({kind: 'max-pool', kernel: 1}))}),
		saying({channels: 2 ** 31, size: 1}),
		saying({size: 100_000}),
		saying({classes: 2 ** 32}),
		saying({classes: 0}),
		...[Number.NaN, Number.POSITIVE_INFINITY, 3e38].map(not),
		framed({...header, extra: {dtype: 'F32', shape: [2 ** 40], data_offsets: [0, 2 ** 42]}}, tensors),
		Buffer.from('ffffffffffffffff', 'hex'),
		Buffer.alloc(0),
	];
};
