"""Writes the expected figures of the trainer's tests with PyTorch and torchvision.

usage: python scripts/reference/make_fixtures.py

Wants torch 2.13.0, torchvision, scikit-learn, safetensors and numpy; the tests read only the JSON that it writes to
crates/trainer/tests/fixtures/. Figures are printed with all digits of their f32 or f64.
"""

import json
import pathlib

import numpy
import torch
import torch.nn.functional as F
import torchvision
import torchvision.transforms.v2.functional as TF
from pytorch_net import ACTIVATIONS, Net
from safetensors.torch import save_file
from sklearn.utils.class_weight import compute_class_weight
from torch.ao.quantization import MovingAverageMinMaxObserver, PerChannelMinMaxObserver

OUT = pathlib.Path(__file__).parents[2] / "crates" / "trainer" / "tests" / "fixtures"


def numbers(tensor):
    return [float(x) for x in tensor.detach().flatten().tolist()]


def short(tensor):
    """The fewest digits that give the same f32."""
    return [float(str(numpy.float32(x))) for x in numbers(tensor)]


def write(name, value):
    value = {"torch": torch.__version__, "torchvision": torchvision.__version__, **value}
    text = json.dumps(value, separators=(",", ":"))
    (OUT / f"{name}.json").write_text(text + "\n")
    print(f"{name}.json: {len(text)} bytes")


def one_cycle():
    cases = []
    for peak, steps, share, div, final_div, cycle in [
        (0.1, 40, 0.2, 25.0, 1e4, None),
        (0.015, 33, 0.3, 10.0, 100.0, (0.7, 0.95)),
        (1.0, 7, 0.5, 4.0, 1.0, (0.85, 0.9)),
        (0.1, 1, 0.2, 25.0, 1e4, None),
    ]:
        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([parameter], lr=1.0, momentum=0.9)
        base, most = cycle or (0.85, 0.95)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=peak,
            total_steps=steps,
            pct_start=share,
            div_factor=div,
            final_div_factor=final_div,
            cycle_momentum=cycle is not None,
            base_momentum=base,
            max_momentum=most,
        )
        rates, momenta = [], []
        for step in range(steps):
            rates.append(float(optimizer.param_groups[0]["lr"]))
            momenta.append(float(optimizer.param_groups[0]["momentum"]))
            optimizer.step()
            if step + 1 < steps:
                schedule.step()
        case = {"maxLearningRate": peak, "pctStart": share, "divFactor": div, "finalDivFactor": final_div}
        case["cycleMomentum"] = {"base": base, "max": most} if cycle else None
        cases.append(
            {"schedule": {"kind": "one-cycle", **case}, "rates": rates, "momenta": momenta if cycle else None}
        )
    write("one_cycle", {"cases": cases})


