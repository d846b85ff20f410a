import sharp from 'sharp';

/** Handwritten strokes for each digit, in a box of 100 x 140. */
const strokes: readonly string[] = [
	'M52 12 C20 12 14 50 14 72 C14 105 26 130 50 130 C78 130 88 98 86 66 C84 34 74 12 48 12',
	'M58 10 L46 130',
	'M18 40 C20 14 48 6 66 16 C88 30 78 60 58 82 C44 98 28 114 16 128 C38 122 62 124 88 128',
	'M20 22 C40 6 78 8 78 36 C78 58 56 66 42 66 C64 66 86 76 84 100 C80 130 38 138 16 118',
	'M30 12 C26 34 20 58 16 78 C40 80 64 78 88 74 M70 14 C68 54 64 94 60 130',
	'M82 14 L32 16 L26 62 C46 50 82 56 84 90 C84 124 44 136 18 118',
	'M68 10 C40 26 20 64 20 98 C22 130 66 138 76 108 C84 78 44 68 24 100',
	'M14 20 C38 16 62 16 86 18 C70 52 56 90 44 130',
	'M78 26 C62 4 24 12 26 38 C28 64 82 70 80 102 C76 134 24 134 22 104 C22 74 72 62 78 26',
	'M76 42 C74 12 28 8 24 40 C22 70 68 74 76 40 C78 70 72 100 62 130',
];

const path = (digit: number, ink: string, width: number, transform: string): string =>
	`<path d="${strokes[digit]}" transform="${transform}" fill="none" stroke="${ink}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;

const svg = (width: number, height: number, content: string): Buffer =>
	Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${content}</svg>`);

/** Draws a digit on unevenly lit paper, with camera noise. */
const photographed = async (digit: number): Promise<Buffer> => {
	const [width, height] = [360, 480];
	const paper = `<defs><radialGradient id="lamp" cx="0.15" cy="0.1" r="1.2"><stop offset="0" stop-color="#ece6d8"/><stop offset="1" stop-color="#75716a"/></radialGradient></defs><rect width="100%" height="100%" fill="url(#lamp)"/>`;
	const pen = path(digit, '#2b3350', 11, 'translate(120 130) rotate(6) scale(1.3)');
	const {data, info} = await sharp(svg(width, height, paper + pen))
		.removeAlpha()
		.raw()
		.toBuffer({resolveWithObject: true});
	let state = 1 + digit;
	const noisy = data.map(value => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.min(255, Math.max(0, value + (state % 4096) / 256 - 8));
	});
	return sharp(noisy, {raw: {width, height, channels: info.channels as 3}})
		.jpeg({quality: 80})
		.toBuffer();
};

const drawn = async (width: number, height: number, paper: string, pen: string): Promise<Buffer> =>
	sharp(svg(width, height, `<rect width="100%" height="100%" fill="${paper}"/>${pen}`))
		.png()
		.toBuffer();

/** Draws image files of a digit, by style. */
export const styles: Readonly<Record<string, (digit: number) => Promise<Buffer>>> = {
	'dark on light': async digit => drawn(240, 240, '#fff', path(digit, '#000', 11, 'translate(70 50)')),
	'light on dark': async digit => drawn(300, 240, '#14181c', path(digit, '#f2f2ea', 11, 'translate(100 50)')),
	'small in a corner': async digit =>
		drawn(420, 320, '#fafafa', path(digit, '#222', 12, 'translate(362 12) scale(0.5)')),
	thick: async digit => drawn(240, 240, '#fff', path(digit, '#103060', 21, 'translate(70 50)')),
	'photographed paper': photographed,
};

/** Draws empty paper. */
export const emptyPaper = async (): Promise<Buffer> => drawn(300, 300, '#e8e4da', '');
