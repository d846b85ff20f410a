"""Times training passes of a step in tinygrad, for `npm run bench`: one jitted step, without augmentation.

usage: bench_tinygrad.py EXPERIMENT.json DATA_DIR

`bench_peer.py` has the protocol; the one variant is jit. tinygrad compiles its kernels with clang, which has to be
installed, and takes the threads that it is given from the start: all cores.
"""

from importlib import metadata

from bench_peer import plain_layers, plain_sgd, reporting_missing, serve, training_images

with reporting_missing():
    import numpy as np
    from tinygrad import Device, Tensor, TinyJit, nn
    from tinygrad.helpers import Context


def modules_of(layers):
    """A function or a module for each layer."""
    for kind, of in layers:
        if kind == "conv":
            channels, out, kernel, padding, bias = of
            yield nn.Conv2d(channels, out, kernel, padding=padding, bias=bias)
        elif kind == "norm":
            channels, momentum, epsilon = of
            yield nn.BatchNorm(channels, eps=epsilon, momentum=momentum)
        elif kind == "relu":
            yield Tensor.relu
        elif kind == "dropout":
            yield lambda x, share=of: x.dropout(share)
        elif kind == "max-pool":
            yield lambda x, kernel=of: x.max_pool2d((kernel, kernel))
        elif kind == "average-pool":
            yield lambda x, kernel=of: x.avg_pool2d((kernel, kernel))
        else:
            yield lambda x: x.flatten(1).reshape(x.shape[0], -1, 1, 1)


class Bench:
    def __init__(self, experiment, folder):
        layers, (momentum, nesterov, decay) = list(plain_layers(experiment["net"])), plain_sgd(experiment)
        try:
            Device[Device.DEFAULT]
        except Exception as error:
            raise ValueError(f"{error}: it needs clang") from error
        self.size = experiment["batchSize"]
        self.modules = list(modules_of(layers))
        parameters = [p for p in nn.state.get_parameters(self.modules) if p.is_param]
        self.parameters = sum(p.numel() for p in parameters)
        self.optimizer = nn.optim.SGD(parameters, 0.01, momentum, decay, nesterov)
        shape, pixels, labels = training_images(folder)
        images = np.frombuffer(pixels, np.uint8).reshape(shape).astype(np.float32)
        self.images = Tensor((images - images.mean()) / images.std()).realize()
        self.labels = Tensor(np.frombuffer(labels, np.uint8).astype(np.int32)).realize()
        self.generator = np.random.default_rng(1)
        self.steps = {}

    def step(self, batch):
        self.optimizer.zero_grad()
        logits = self.images[batch].sequential(self.modules).flatten(1)
        loss = logits.sparse_categorical_crossentropy(self.labels[batch]).backward()
        return loss.realize(*self.optimizer.schedule_step())

    def one_pass(self, variant, threads, count, augment):
        order = self.generator.permutation(self.labels.shape[0])[:count].astype(np.int32)
        with Context(TRAINING=1):
            for start in range(0, count, self.size):
                batch = Tensor(order[start : start + self.size])
                # A jitted function takes one shape: the last, shorter batch has its own.
                step = self.steps.setdefault(batch.shape[0], TinyJit(self.step))
                loss = step(batch.realize())
            return loss.item()


serve(metadata.version("tinygrad"), Bench)