def schedules():
    """Rates of the schedules with a warm-up, over epochs of `perEpoch` steps."""
    cases = []
    for kind, epochs, per_epoch, warm_up, settings in [
        ("cosine", 4, 10, None, {"learningRate": 0.1}),
        ("cosine", 3, 7, {"epochs": 1}, {"learningRate": 0.02, "finalLearningRate": 0.001}),
        ("cosine", 5, 4, {"share": 0.25}, {"learningRate": 1.0}),
        ("linear", 2, 9, None, {"learningRate": 0.3, "finalLearningRate": 0.03}),
        ("linear", 4, 6, {"epochs": 0.5}, {"learningRate": 0.1}),
        ("step", 6, 5, None, {"learningRate": 0.1, "stepSize": 2, "gamma": 0.1}),
        ("step", 5, 3, {"epochs": 2}, {"learningRate": 0.4, "stepSize": 1, "gamma": 0.5}),
    ]:
        steps = epochs * per_epoch
        warm = 0
        if warm_up:
            warm = round(warm_up["epochs"] * per_epoch if "epochs" in warm_up else warm_up["share"] * steps)
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=settings["learningRate"])
        lr_scheduler = torch.optim.lr_scheduler
        rising = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warm + 1), total_iters=warm) if warm else None
        final = settings.get("finalLearningRate", 0.0)
        if kind == "step":  # counted from the first epoch, so both at once
            falling = lr_scheduler.StepLR(optimizer, settings["stepSize"] * per_epoch, settings["gamma"])
            schedule = lr_scheduler.ChainedScheduler([rising, falling]) if rising else falling
        else:
            falling = (
                lr_scheduler.CosineAnnealingLR(optimizer, steps - warm, eta_min=final)
                if kind == "cosine"
                else lr_scheduler.LinearLR(
                    optimizer, 1.0, final / settings["learningRate"], total_iters=steps - warm
                )
            )
            schedule = lr_scheduler.SequentialLR(optimizer, [rising, falling], [warm]) if rising else falling
        rates = []
        for _ in range(steps):
            rates.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            schedule.step()
        described = {"kind": kind, **settings, **({"warmUp": warm_up} if warm_up else {})}
        cases.append({"schedule": described, "epochs": epochs, "perEpoch": per_epoch, "rates": rates})
    write("schedules", {"cases": cases})


def sgd():
    cases = []
    for momentum, nesterov, decay in [(0.9, True, 1e-4), (0.9, False, 0.01), (0.0, False, 0.1), (0.5, True, 0.0)]:
        generator = torch.Generator().manual_seed(3)
        parameter = torch.nn.Parameter(torch.randn(6, generator=generator))
        start = numbers(parameter)
        optimizer = torch.optim.SGD(
            [parameter], lr=0.1, momentum=momentum, nesterov=nesterov, weight_decay=decay
        )
        gradients, rates, values = [], [], []
        for step in range(5):
            rate = 0.1 / (step + 1)
            optimizer.param_groups[0]["lr"] = rate
            gradient = torch.randn(6, generator=generator)
            parameter.grad = gradient.clone()
            optimizer.step()
            gradients.append(numbers(gradient))
            rates.append(rate)
            values.append(numbers(parameter))
        optimizer = {"momentum": momentum, "nesterov": nesterov, "weightDecay": decay}
        cases.append(
            {"optimizer": optimizer, "start": start, "gradients": gradients, "rates": rates, "values": values}
        )
    write("sgd", {"cases": cases})


class Block(torch.nn.Module):
    """A block of the test net, in the order conv, norm, relu, dropout; the dropout takes a mask from outside."""

    def __init__(self, channels_in, channels, kernel, padding):
        super().__init__()
        self.conv = torch.nn.Conv2d(channels_in, channels, kernel, padding=padding, bias=True)
        self.norm = torch.nn.BatchNorm2d(channels)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))


