import {arrays, defineLadder} from 'stepladder';
import {drawShapes} from './shapes.ts';

export default defineLadder({
	name: 'Coloured shapes',

	// Drawn by shapes.ts. For images of your own:
	//
	//   data: imageFolder('images', {size: 32, channels: 3}),   images/train/<class>/*.jpg and images/test/<class>/*.jpg
	//   data: idx('data'),                                      four IDX files, named as MNIST's are
	data: arrays(drawShapes({size: 16, train: 1200, test: 400})),

	// Goal of the ladder.
	target: {testAccuracy: 0.98, heldFor: 3, maxParameters: 2000, maxEpochs: 10},
});
