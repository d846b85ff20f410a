"""What the Python peers of `npm run bench` share: the talk with the benchmark, and MNIST's files.

A peer is called as `python bench_NAME.py EXPERIMENT.json DATA_DIR`. It first prints a line of JSON: {"version": ...,
"parameters": number of them}, {"version": ..., "error": why it can't train that experiment}, or {"missing": the package
that this Python lacks}. It then reads lines of `VARIANT THREADS IMAGES augmented|plain` from stdin and answers each with
a line of JSON: {"seconds": of the training pass, "loss": of its last batch, "peakMemory": bytes} or {"error": "..."}.
The first pass of a variant is preceded by a warm-up that is not timed.
"""

import contextlib
import json
import pathlib
import resource
import struct
import sys
import time

# Batches of a warm-up.
WARM_UP = 20


@contextlib.contextmanager
def reporting_missing():
    """Ends the peer with a line about the package that an import in it lacks."""
    try:
        yield
    except ModuleNotFoundError as error:
        answer({"missing": error.name})
        sys.exit(0)


def answer(value):
    print(json.dumps(value), flush=True)


def read_idx(path):
    """The shape and the bytes of a file of MNIST's format."""
    data = pathlib.Path(path).read_bytes()
    count = data[3]
    return struct.unpack(f">{count}I", data[4 : 4 + 4 * count]), bytearray(data[4 + 4 * count :])


def training_images(folder):
    """Shape [count, channels, size, size] and bytes of the images, and the bytes of their labels."""
    (images,) = pathlib.Path(folder).glob("train-images-idx[34]-ubyte")  # grayscale or of several channels
    shape, pixels = read_idx(images)
    _, labels = read_idx(pathlib.Path(folder) / "train-labels-idx1-ubyte")
    return (shape[0], 1, *shape[1:]) if len(shape) == 3 else shape, pixels, labels


def affine_ranges(experiment):
    """The ranges of the one random affine transform, or None without augmentation."""
    augmentation = experiment.get("augmentation")
    if not augmentation:
        return None
    if isinstance(augmentation, list):
        if len(augmentation) > 1 or augmentation[0].get("kind") != "affine":
            raise ValueError("its augmentation is timed with one affine transform only")
        augmentation = augmentation[0]
    if augmentation.get("brightness") or augmentation.get("contrast"):
        raise ValueError("its augmentation is timed without brightness and contrast only")
    return augmentation


def plain_layers(net):
    """The layers of a net without branches, in order: (kind, setting), each with the settings of its block."""
    block, channels = net["block"], net["channels"]
    if block.get("activation", "relu") != "relu":
        raise ValueError("it is timed with ReLU only")
    for layer in net["body"] + net["head"]:
        kind = layer["kind"]
        known = {"kind", "channels", "kernel", "padding", "bias"} if kind in ("block", "conv") else {"kind", "kernel"}
        if kind not in ("block", "conv", "max-pool", "average-pool", "flatten") or layer.keys() - known:
            raise ValueError(f"it is timed without such `{kind}` layers only")
        if kind not in ("block", "conv"):
            yield kind, layer.get("kernel")
            continue
        out, kernel, padding = layer["channels"], layer["kernel"], layer["padding"]
        bias = block["bias"] if kind == "block" else layer["bias"]
        for part in block["order"] if kind == "block" else ["conv"]:
            if part == "conv":
                yield "conv", (channels, out, kernel, padding, bias)
            elif part == "relu":
                yield part, None
            elif part == "norm" and block["norm"] == "batch":
                yield part, (out, block.get("normMomentum", 0.1), block.get("normEpsilon", 1e-5))
            elif part == "dropout" and block["dropout"] > 0:
                yield part, block["dropout"]
        channels = out


def plain_sgd(experiment):
    """Momentum, nesterov and weight decay of an optimizer without anything else."""
    optimizer = experiment["optimizer"]
    known = {"kind", "momentum", "nesterov", "weightDecay"}
    if optimizer.get("kind", "sgd") != "sgd" or optimizer.keys() - known:
        raise ValueError("it is timed with plain sgd only")
    if experiment.get("labelSmoothing"):
        raise ValueError("it is timed without label smoothing only")
    return optimizer["momentum"], optimizer["nesterov"], optimizer["weightDecay"]


def serve(version, start):
    """Answers the benchmark until it closes stdin.

    `start(experiment, folder)` returns a peer with the number of its `parameters`, and
    `one_pass(variant, threads, count, augmented)`, which trains and returns the last loss as a float.
    """
    experiment, folder = json.loads(pathlib.Path(sys.argv[1]).read_text()), sys.argv[2]
    try:
        peer = start(experiment, folder)
    except ValueError as error:
        answer({"version": version, "error": str(error)})
        return
    answer({"version": version, "parameters": peer.parameters})
    warm = set()
    for line in sys.stdin:
        variant, threads, count, augmentation = line.split()
        settings = int(threads), augmentation == "augmented"
        try:
            answer(timed(peer, warm, experiment["batchSize"], variant, settings, int(count)))
        except Exception as error:  # a variant that lacks its compiler, say
            answer({"error": (str(error) or type(error).__name__).splitlines()[0]})


def timed(peer, warm, size, variant, settings, count):
    threads, augmented = settings
    if (variant, settings) not in warm:
        peer.one_pass(variant, threads, WARM_UP * size, augmented)
        if count % size:  # a compiler also has to see the last, shorter batch
            peer.one_pass(variant, threads, size + count % size, augmented)
        warm.add((variant, settings))
    begun = time.perf_counter()
    loss = peer.one_pass(variant, threads, count, augmented)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"seconds": seconds, "loss": loss, "peakMemory": peak}
