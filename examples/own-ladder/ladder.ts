import {defineLadder, imageFolder} from 'stepladder';

export default defineLadder({
	name: 'Shapes in files',
	data: imageFolder('images', {size: 16, channels: 3}),
	target: {testAccuracy: 0.9, heldFor: 2, maxParameters: 2000, maxEpochs: 8},
});
