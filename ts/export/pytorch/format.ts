import {aboutOf} from '../about.js';
import type {Format} from '../format.js';
import {originText, preparationText} from '../readme.js';
import {openPython} from './python.js';
import {writePython} from './write.js';

/** PyTorch: a module's source, which loads the model file. */
export const pytorch: Format = {
	keepsDropouts: true,
	write: model => [
		{name: 'model.py', content: writePython(model)},
		{name: 'about.json', content: `${JSON.stringify(aboutOf(model), undefined, '\t')}\n`},
	],
	readme: (model, {name}) => `# ${name}, for PyTorch

\`model.py\` has the net as an \`nn.Module\`, and loads \`model.safetensors\` by the names that are in it. Needs \`torch\` and
\`safetensors\`.

\`\`\`python
import torch
from model import CLASSES, load

net = load()  # in evaluation mode; \`net.train()\` trains it further, with dropout
images = torch.zeros(1, ${model.graph.images.join(', ')}, dtype=torch.uint8)  # yours
with torch.no_grad():
    logits = net(images)
print([CLASSES[label] for label in logits.argmax(1)])
\`\`\`

${preparationText(model, '[N, channels, rows, columns], uint8 or float')}

${originText(model, true)}`,
	runtimes: async (folder, model, {python, signal}) => [await openPython(folder, model, python, signal)],
};
