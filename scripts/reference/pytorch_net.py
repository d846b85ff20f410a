"""A net of PyTorch's modules, from the JSON of a step: for make_fixtures.py, bench_pytorch.py and export_onnx.py."""

import torch


ACTIVATIONS = {
    "relu": torch.nn.ReLU,
    "leaky-relu": torch.nn.LeakyReLU,
    "elu": torch.nn.ELU,
    "relu6": torch.nn.ReLU6,
    "hard-swish": torch.nn.Hardswish,
    "silu": torch.nn.SiLU,
    "gelu": torch.nn.GELU,
    "none": torch.nn.Identity,
}


class Net(torch.nn.Module):
    """A net of PyTorch's modules, from the JSON of a step. `named` has each module with parameters by our name for it."""

    def __init__(self, spec):
        super().__init__()
        self.spec, self.block, self.named = spec, spec["block"], {}
        x = torch.zeros(2, spec["channels"], spec["size"], spec["size"])
        self.layers = torch.nn.ModuleList()
        for part in ["body", "head"]:
            for i, layer in enumerate(spec[part]):
                self.layers.append(self.build(layer, f"{part}.{i}", x))
                x = self.layers[-1](x)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x.flatten(1)

    def name(self, name, module):
        self.named[name] = module
        return module

    def conv(self, name, x, channels, layer, bias, **replaced):
        layer = {**layer, **replaced}
        groups = layer.get("groups", 1)
        return self.name(
            f"{name}.conv",
            torch.nn.Conv2d(
                x.shape[1],
                channels,
                layer["kernel"],
                stride=layer.get("stride", 1),
                padding=layer["padding"],
                dilation=layer.get("dilation", 1),
                groups=x.shape[1] if groups == "depthwise" else groups,
                bias=bias,
            ),
        )

    def norm(self, name, channels):
        if self.block["norm"] == "none":
            return torch.nn.Identity()
        momentum, epsilon = self.block.get("normMomentum", 0.1), self.block.get("normEpsilon", 1e-5)
        return self.name(f"{name}.norm", torch.nn.BatchNorm2d(channels, eps=epsilon, momentum=momentum))

    def whole_block(self, name, x, layer, channels, **replaced):
        activation = layer.get("activation", self.block.get("activation", "relu"))
        parts = {
            "conv": lambda x: self.conv(name, x, channels, layer, self.block["bias"], **replaced),
            "norm": lambda x: self.norm(name, x.shape[1]),
            "relu": lambda x: ACTIVATIONS[activation](),
            "dropout": lambda x: torch.nn.Dropout(self.block["dropout"]),
        }
        modules = torch.nn.Sequential()
        for i, part in enumerate(self.block["order"]):
            modules.append(parts[part](x))
            x = modules[-1](x)
            if i > 0 and isinstance(modules[-1], torch.nn.ReLU):
                modules[-1].inplace = True  # of a value that nobody else reads, and faster
        return modules

    def chain(self, layers, path, x):
        modules = torch.nn.Sequential()
        for i, layer in enumerate(layers):
            modules.append(self.build(layer, f"{path}.{i}", x))
            x = modules[-1](x)
        return modules

    def build(self, layer, path, x):
        kind = layer["kind"]
        if kind == "block":
            return self.whole_block(path, x, layer, layer["channels"])
        if kind == "conv":
            return self.conv(path, x, layer["channels"], layer, layer["bias"])
        if kind == "separable":
            replaced = {"groups": "depthwise"}
            if layer.get("between", True):
                first = self.whole_block(f"{path}.depthwise", x, layer, x.shape[1], **replaced)
            else:
                first = self.conv(f"{path}.depthwise", x, x.shape[1], layer, self.block["bias"], **replaced)
            replaced = {"kernel": 1, "padding": 0, "stride": 1, "dilation": 1}
            return torch.nn.Sequential(
                first, self.whole_block(f"{path}.pointwise", first(x), layer, layer["channels"], **replaced)
            )
        if kind == "linear":
            features = x.flatten(1).shape[1]
            module = torch.nn.Linear(features, layer["features"], bias=layer.get("bias", True))
            return torch.nn.Sequential(
                torch.nn.Flatten(),
                self.name(f"{path}.linear", module),
                ACTIVATIONS[layer.get("activation", "none")](),
                torch.nn.Unflatten(1, (layer["features"], 1, 1)),
            )
        if kind in ["max-pool", "average-pool"]:
            pool = torch.nn.MaxPool2d if kind == "max-pool" else torch.nn.AvgPool2d
            return pool(layer["kernel"], stride=layer.get("stride"), padding=layer.get("padding", 0))
        if kind == "global-average-pool":
            return torch.nn.AdaptiveAvgPool2d(1)
        if kind == "flatten":
            return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Unflatten(1, (-1, 1, 1)))
        if kind == "residual":
            inner = self.chain(layer["layers"], f"{path}.layers", x)
            around = torch.nn.Identity()
            if layer.get("shortcut") == "conv":
                made = inner(x)
                stride = -(-x.shape[2] // made.shape[2])
                like = {"kernel": 1, "padding": 0, "stride": stride}
                name, channels = f"{path}.shortcut", made.shape[1]
                around = torch.nn.Sequential(
                    self.conv(name, x, channels, like, self.block["bias"]), self.norm(name, channels)
                )
            return Residual(inner, around, ACTIVATIONS[layer.get("activation", "none")]())
        if kind == "concat":
            branches = layer["branches"]
            return Concat([self.chain(one, f"{path}.branches.{i}", x) for i, one in enumerate(branches)])
        if kind == "repeat":
            return torch.nn.Sequential(*[self.chain(layer["layers"], f"{path}.layers", x)] * layer["times"])
        if kind == "squeeze-excite":
            import torchvision  # of all layers, only this one needs it

            module = torchvision.ops.SqueezeExcitation(x.shape[1], layer["channels"])
            self.name(f"{path}.squeeze.conv", module.fc1)
            self.name(f"{path}.excite.conv", module.fc2)
            return module
        raise ValueError(kind)


class Residual(torch.nn.Module):
    def __init__(self, inner, around, activation):
        super().__init__()
        self.inner, self.around, self.activation = inner, around, activation

    def forward(self, x):
        return self.activation(self.inner(x) + self.around(x))


class Concat(torch.nn.Module):
    def __init__(self, branches):
        super().__init__()
        self.branches = torch.nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)
