"""Reads image files with an ONNX file that stepladder exported, by ONNX Runtime.

    python predict.py [--model digits/digits.onnx] [--json] IMAGE...

The file's metadata say how images are prepared, so this works for any model: colour or grey, of any size. Images of digits should be
as MNIST's are: one light digit on black, in the middle of 28 x 28.
"""

import argparse
import json
import pathlib

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

parser = argparse.ArgumentParser()
parser.add_argument("--model", default=pathlib.Path(__file__).parent / "digits" / "digits.onnx")
parser.add_argument("--json", action="store_true", help="print one JSON document, with all probabilities")
parser.add_argument("images", nargs="+")
given = parser.parse_args()

session = onnxruntime.InferenceSession(given.model, providers=["CPUExecutionProvider"])
about = session.get_modelmeta().custom_metadata_map
classes, background = json.loads(about["classes"]), tuple(json.loads(about["background"]))
size, channels = int(about["size"]), int(about["channels"])


def prepare(file):
    """An image as the model takes it: uint8, [channels, size, size]."""
    image = Image.open(file).convert("RGBA")
    below = Image.new("RGBA", image.size, (*background, 255))
    image = Image.alpha_composite(below, image).convert("RGB")
    square = (size, size)
    if image.size != square:
        if about["fit"] == "whole":
            image = ImageOps.pad(image, square, Image.Resampling.LANCZOS, color=background)
        elif about["fit"] == "cover":
            image = ImageOps.fit(image, square, Image.Resampling.LANCZOS)
        else:
            image = image.resize(square, Image.Resampling.LANCZOS)
    pixels = np.asarray(image.convert("L") if channels == 1 else image, np.uint8)
    return pixels.reshape(size, size, channels).transpose(2, 0, 1)


pixels = np.stack([prepare(file) for file in given.images])
[probabilities] = session.run(["probabilities"], {"images": pixels})
if given.json:
    answers = [{"image": pathlib.Path(file).name, "name": classes[row.argmax()], "probabilities": row.tolist()}
               for file, row in zip(given.images, probabilities)]
    print(json.dumps(answers))
else:
    for file, row in zip(given.images, probabilities):
        print(f"{file}: {classes[row.argmax()]} ({100 * row.max():.2f} %)")
