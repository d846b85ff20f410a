import {throwIfAborted} from '../../platform/abort.js';
import {startAnswering} from '../answering-process.js';
import type {MissingRuntime, Runtime} from '../format.js';
import type {TrainedNet} from '../read-model.js';

/** Loads `model.py`, prints the versions, then answers images on stdin, each batch with its number of images before it. */
const script = `
import platform, struct, sys
sys.path.insert(0, sys.argv[1])
import numpy, torch
import model
net = model.load()
out = sys.stdout.buffer
out.write(f"PyTorch {torch.__version__} on Python {platform.python_version()}\\n".encode())
out.flush()
shape = model.ABOUT["channels"], model.ABOUT["size"], model.ABOUT["size"]
while head := sys.stdin.buffer.read(4):
    (count,) = struct.unpack("<I", head)
    pixels = bytearray(sys.stdin.buffer.read(count * shape[0] * shape[1] * shape[2]))
    with torch.no_grad():
        logits = net(torch.frombuffer(pixels, dtype=torch.uint8).reshape(count, *shape))
    out.write(logits.numpy().astype("<f4").tobytes())
    out.flush()
`;

/** Starts a Python with PyTorch that answers by `model.py` in a folder. */
export const openPython = async (
	folder: string,
	model: TrainedNet,
	python: string | undefined,
	signal: AbortSignal,
): Promise<Runtime | MissingRuntime> => {
	const name = 'PyTorch';
	const needs = 'one that has torch, numpy and safetensors';
	if (python === undefined) {
		return {name, missing: `no Python was named: name ${needs} with \`--python\``};
	}

	try {
		return await startAnswering(python, ['-B', '-c', script, folder], model, signal);
	} catch (error) {
		throwIfAborted(signal);
		const reason = (error as Error).message;
		return {name, missing: `${python} could not load the model (${reason}): name ${needs} with \`--python\``};
	}
};
