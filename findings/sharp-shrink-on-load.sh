#!/usr/bin/env bash
# sharp 0.35.5: a JPEG and a PNG of the same pixels, resized in the same way, differ by far more than rounding.
#
# When sharp resizes a JPEG to less than half its size, libvips has the JPEG decoder shrink the image by 2, 4 or 8 first.
# Where the sides are no multiple of that factor, the last rows and columns are cut off (up to 7), and the rest is stretched
# to the asked size. A PNG is read whole. A model trained on JPEGs so sees other pixels than one that is fed PNGs of the same
# photos. `fastShrinkOnLoad: false` only limits the factor; an operation that must see the whole image, such as `gamma(1)`,
# turns the shrinking off, and then both formats give the same bytes.
#
# Seen: a dark image of 253 x 255 with a bright frame of 5 pixels, to 28 x 28: largest difference 171 levels of 255, 74 with
# `fastShrinkOnLoad: false`, 0 with `gamma(1)`. Fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . sharp@0.35.5
cat > try.mjs <<'JS'
import sharp from 'sharp';

const [width, height, frame] = [253, 255, 5];
const pixels = Buffer.alloc(width * height);
for (let y = 0; y < height; y += 1) {
	for (let x = 0; x < width; x += 1) {
		const isFrame = x < frame || y < frame || x >= width - frame || y >= height - frame;
		pixels[y * width + x] = isFrame ? 255 : 40;
	}
}

const jpeg = await sharp(pixels, {raw: {width, height, channels: 1}}).jpeg({quality: 95}).toBuffer();
const png = await sharp(jpeg).png().toBuffer(); // the decoded pixels of that very JPEG
const small = (file, whole, options) => {
	const image = sharp(file);
	return (whole ? image.gamma(1) : image).resize(28, 28, {fit: 'fill', ...options}).greyscale().raw().toBuffer();
};
const largest = async (...how) => {
	const [a, b] = [await small(jpeg, ...how), await small(png, ...how)];
	return Math.max(...a.map((value, place) => Math.abs(value - b[place])));
};
console.log(JSON.stringify({sharp: sharp.versions.sharp, libvips: sharp.versions.vips}));
const [plain, slow, whole] = [await largest(false), await largest(false, {fastShrinkOnLoad: false}), await largest(true)];
console.log(`largest difference: ${plain} as it comes, ${slow} with fastShrinkOnLoad: false, ${whole} with gamma(1)`);
process.exitCode = plain === 171 && slow === 74 && whole === 0 ? 0 : 1;
JS
node try.mjs
