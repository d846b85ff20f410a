"""Writes a model file as ONNX, for `npm run bench`: bytes of pixels in, logits out, for any number of images.

usage: export_onnx.py MODEL.safetensors OUT.onnx
"""

import json
import struct
import sys

from bench_peer import answer, reporting_missing

with reporting_missing():
    import onnx  # noqa: F401 torch's exporter needs it
    import torch
    from pytorch_net import Net
    from safetensors.torch import load_file


class Classifier(torch.nn.Module):
    """A net with its normalisation. Takes bytes [N, C, H, W]."""

    def __init__(self, net, mean, deviation):
        super().__init__()
        self.net, self.mean, self.deviation = net, mean, deviation

    def forward(self, pixels):
        return self.net((pixels.float() / 255 - self.mean) / self.deviation)


def main(model, out):
    tensors = load_file(model)
    with open(model, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        about = json.loads(json.loads(file.read(length))["__metadata__"]["stepladder"])
    spec, normalisation = about["net"], about["normalisation"]
    net = Net(spec)
    for name, module in net.named.items():
        own = {key: tensors[f"{name}.{key}"] for key in module.state_dict() if not key.endswith("tracked")}
        module.load_state_dict(own, strict=False)
    classifier = Classifier(net, normalisation["mean"], normalisation["deviation"]).eval()
    pixels = torch.zeros(2, spec["channels"], spec["size"], spec["size"], dtype=torch.uint8)
    torch.onnx.export(
        classifier,
        (pixels,),
        out,
        input_names=["pixels"],
        output_names=["logits"],
        dynamic_axes={"pixels": {0: "images"}, "logits": {0: "images"}},
        dynamo=False,
    )
    answer({"torch": torch.__version__})


main(sys.argv[1], sys.argv[2])
