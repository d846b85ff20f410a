"""Writes the expected figures of the trainer's tests with PyTorch and torchvision.

usage: python scripts/reference/make_fixtures.py

Wants torch 2.13.0, torchvision and numpy; the tests read only the JSON that it writes to
crates/trainer/tests/fixtures/. Figures are printed with all digits of their f32 or f64.
"""

import json
import pathlib

import numpy
import torch
import torch.nn.functional as F
import torchvision
import torchvision.transforms.v2.functional as TF

OUT = pathlib.Path(__file__).parents[2] / "crates" / "trainer" / "tests" / "fixtures"


def numbers(tensor):
    return [float(x) for x in tensor.detach().flatten().tolist()]


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
sgd()
small_net()
augmentation()