class SmallNet(torch.nn.Module):
    """Every kind of layer: padded and unpadded convolutions with bias and without, norm, ReLU, both pools."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.ModuleList(
            [Block(1, 3, 3, 1), torch.nn.MaxPool2d(2), Block(3, 5, 3, 0), Block(5, 4, 1, 0)]
        )
        self.head = torch.nn.ModuleList(
            [torch.nn.AvgPool2d(2), torch.nn.Conv2d(4, 6, 1, bias=False), torch.nn.Flatten()]
        )

    def forward(self, x):
        for layer in [*self.body, *self.head]:
            x = layer(x)
        return x


def small_net():
    torch.manual_seed(5)
    net = SmallNet()
    names = [name for name, _ in net.named_parameters()]
    start = {name: numbers(p) for name, p in net.named_parameters()}
    images = torch.randn(7, 1, 9, 9)
    labels = torch.randint(0, 6, (7,))
    steps = []
    for smoothing in [0.0, 0.1]:
        net.zero_grad()
        logits = net(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        loss.backward()
        steps.append(
            {
                "labelSmoothing": smoothing,
                "loss": float(loss),
                "correct": int((logits.argmax(1) == labels).sum()),
                "gradients": {name: numbers(p.grad) for name, p in net.named_parameters()},
                # after one, then two forward passes in training mode
                "statistics": {
                    name: numbers(b) for name, b in net.named_buffers() if not name.endswith("tracked")
                },
            }
        )
    net.eval()
    with torch.no_grad():
        logits = net(images)
    evaluation = {"logits": numbers(logits), "loss": float(F.cross_entropy(logits, labels))}
    write(
        "small_net",
        {
            "images": numbers(images),
            "labels": labels.tolist(),
            "names": names,
            "start": start,
            "steps": steps,
            "evaluation": evaluation,
        },
    )


def layers():
    """Nets of a layer each, and one of them within each other."""
    block = {"order": ["conv", "norm", "relu", "dropout"], "bias": False, "norm": "batch", "dropout": 0}
    plain = {"kind": "block", "channels": 4, "kernel": 3, "padding": 1}
    residual = {"kind": "residual", "layers": [plain, {**plain, "activation": "none"}]}
    bodies = {
        **{name: [plain, {**plain, "activation": name}] for name in ACTIVATIONS if name != "relu"},
        "stride": [{**plain, "stride": 2}, {**plain, "stride": 3, "kernel": 2}],
        "groups": [plain, {**plain, "channels": 6, "groups": 2}, {**plain, "channels": 9, "groups": 3}],
        "depthwise": [
            plain,
            {**plain, "groups": "depthwise"},
            {**plain, "groups": "depthwise", "stride": 2},
            {**plain, "channels": 8, "groups": "depthwise", "kernel": 5, "padding": 2},
        ],
        "dilation": [{**plain, "dilation": 2, "padding": 2}, {**plain, "dilation": 3, "stride": 2, "padding": 2}],
        "kernel 11": [{**plain, "channels": 2, "kernel": 11, "padding": 5}, {**plain, "channels": 2, "kernel": 9, "padding": 4}],
        "separable": [
            plain,
            {"kind": "separable", "channels": 6, "kernel": 3, "padding": 1, "stride": 2},
            {"kind": "separable", "channels": 5, "kernel": 3, "padding": 1, "between": False, "activation": "silu"},
        ],
        "pools": [
            plain,
            {"kind": "max-pool", "kernel": 3, "stride": 2, "padding": 1},
            {"kind": "average-pool", "kernel": 3, "stride": 1, "padding": 1},
            {"kind": "max-pool", "kernel": 2, "stride": 1},
        ],
        "linear": [plain, {"kind": "linear", "features": 5, "activation": "relu"}],
        "linear without a bias": [plain, {"kind": "linear", "features": 5, "bias": False}],
        "residual": [plain, {**residual, "activation": "relu"}, residual],
        "residual, shortcut": [
            plain,
            {
                "kind": "residual",
                "layers": [{**plain, "channels": 6, "stride": 2}, {**plain, "channels": 6, "activation": "none"}],
                "shortcut": "conv",
                "activation": "relu",
            },
        ],
        "concat": [
            plain,
            {"kind": "concat", "branches": [[], [plain, plain], [{**plain, "kernel": 5, "padding": 2}]]},
        ],
        "repeat": [plain, {"kind": "repeat", "times": 3, "layers": [residual]}],
        "squeeze-excite": [plain, {"kind": "squeeze-excite", "channels": 2}],
        "all within each other": [
            {**plain, "stride": 2, "activation": "hard-swish"},
            {
                "kind": "residual",
                "layers": [
                    {
                        "kind": "concat",
                        "branches": [
                            [{"kind": "separable", "channels": 2, "kernel": 3, "padding": 1}],
                            [{"kind": "repeat", "times": 2, "layers": [plain]}, {**plain, "channels": 2}],
                        ],
                    },
                    {"kind": "squeeze-excite", "channels": 3},
                ],
                "activation": "relu6",
            },
        ],
    }
    cases = []
    for name, body in bodies.items():
        torch.manual_seed(11)
        norm = {"normMomentum": 0.03, "normEpsilon": 0.01} if name == "residual" else {}
        head = [{"kind": "global-average-pool"}, {"kind": "conv", "channels": 3, "kernel": 1, "padding": 0, "bias": True}]
        if name.startswith("linear"):
            head = [{"kind": "linear", "features": 3}]
        spec = {"channels": 2, "size": 7, "classes": 3, "block": {**block, **norm}, "body": body, "head": head}
        net = Net(spec)
        for module in net.named.values():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.reset_running_stats()  # shapes were inferred by a pass in training mode
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
                torch.nn.init.uniform_(module.bias, -0.5, 0.5)
        images, labels = torch.randn(5, 2, 7, 7), torch.randint(0, 3, (5,))
        tensors = {
            f"{module}.{name}": p for module, of in net.named.items() for name, p in of.named_parameters()
        }
        start = {name: short(tensor) for name, tensor in tensors.items()}
        loss = F.cross_entropy(net(images), labels)
        loss.backward()
        statistics = {
            f"{module}.{name}": short(buffer)
            for module, of in net.named.items()
            for name, buffer in of.named_buffers()
            if not name.endswith("tracked")
        }
        gradients = {name: short(tensor.grad) for name, tensor in tensors.items()}
        net.eval()
        with torch.no_grad():
            logits = short(net(images))
        cases.append(
            {
                "name": name,
                "net": spec,
                "images": short(images),
                "labels": labels.tolist(),
                "start": start,
                "loss": float(loss),
                "gradients": gradients,
                "statistics": statistics,
                "logits": logits,
            }
        )
    write("layers", {"cases": cases})


def digit():
    """A drawn 7 with grey edges and pixels up to the border: no file needed."""
    image = numpy.zeros((28, 28), dtype=numpy.float32)
    image[4:7, 5:22] = 0.9
    for row in range(7, 25):
        column = 21 - (row - 7) * 0.6
        for x in range(28):
            image[row, x] = max(image[row, x], max(0.0, 1 - abs(x - column) / 2))
    image[0, :] = 0.25
    image[:, 27] = 0.5
    return torch.from_numpy(image)[None]


def optimizer_of(settings, net):
    """PyTorch's optimizer with an experiment's settings, its weights and its other parameters in a group each."""
    weights = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": weights}, {"params": others}]
    if settings.get("decayed") == "weights":
        groups[1]["weight_decay"] = 0.0
    if settings.get("kind") == "adamw":
        return torch.optim.AdamW(
            groups,
            lr=1.0,
            betas=(settings.get("beta1", 0.9), settings.get("beta2", 0.999)),
            eps=settings.get("epsilon", 1e-8),
            weight_decay=settings.get("weightDecay", 0.01),
        )
    return torch.optim.SGD(
        groups,
        lr=1.0,
        momentum=settings["momentum"],
        nesterov=settings["nesterov"],
        weight_decay=settings["weightDecay"],
    )


def rates_of(schedule, optimizer, steps):
    """A constant rate, or PyTorch's `OneCycleLR` with a moving momentum."""
    if schedule["kind"] == "constant":
        for group in optimizer.param_groups:
            group["lr"] = schedule["learningRate"]
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        max_lr=schedule["maxLearningRate"],
        total_steps=steps,
        pct_start=schedule["pctStart"],
        div_factor=schedule["divFactor"],
        final_div_factor=schedule["finalDivFactor"],
        base_momentum=schedule["cycleMomentum"]["base"],
        max_momentum=schedule["cycleMomentum"]["max"],
    )


