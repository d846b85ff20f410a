"""Makes photos of all kinds from a seed, each in several formats, with the pixels that Pillow makes of them.

    pip install pillow==13.0.0 numpy
    python scripts/reference/make_photos.py FOLDER 200      # all, for PHOTOS=FOLDER npm test -- test/data/photos.test.ts
    python scripts/reference/make_photos.py test/data/photos 16

Each photo has EXIF orientation 1 to 8 and an odd size; it is a baseline, progressive or grey JPEG, CMYK, 16-bit, has a palette,
or is transparent. Its other files hold the pixels that Pillow decodes from the first. photos.json lists the files, and the
pixels of 12 x 12 after turning, flattening onto white and resizing whole by Lanczos; not for CMYK, which Pillow converts without a
colour profile.
"""

import base64
import json
import pathlib
import struct
import sys
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

OUT, COUNT = pathlib.Path(sys.argv[1]), int(sys.argv[2])
SIZE = 12
KINDS = ["baseline", "progressive", "grey", "cmyk", "deep", "palette", "alpha", "grey-alpha"]
OUT.mkdir(parents=True, exist_ok=True)


def shades(random: np.random.Generator, width: int, height: int, channels: int) -> np.ndarray:
    """Returns [height, width, channels]: smooth shades, edges and noise, as a photo has them."""
    y, x = np.mgrid[:height, :width]
    planes = []
    for _ in range(channels):
        a, b, c, d = random.uniform(-0.15, 0.15, 4)
        smooth = 128 + 70 * np.sin(a * x + b * y + 3 * c) + 40 * np.sin(d * x * y / 40)
        edge = 50 * ((x // random.integers(5, 40) + y // random.integers(5, 40)) % 2)
        planes.append(smooth + edge + random.normal(0, 6, (height, width)))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def png16(pixels: np.ndarray) -> bytes:
    """Writes a PNG of 16 bits, [height, width, 3], which Pillow can't."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def resized(image: Image.Image) -> np.ndarray:
    """Turns an image upright, lays it onto white, and brings it whole into a square: [3, SIZE, SIZE]."""
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    flat = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")
    scale = SIZE / max(flat.size)
    columns, rows = (max(1, int(length * scale + 0.5)) for length in flat.size)
    square = Image.new("RGB", (SIZE, SIZE), "white")
    # Rows, then columns, whatever the shape: Pillow 13 takes columns first where an image is much taller than wide, earlier
    # versions did not. Values are clipped to bytes between the two, so that the order makes up to four levels.
    small = flat.resize((columns, flat.height), Image.LANCZOS).resize((columns, rows), Image.LANCZOS)
    square.paste(small, ((SIZE - columns) // 2, (SIZE - rows) // 2))
    return np.moveaxis(np.asarray(square), -1, 0)


def photo(number: int) -> dict:
    random = np.random.default_rng([22, number])
    kind = KINDS[number % len(KINDS)]
    longest = 45 if number < 16 else 400
    width, height = (int(side) for side in random.integers(1, longest, 2) * 2 + 1)
    orientation = 1 + (number * 3 + number // 8) % 8
    files = []

    def save(image: Image.Image, ending: str, **how) -> None:
        exif = image.getexif()
        exif[0x0112] = orientation
        name = f"{number}{ending}"
        image.save(OUT / name, exif=exif, **how)
        files.append(name)

    def lossless(image: Image.Image) -> None:
        save(image, ".png")
        save(image, ".webp", lossless=True, exact=True)

    if kind in ("baseline", "progressive", "grey", "cmyk"):
        pixels = shades(random, width, height, {"grey": 1, "cmyk": 4}.get(kind, 3))
        mode = {"grey": "L", "cmyk": "CMYK"}.get(kind, "RGB")
        image = Image.fromarray(pixels[..., 0] if kind == "grey" else pixels, mode)
        sampling = {} if kind == "grey" else {"subsampling": number // 8 % 3}
        save(image, ".jpg", quality=int(random.integers(60, 96)), progressive=kind == "progressive", **sampling)
        image = Image.open(OUT / files[0])
        image.load()
        if kind == "cmyk":
            save(image, ".tif", compression="tiff_lzw")
        else:
            lossless(image)
    elif kind == "deep":
        orientation = 1
        deep = shades(random, width, height, 3).astype(np.uint16) * 257 + random.integers(-128, 128, (height, width, 3))
        deep = np.clip(deep, 0, 65535).astype(np.uint16)
        (OUT / f"{number}.png").write_bytes(png16(deep))
        files.append(f"{number}.png")
        image = Image.fromarray(((deep.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8))
        save(image, ".8.png")
    elif kind == "palette":
        colours = Image.fromarray(shades(random, width, height, 3) // 85 * 85)
        save(colours.quantize(64, dither=Image.Dither.NONE), ".png")
        image = Image.open(OUT / files[0]).convert("RGB")
        save(image, ".rgb.png")
        save(image, ".webp", lossless=True)
    else:
        pixels = shades(random, width, height, 4 if kind == "alpha" else 2)
        image = Image.fromarray(pixels, "RGBA" if kind == "alpha" else "LA")
        save(image, ".png")
        save(image.convert("RGBA"), ".webp", lossless=True, exact=True)

    upright = Image.open(OUT / files[-1])
    pixels = {} if kind == "cmyk" else {"pixels": base64.b64encode(resized(upright).tobytes()).decode()}
    return {"kind": kind, "orientation": orientation, "width": width, "height": height, "files": " ".join(files), **pixels}


found = [photo(number) for number in range(COUNT)]
text = json.dumps({"pillow": PIL.__version__, "size": SIZE, "photos": found}, indent="\t")
(OUT / "photos.json").write_text(text + "\n")
