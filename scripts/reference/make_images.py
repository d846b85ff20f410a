"""Writes test/data/pillow.json: images of a formula as Pillow flattens, greys and resizes them.

    pip install pillow==13.0.0 numpy
    python scripts/reference/make_images.py
"""

import base64
import json
import pathlib

import numpy as np
import PIL
from PIL import Image

OUT = pathlib.Path(__file__).parents[2] / "test" / "data" / "pillow.json"


def drawn(width: int, height: int, channels: int) -> np.ndarray:
    """Returns an image [height, width, channels] with smooth and sharp parts; test/data/decode.test.ts has the same."""
    y, x, c = np.ogrid[:height, :width, :channels]
    waves = (x * 7 + y * 13 + c * 29) % 256
    checks = 90 * ((x // 5 + y // 3 + c) % 2)
    return ((waves * 2 + checks + (x * y) % 31) // 3 % 256).astype(np.uint8)


def whole(image: Image.Image, size: int) -> Image.Image:
    """Resizes an image to fit whole into a square, on black."""
    scale = size / max(image.size)
    columns, rows = (max(1, int(length * scale + 0.5)) for length in image.size)
    square = Image.new(image.mode, (size, size))
    square.paste(image.resize((columns, rows), Image.LANCZOS), ((size - columns) // 2, (size - rows) // 2))
    return square


def cases():
    for width, height, size in [(53, 31, 28), (253, 255, 28), (500, 375, 32), (1201, 803, 28), (33, 31, 64), (9, 40, 12)]:
        image = Image.fromarray(drawn(width, height, 3))
        yield {"width": width, "height": height, "size": size, "channels": 3}, whole(image, size)
        yield {"width": width, "height": height, "size": size, "channels": 1}, whole(image.convert("L"), size)
    image = Image.fromarray(drawn(60, 40, 4))
    white = Image.new("RGBA", image.size, "white")
    flat = Image.alpha_composite(white, image).convert("RGB")
    yield {"width": 60, "height": 40, "size": 20, "channels": 3, "alpha": True, "fit": "fill"}, flat.resize(
        (20, 20), Image.LANCZOS
    )
    yield {"width": 60, "height": 40, "size": 20, "channels": 3, "alpha": True, "fit": "cover"}, flat.resize(
        (20, 20), Image.LANCZOS, box=(10, 0, 50, 40)
    )


found = []
for case, image in cases():
    pixels = np.asarray(image)
    planes = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    found.append({**case, "pixels": base64.b64encode(planes.tobytes()).decode()})
OUT.write_text(json.dumps({"pillow": PIL.__version__, "cases": found}, indent="\t") + "\n")
