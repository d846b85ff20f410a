"""Times training passes of a step in PyTorch, for `npm run bench`: the same net, batch size, optimizer, schedule and
augmentation, each variant at its best-known settings: eager, channels-last, compile or bf16.

usage: bench_pytorch.py EXPERIMENT.json DATA_DIR

`bench_peer.py` has the protocol.
"""

from bench_peer import affine_ranges, reporting_missing, serve, training_images

with reporting_missing():
    import torch
    import torch.nn.functional as F
    from pytorch_net import Net


def augmented(images, ranges, generator):
    """A batch through one affine_grid and grid_sample: the fastest way that PyTorch has on a CPU."""
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


def optimizer_of(experiment, net):
    """PyTorch's optimizer with the settings of the experiment, in the form that updates all parameters at once."""
    settings = dict(experiment["optimizer"])
    kind = settings.pop("kind", "sgd")
    decay = settings.pop("weightDecay", 0.01)
    clip = settings.pop("clipNorm", None)
    if clip is not None:
        raise ValueError("it is timed without `clipNorm` only")
    bare = [p for p in net.parameters() if p.dim() == 1] if settings.pop("decayed", "all") == "weights" else []
    others = [p for p in net.parameters() if all(p is not one for one in bare)]
    groups = [{"params": others, "weight_decay": decay}, {"params": bare, "weight_decay": 0}]
    groups = [group for group in groups if group["params"]]
    if kind == "sgd" and settings.keys() == {"momentum", "nesterov"}:
        return torch.optim.SGD(groups, lr=0.01, fused=True, **settings)
    if kind == "adamw" and settings.keys() <= {"beta1", "beta2", "epsilon"}:
        betas = settings.get("beta1", 0.9), settings.get("beta2", 0.999)
        return torch.optim.AdamW(groups, lr=0.01, betas=betas, eps=settings.get("epsilon", 1e-8), fused=True)
    raise ValueError(f"it is timed with sgd and adamw only, got {experiment['optimizer']}")


class Bench:
    def __init__(self, experiment, folder):
        self.experiment, self.ranges = experiment, affine_ranges(experiment)
        for name in ("loss", "start"):
            if experiment.get(name):
                raise ValueError(f"it is timed without `{name}` only")
        shape, pixels, labels = training_images(folder)
        images = torch.frombuffer(pixels, dtype=torch.uint8).reshape(shape)
        self.images = images.float() / 255
        self.labels = torch.frombuffer(labels, dtype=torch.uint8).long()
        self.mean, self.deviation = self.images.mean(), self.images.std()
        self.generator = torch.Generator().manual_seed(1)
        net = Net(experiment["net"])
        optimizer_of(experiment, net)
        self.parameters = sum(p.numel() for p in net.parameters())
        self.ready = {}

    def prepare(self, variant):
        net = Net(self.experiment["net"])
        if variant == "channels-last":
            net = net.to(memory_format=torch.channels_last)
        return torch.compile(net) if variant == "compile" else net, optimizer_of(self.experiment, net)

    def one_pass(self, variant, threads, count, augment):
        torch.set_num_threads(threads)
        if variant not in self.ready:
            self.ready[variant] = self.prepare(variant)
        run, optimizer = self.ready[variant]
        experiment = self.experiment
        size = experiment["batchSize"]
        schedule = experiment["schedule"]
        rates = None
        if schedule["kind"] == "one-cycle":
            for group in optimizer.param_groups:
                for name in ("initial_lr", "max_lr", "min_lr"):
                    group.pop(name, None)  # of the pass before
            steps = -(-count // size) * experiment["epochs"]
            rates = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, max_lr=schedule["maxLearningRate"], total_steps=steps, cycle_momentum=False
            )
        run.train()
        order = torch.randperm(len(self.images), generator=self.generator)[:count]
        for batch in order.split(size):
            images = self.images[batch]
            if augment and self.ranges:
                images = augmented(images, self.ranges, self.generator)
            images = (images - self.mean) / self.deviation
            if variant == "channels-last":
                images = images.contiguous(memory_format=torch.channels_last)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", torch.bfloat16, enabled=variant == "bf16"):
                loss = F.cross_entropy(
                    run(images), self.labels[batch], label_smoothing=experiment.get("labelSmoothing", 0)
                )
            loss.backward()
            optimizer.step()
            if rates:
                rates.step()
        return float(loss.detach())


serve(torch.__version__, Bench)