def distillation(logits, teacher, temperature):
    """The teacher's part of the loss: PyTorch's `kl_div`, and the sum in its tutorial of knowledge distillation."""
    log_student = F.log_softmax(logits / temperature, dim=-1)
    soft = F.softmax(teacher / temperature, dim=-1)
    loss = F.kl_div(log_student, soft, reduction="batchmean") * temperature**2
    of_tutorial = torch.sum(soft * (soft.log() - log_student)) / log_student.size()[0] * temperature**2
    assert torch.allclose(loss, of_tutorial, rtol=1e-12)
    return loss


def round_in_training(net):
    """Rounds a net's values behind ReLUs and average pools by their ranges in the batches before, from the second batch on.

    Returns the observers of these ranges, in the order of the net, and the forward pass of the net with rounded weights.
    """
    eight = {"dtype": torch.qint8, "quant_min": -128, "quant_max": 127, "qscheme": torch.per_tensor_affine}
    observers = []

    def observe(module):
        observer = MovingAverageMinMaxObserver(averaging_constant=0.01, **eight)
        observers.append(observer)

        def hook(_module, _inputs, output):
            is_first = bool(torch.isinf(observer.min_val))
            scale, zero = (1.0, 0) if is_first else observer.calculate_qparams()
            observer(output)
            rounded = torch.fake_quantize_per_tensor_affine(output, float(scale), int(zero), -128, 127)
            return output if is_first else rounded

        module.register_forward_hook(hook)

    for module in net.modules():
        if isinstance(module, (torch.nn.ReLU, torch.nn.AdaptiveAvgPool2d)):
            observe(module)

    def forward(images):
        parameters = {}
        for name, parameter in net.named_parameters():
            parameters[name] = parameter
            if parameter.dim() > 1:
                scheme = torch.per_channel_symmetric
                observer = PerChannelMinMaxObserver(dtype=torch.qint8, quant_min=-127, quant_max=127, qscheme=scheme)
                observer(parameter)
                scale, zeros = observer.calculate_qparams()
                rounded = torch.fake_quantize_per_channel_affine(parameter, scale, zeros.int(), 0, -127, 127)
                parameters[name] = rounded
        return torch.func.functional_call(net, parameters, images)

    return observers, forward


