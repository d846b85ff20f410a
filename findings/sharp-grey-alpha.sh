#!/usr/bin/env bash
# sharp 0.35.5: `raw()` drops the transparency of a 'b-w' image, where `png()` of the same pipeline keeps it.
#
# A program that wants a grey image's own samples, and not the default of four channels in sRGB, asks for
# `toColourspace('b-w')`. Written as PNG, the result has two channels, grey and alpha; as raw pixels it has the first channel
# alone, without a word. What was transparent comes out as the grey beneath it, which is often black: a drawing on transparency
# becomes one dark square, while a look at the PNG of the same pipeline shows nothing wrong. 'grey16' keeps both in raw pixels.
#
# Seen, for a grey PNG with alpha: raw pixels have 4 channels as it is and as 'srgb', 1 as 'b-w', 2 as 'grey16'; a PNG as 'b-w'
# has 2. Fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . sharp@0.35.5
cat > try.mjs <<'JS'
import sharp from 'sharp';

const raw = {width: 2, height: 2, channels: 2};
const file = await sharp(Buffer.from([0, 255, 0, 0, 200, 255, 200, 0]), {raw}).toColourspace('b-w').png().toBuffer();
const channels = async (space, format) => {
	const image = space ? sharp(file).toColourspace(space) : sharp(file);
	return (await image[format]().toBuffer({resolveWithObject: true})).info.channels;
};
const spaces = [undefined, 'srgb', 'b-w', 'grey16'];
const seen = [...(await Promise.all(spaces.map(space => channels(space, 'raw')))), await channels('b-w', 'png')];
console.log(JSON.stringify({sharp: sharp.versions.sharp, space: (await sharp(file).metadata()).space}));
console.log(`raw channels: ${seen[0]} as it is, ${seen[1]} as srgb, ${seen[2]} as b-w, ${seen[3]} as grey16; PNG as b-w: ${seen[4]}`);
process.exitCode = seen.join() === '4,4,1,2,2' ? 0 : 1;
JS
node try.mjs
