"""Times epochs of a step in PyTorch, for `npm run bench`: the same net, batch size, optimizer, schedule and
augmentation, each variant at its best-known settings.

usage: bench_pytorch.py EXPERIMENT.json DATA_DIR

Reads lines from stdin, `VARIANT THREADS IMAGES` with a variant of eager, channels-last, compile or bf16, and answers
each with a line of JSON: {"seconds": of the training pass, "loss": of its last batch, "peakMemory": bytes}. A variant
that can't run answers {"error": "..."}. The first pass of a variant is preceded by a warm-up of 20 batches.
"""

import json
import pathlib
import resource
import struct
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def read_idx(path):
    data = pathlib.Path(path).read_bytes()
    dimensions = struct.unpack(">%dI" % data[3], data[4 : 4 + 4 * data[3]])
    body = torch.frombuffer(bytearray(data[4 + 4 * data[3] :]), dtype=torch.uint8)
    return body.reshape(dimensions)


def build(net):
    block = net["block"]
    layers, channels, size = [], net["channels"], net["size"]
    for layer in net["body"] + net["head"]:
        kind = layer["kind"]
        if kind in ("block", "conv"):
            bias = block["bias"] if kind == "block" else layer["bias"]
            out = layer["channels"]
            parts = {
                "conv": nn.Conv2d(channels, out, layer["kernel"], padding=layer["padding"], bias=bias),
                "norm": nn.BatchNorm2d(out) if block["norm"] == "batch" else None,
                "relu": nn.ReLU(inplace=True),
                "dropout": nn.Dropout(block["dropout"]) if block["dropout"] > 0 else None,
            }
            order = block["order"] if kind == "block" else ["conv"]
            layers += [parts[part] for part in order if parts[part] is not None]
            channels = out
        elif kind == "max-pool":
            layers.append(nn.MaxPool2d(layer["kernel"]))
        elif kind == "average-pool":
            layers.append(nn.AvgPool2d(layer["kernel"]))
        else:
            layers.append(nn.Flatten())
    return nn.Sequential(*layers)


def augmented(images, ranges, generator):
    """A batch through one affine_grid and grid_sample: the fastest way that PyTorch has on a CPU."""
    if isinstance(ranges, list):
        raise ValueError("augmentation is a list of transforms: only an object of ranges is timed here")
    count, size = images.shape[0], images.shape[-1]

    def draw(low, high):
        return torch.rand(count, generator=generator) * (high - low) + low

    angle = torch.deg2rad(draw(-ranges["rotation"], ranges["rotation"]))
    shear = torch.tan(torch.deg2rad(draw(-ranges["shear"], ranges["shear"])))
    scale = draw(ranges["scaleMin"], ranges["scaleMax"])
    far = ranges["translation"] * size
    x, y = (torch.round(draw(-far, far)) * 2 / size for _ in range(2))
    sin, cos = torch.sin(angle), torch.cos(angle)
    a, b = (cos - sin * shear) / scale, (cos * shear + sin) / scale
    d, e = -sin / scale, cos / scale
    theta = torch.stack([a, b, -(a * x + b * y), d, e, -(d * x + e * y)], 1).view(-1, 2, 3)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


class Bench:
    def __init__(self, experiment, data_dir):
        self.experiment = experiment
        images = read_idx(pathlib.Path(data_dir) / "train-images-idx3-ubyte")
        self.images = images.unsqueeze(1).float() / 255
        self.labels = read_idx(pathlib.Path(data_dir) / "train-labels-idx1-ubyte").long()
        self.mean, self.deviation = self.images.mean(), self.images.std()
        self.generator = torch.Generator().manual_seed(1)
        self.ready = {}

    def prepare(self, variant):
        experiment = self.experiment
        net = build(experiment["net"])
        if variant == "channels-last":
            net = net.to(memory_format=torch.channels_last)
        run = torch.compile(net) if variant == "compile" else net
        settings = experiment["optimizer"]
        if settings.get("kind") == "adamw":
            betas = (settings.get("beta1", 0.9), settings.get("beta2", 0.999))
            decay = settings.get("weightDecay", 0.01)
            optimizer = torch.optim.AdamW(net.parameters(), lr=0.01, betas=betas, weight_decay=decay, fused=True)
        else:
            optimizer = torch.optim.SGD(
                net.parameters(),
                lr=0.01,
                momentum=settings["momentum"],
                nesterov=settings["nesterov"],
                weight_decay=settings["weightDecay"],
                fused=True,
            )
        return run, optimizer

    def one_pass(self, variant, run, optimizer, count):
        experiment = self.experiment
        size = experiment["batchSize"]
        schedule = experiment["schedule"]
        if schedule["kind"] == "one-cycle":
            steps = -(-count // size) * experiment["epochs"]
            rates = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, max_lr=schedule["maxLearningRate"], total_steps=steps, cycle_momentum=False
            )
        run.train()
        order = torch.randperm(len(self.images), generator=self.generator)[:count]
        for batch in order.split(size):
            images = self.images[batch]
            if experiment.get("augmentation"):
                images = augmented(images, experiment["augmentation"], self.generator)
            images = (images - self.mean) / self.deviation
            if variant == "channels-last":
                images = images.contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=variant == "bf16"):
                loss = F.cross_entropy(run(images), self.labels[batch])
            loss.backward()
            optimizer.step()
            if schedule["kind"] == "one-cycle":
                rates.step()
        return float(loss.detach())

    def time(self, variant, threads, count):
        torch.set_num_threads(threads)
        if (variant, threads) not in self.ready:
            self.ready[variant, threads] = self.prepare(variant)
            self.one_pass(variant, *self.ready[variant, threads], 20 * self.experiment["batchSize"])
        begun = time.perf_counter()
        loss = self.one_pass(variant, *self.ready[variant, threads], count)
        seconds = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {"seconds": seconds, "loss": loss, "peakMemory": peak}


bench = Bench(json.loads(pathlib.Path(sys.argv[1]).read_text()), sys.argv[2])
print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    variant, threads, count = line.split()
    try:
        answer = bench.time(variant, int(threads), int(count))
    except Exception as error:  # a variant that lacks its compiler, say
        answer = {"error": str(error).splitlines()[0]}
    print(json.dumps(answer), flush=True)