def trained(name, cases, counts=None, steps=24):
    """Losses and parameters of a small net over some steps on one batch, in f64; `cases` are parts of an experiment."""
    classes = 5
    block = {"order": ["conv", "norm", "relu", "dropout"], "bias": False, "norm": "batch", "dropout": 0}
    body = [{"kind": "block", "channels": 4, "kernel": 3, "padding": 1}, {"kind": "max-pool", "kernel": 2}]
    body.append({"kind": "block", "channels": 5, "kernel": 3, "padding": 0})
    head = [{"kind": "global-average-pool"}, {"kind": "linear", "features": classes}]
    spec = {"channels": 1, "size": 8, "classes": classes, "block": block, "body": body, "head": head}
    torch.manual_seed(11)
    images = torch.randn(24, 1, 8, 8)
    labels = torch.randint(0, classes, (24,)) if counts is None else torch.arange(classes).repeat_interleave(counts)
    first = Net(spec)
    start = {f"{path}.{n}": short(p) for path, module in first.named.items() for n, p in module.named_parameters()}
    written = []
    for case in cases:
        net = Net(spec).double()
        for path, values in start.items():
            module, parameter = path.rsplit(".", 1)
            tensor = getattr(net.named[module], parameter)
            tensor.data = torch.tensor(values, dtype=torch.float64).view_as(tensor)
        optimizer = optimizer_of(case["optimizer"], net)
        rates = rates_of(case["schedule"], optimizer, steps)
        given = case.get("weights")
        weight = torch.tensor(given, dtype=torch.float64) if given else None
        settings = case.get("loss", {}).get("teacher")
        losses, norms = [], []
        observers, forward = round_in_training(net) if "quantize" in case else ([], net)
        for step in range(steps):
            optimizer.zero_grad()
            logits = forward(images.double())
            loss = F.cross_entropy(logits, labels, weight=weight, label_smoothing=case.get("labelSmoothing", 0.0))
            if settings:
                teacher = torch.tensor(case["teacherLogits"], dtype=torch.float64).view_as(logits)
                share = settings["weight"]
                loss = (1 - share) * loss + share * distillation(logits, teacher, settings["temperature"])
            loss.backward()
            losses.append(loss.item())
            most = case["optimizer"].get("clipNorm", float("inf"))
            norms.append(torch.nn.utils.clip_grad_norm_(net.parameters(), most).item())
            optimizer.step()
            if step + 1 < steps:
                rates.step()
        after = {path: short(getattr(net.named[path.rsplit(".", 1)[0]], path.rsplit(".", 1)[1])) for path in start}
        print(f"{name}: loss {losses[0]:.3f} to {losses[-1]:.3f}, norms {min(norms):.3f} to {max(norms):.3f}")
        written.append({**case, "losses": losses, "parameters": after})
        if observers:
            written[-1]["ranges"] = [[float(observer.min_val), float(observer.max_val)] for observer in observers]
    write(
        name,
        {
            **{"net": spec, "images": short(images), "labels": labels.tolist()},
            **{"start": start, "cases": written},
        },
    )


