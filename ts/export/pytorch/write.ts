import {ConfigError} from '../../errors/index.js';
import {aboutOf} from '../about.js';
import {type Node, shapeOf, tensorOf} from '../graph.js';
import type {TrainedNet} from '../read-model.js';

/** Writes `model.py`: a module of PyTorch that loads `model.safetensors` beside it by the names that are in it. */
export const writePython = (model: TrainedNet): string => {
	const {graph, normalisation, classes} = model;
	const layers = new Map<string, string>();
	const flat = new Set<number>();
	const lines = graph.nodes.map((node, place) => {
		if (isFlat(model, node, flat)) {
			flat.add(place + 1);
		}

		return `        v${place + 1} = ${expression(model, node, layers, flat)}`;
	});
	const result = flat.has(graph.output) ? `v${graph.output}` : `v${graph.output}.flatten(1)`;
	const [channels, size] = graph.images;
	return `"""A net that was trained by ${aboutOf(model).producer}, for PyTorch. README.md says how it is used.

    net = load()
    logits = net(pixels)  # [N, ${classes.length}]; pixels: uint8 or float of 0 to 255, [N, ${channels}, ${size}, ${size}]
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from safetensors.torch import load_file

FOLDER = Path(__file__).parent
ABOUT = json.loads((FOLDER / "about.json").read_text(encoding="utf-8"))
CLASSES = ABOUT["classes"]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
${[...layers].map(([path, layer]) => `        self._place(${JSON.stringify(path)}, ${layer})`).join('\n')}

    def _place(self, path, layer):
        """Adds a layer at a path such as body.0.conv, as model.safetensors names it."""
        parent = self
        *parents, name = path.split(".")
        for part in parents:
            if part not in parent._modules:
                parent.add_module(part, nn.Module())
            parent = parent._modules[part]
        parent.add_module(name, layer)

    def forward(self, pixels):
        at = self.get_submodule
        v0 = (pixels.float() / 255 - ${normalisation.mean}) / ${normalisation.deviation}
${lines.join('\n')}
        return ${result}


def load(file=FOLDER / "model.safetensors"):
    """Returns the trained net, in evaluation mode."""
    net = Net()
    missing, unexpected = net.load_state_dict(load_file(file), strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]  # which predicts nothing
    unexpected = [name for name in unexpected if not name.startswith("ranges.")]  # of training for whole numbers
    assert not missing and not unexpected, (missing, unexpected)
    return net.eval()
`;
};

/** Returns whether the convolution of a node is a linear layer in PyTorch. */
const isLinear = ({graph}: TrainedNet, {op}: Node): boolean =>
	op.kind === 'conv' && tensorOf(graph, op.weight).shape.length === 2;

/**
 * Returns whether a node's value is written as `[N, channels]`: what a flatten or a linear layer returns, until something needs
 * `[N, channels, 1, 1]`.
 */
const isFlat = (model: TrainedNet, node: Node, flat: ReadonlySet<number>): boolean => {
	const keeps = ['activation', 'dropout', 'sigmoid', 'add', 'concat', 'scale'].includes(node.op.kind);
	return node.op.kind === 'flatten' || isLinear(model, node) || (keeps && node.inputs.every(input => flat.has(input)));
};

/** Returns the expression that computes a node, and adds the layer that it calls. */
const expression = (model: TrainedNet, node: Node, layers: Map<string, string>, flat: ReadonlySet<number>): string => {
	const {graph} = model;
	const {op} = node;
	const takesFlat = isFlat(model, node, flat);
	const values = node.inputs.map(input =>
		takesFlat === flat.has(input) ? `v${input}` : takesFlat ? `v${input}.flatten(1)` : `v${input}[:, :, None, None]`,
	);
	const [value = ''] = values;
	const [channels] = shapeOf(graph, node.inputs[0] ?? 0);
	const call = (tensor: string, layer: string): string => {
		const path = tensor.replace(/\.[^.]+$/, '');
		layers.set(path, layer);
		return `at(${JSON.stringify(path)})`;
	};
	switch (op.kind) {
		case 'conv': {
			const [outs] = node.shape;
			const bias = op.bias === undefined ? ', bias=False' : '';
			if (isLinear(model, node)) {
				const layer = call(op.weight, `nn.Linear(${channels}, ${outs}${bias})`);
				return `${layer}(${value})`;
			}

			const {kernel, stride, padding, dilation, groups} = op;
			const settings = Object.entries({stride, padding, dilation, groups})
				.filter(([name, value]) => value !== (name === 'padding' ? 0 : 1))
				.map(([name, value]) => `, ${name}=${value}`);
			return `${call(op.weight, `nn.Conv2d(${channels}, ${outs}, ${kernel}${settings.join('')}${bias})`)}(${value})`;
		}

		case 'batch-norm': {
			return `${call(op.weight, `nn.BatchNorm2d(${channels}, eps=${op.epsilon})`)}(${value})`;
		}

		case 'activation': {
			const name = activations[op.name];
			if (name === undefined) {
				throw new ConfigError(
					'format',
					'one that can express the model’s activation functions',
					`pytorch, for ${op.name}`,
				);
			}

			return `functional.${name}(${value})`;
		}

		case 'max-pool':
		case 'average-pool': {
			const name = op.kind === 'max-pool' ? 'max_pool2d' : 'avg_pool2d';
			return `functional.${name}(${value}, ${op.kernel}, stride=${op.stride}, padding=${op.padding})`;
		}

		case 'dropout': {
			return `functional.dropout(${value}, ${op.probability}, self.training)`;
		}

		case 'global-average-pool': {
			return `functional.adaptive_avg_pool2d(${value}, 1)`;
		}

		case 'flatten': {
			return value;
		}

		case 'sigmoid': {
			return `torch.sigmoid(${value})`;
		}

		case 'concat': {
			return `torch.cat([${values.join(', ')}], 1)`;
		}

		case 'add': {
			return values.join(' + ');
		}

		case 'scale': {
			return values.join(' * ');
		}
	}
};

/** PyTorch's functions, by the names of activation functions. */
const activations: Readonly<Record<string, string>> = {
	relu: 'relu',
	'leaky-relu': 'leaky_relu',
	elu: 'elu',
	relu6: 'relu6',
	'hard-swish': 'hardswish',
	silu: 'silu',
	gelu: 'gelu',
};
