import type {Format} from '../format.js';
import {sizeOf} from '../graph.js';
import {originText, preparationText} from '../readme.js';
import {compiled} from './compile.js';
import {onCortexM} from './cortex-m.js';
import {writeInt8} from './int8/write.js';
import {writeC} from './write.js';

const precision = {
	floats: `Every number is computed by the operations of the engine \`fused\`, in its order: logits have the same bits on any machine with IEEE
floats whose \`fmaf\` rounds once, as on x86-64, arm64 and the Cortex-M4 and later. Compile without \`-ffast-math\`.`,
	int8: `Weights and values are whole numbers of a byte, sums of 32 bits: answers are the same on any machine, with or without an FPU. Logits
have steps of 1 / 65536. \`export.json\` says how many images are right by the model in floats and by this one.`,
};

/** C99: a header and a source without dependencies, for microcontrollers as for anything else. */
export const c: Format = {
	keepsDropouts: false,
	write: (model, {name, int8}, images) => (int8 ? writeInt8(model, name, images) : writeC(model, name)),
	readme: (model, {name, int8}) => `# ${name}.c

\`${name}.h\` and \`${name}.c\` are C99 without dependencies: they allocate nothing, all numbers are constants, and a prediction works in
static memory of \`${name.toUpperCase()}_WORKSPACE\` bytes.

\`\`\`c
#include "${name}.h"
#include <stdio.h>

int main(void)
{
	static uint8_t pixels[${name.toUpperCase()}_PIXELS]; /* yours */
	float logits[${name.toUpperCase()}_CLASSES];
	int label = ${name}_predict(pixels, logits);
	printf("%s %.3f\\n", ${name}_classes[label], (double)logits[label]);
	return 0;
}
\`\`\`

\`\`\`sh
cc -std=c99 -O2 main.c ${name}.c -lm
\`\`\`

${preparationText(model, `channel by channel and row by row: ${sizeOf(model.graph.images)} in all`)}

## Precision

${int8 ? precision.int8 : precision.floats}

${originText(model)}`,
	runtimes: async (folder, model, options) => [
		await compiled(folder, options.name, model, options.signal),
		await onCortexM(folder, model, options),
	],
};