def optimizers():
    constant = {"kind": "constant", "learningRate": 0.01}
    sgd = {"momentum": 0.9, "nesterov": True, "weightDecay": 0.1}
    cycle = {"maxLearningRate": 0.05, "pctStart": 0.3, "divFactor": 10.0, "finalDivFactor": 100.0}
    one_cycle = {"kind": "one-cycle", **cycle, "cycleMomentum": {"base": 0.7, "max": 0.95}}
    few = {"kind": "adamw", "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weightDecay": 0.5}
    trained(
        "optimizers",
        [
            {"optimizer": sgd, "schedule": {**constant, "learningRate": 0.1}},
            {"optimizer": {"kind": "sgd", **sgd, "decayed": "weights", "clipNorm": 0.45}, "schedule": one_cycle},
            {"optimizer": {"kind": "adamw"}, "schedule": constant},
            {"optimizer": {**few, "decayed": "all"}, "schedule": constant},
            {"optimizer": {**few, "decayed": "weights", "clipNorm": 0.2}, "schedule": constant},
            {"optimizer": {"kind": "adamw", "weightDecay": 0.0}, "schedule": one_cycle},
        ],
    )


def start_weights():
    """The `state_dict` of a net of blocks and a linear head, as safetensors, and the same numbers as JSON."""
    block = {"order": ["conv", "norm", "relu", "dropout"], "bias": False, "norm": "batch", "dropout": 0}
    body = [{"kind": "block", "channels": 3, "kernel": 3, "padding": 1}, {"kind": "max-pool", "kernel": 4}]
    head = [{"kind": "global-average-pool"}, {"kind": "linear", "features": 10}]
    spec = {"channels": 1, "size": 28, "classes": 10, "block": block, "body": body, "head": head}
    torch.manual_seed(13)
    net = Net(spec)
    net(torch.randn(32, 1, 28, 28))  # moves the running statistics
    state = {f"{path}.{name}": x for path, module in net.named.items() for name, x in module.state_dict().items()}
    save_file(state, OUT / "start_weights.safetensors")
    tensors = {name: short(x) for name, x in state.items() if not name.endswith("tracked")}
    write("start_weights", {"net": spec, "tensors": tensors})


def class_weights():
    """Of five classes, one without images: its balanced weight is 0."""
    counts = torch.tensor([11, 7, 4, 2, 0])
    labels = numpy.arange(5).repeat(counts)
    balanced = [*compute_class_weight("balanced", classes=numpy.arange(4), y=labels).tolist(), 0.0]
    given = [0.5, 1.0, 2.0, 4.0, 3.0]
    plain = {
        "optimizer": {"momentum": 0.9, "nesterov": True, "weightDecay": 0.0},
        "schedule": {"kind": "constant", "learningRate": 0.05},
    }
    trained(
        "class_weights",
        [
            {**plain, "loss": {"classWeights": given}, "labelSmoothing": 0.0, "weights": given},
            {**plain, "loss": {"classWeights": given}, "labelSmoothing": 0.1, "weights": given},
            {**plain, "loss": {"classWeights": "balanced"}, "labelSmoothing": 0.0, "weights": balanced},
            {**plain, "loss": {"classWeights": "balanced"}, "labelSmoothing": 0.2, "weights": balanced},
        ],
        counts,
    )


def teacher():
    """A teacher whose logits are drawn, with temperatures and weights of all sizes."""
    torch.manual_seed(17)
    logits = short(3 * torch.randn(24, 5))
    plain = {
        "optimizer": {"momentum": 0.9, "nesterov": True, "weightDecay": 0.0},
        "schedule": {"kind": "constant", "learningRate": 0.05},
        "teacherLogits": logits,
    }

    def loss(temperature, weight):
        return {"teacher": {"from": "teacher", "temperature": temperature, "weight": weight}}

    given = [0.5, 1.0, 2.0, 4.0, 3.0]
    trained(
        "teacher",
        [
            {**plain, "loss": loss(2.0, 0.25), "labelSmoothing": 0.0},
            {**plain, "loss": loss(1.0, 1.0), "labelSmoothing": 0.0},
            {**plain, "loss": loss(20.0, 0.7), "labelSmoothing": 0.1},
            {**plain, "loss": loss(0.5, 0.9), "labelSmoothing": 0.0},
            {**plain, "loss": {"classWeights": given, **loss(4.0, 0.5)}, "labelSmoothing": 0.1, "weights": given},
        ],
    )


def quantize():
    """Training for whole numbers of 8 bits: weights and values are rounded, and gradients pass as if they were not."""
    plain = {"quantize": "int8", "schedule": {"kind": "constant", "learningRate": 0.05}}
    trained(
        "quantize",
        [
            {**plain, "optimizer": {"momentum": 0.9, "nesterov": True, "weightDecay": 0.0}},
            {**plain, "optimizer": {"momentum": 0.0, "nesterov": False, "weightDecay": 0.1}, "labelSmoothing": 0.1},
        ],
        steps=6,
    )


def augmentation():
    image = digit()
    warps = []
    for angle, translate, scale, shear in [
        (0.0, (0, 0), 1.0, 0.0),
        (10.0, (0, 0), 1.0, 0.0),
        (-7.5, (2, -1), 1.0, 0.0),
        (0.0, (0, 0), 0.85, 0.0),
        (0.0, (0, 0), 1.0, 8.0),
        (9.25, (-2, 2), 1.13, -6.5),
        (90.0, (0, 0), 1.0, 0.0),
    ]:
        # fill=None: outside is zero, and what is read at the border is not multiplied a second time
        result = TF.affine(
            image,
            angle=angle,
            translate=list(translate),
            scale=scale,
            shear=[shear, 0.0],
            interpolation=TF.InterpolationMode.BILINEAR,
            fill=None,
        )
        affine = {"rotation": angle, "translation": translate, "scale": scale, "shear": shear}
        warps.append({"affine": affine, "pixels": numbers(result)})
    adjustments = []
    for brightness, contrast in [(1.0, 1.0), (1.4, 1.0), (0.6, 1.0), (1.0, 1.4), (1.0, 0.6), (1.25, 0.7)]:
        result = TF.adjust_contrast(TF.adjust_brightness(image, brightness), contrast)
        adjustments.append({"factors": [brightness, contrast], "pixels": numbers(result)})
    write("augmentation", {"image": numbers(image), "warps": warps, "adjustments": adjustments})


OUT.mkdir(parents=True, exist_ok=True)
one_cycle()
schedules()
sgd()
optimizers()
class_weights()
teacher()
quantize()
start_weights()
small_net()
augmentation()
layers()
