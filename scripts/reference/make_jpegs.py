"""Makes small JPEGs of the kinds that sharp does not write, with the pixels that Pillow decodes from them.

    pip install pillow==13.0.0 numpy
    python scripts/reference/make_jpegs.py test/data/jpegs

Each is a square of 33 x 33 with EXIF orientation 1 to 8. jpegs.json has the SHA-256 of its pixels, turned upright:
[channels, 33, 33].
"""

import hashlib
import json
import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps

OUT, SIDE = pathlib.Path(sys.argv[1]), 33
KINDS = {
    "420": {"subsampling": "4:2:0"},
    "422": {"subsampling": "4:2:2"},
    "411": {"subsampling": "4:1:1"},
    "444": {"subsampling": "4:4:4", "optimize": True},
    "rgb": {"keep_rgb": True},
    "restart-blocks": {"subsampling": "4:2:0", "restart_marker_blocks": 2},
    "restart-rows": {"subsampling": "4:2:2", "restart_marker_rows": 1},
    "progressive-420": {"subsampling": "4:2:0", "progressive": True},
    "progressive-422-restart": {"subsampling": "4:2:2", "progressive": True, "restart_marker_blocks": 3},
    "coarse": {"subsampling": "4:2:0", "quality": 1},
    "grey": {},
    "grey-progressive-restart": {"progressive": True, "restart_marker_rows": 1},
}
OUT.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(22)
y, x = np.mgrid[:SIDE, :SIDE]
made = []
for number, (name, how) in enumerate(KINDS.items()):
    planes = [
        128 + 80 * np.sin(x / (2 + plane) + y / 5) + 60 * ((x // 9 + y // 7 + plane) % 2) + random.normal(0, 9, x.shape)
        for plane in range(1 if "grey" in name else 3)
    ]
    pixels = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    image = Image.fromarray(pixels.squeeze(-1) if "grey" in name else pixels)
    exif = image.getexif()
    exif[0x0112] = number % 8 + 1
    image.save(OUT / f"{name}.jpg", exif=exif, **{"quality": 80, **how})
    upright = np.atleast_3d(np.asarray(ImageOps.exif_transpose(Image.open(OUT / f"{name}.jpg"))))
    made.append(
        {
            "file": f"{name}.jpg",
            "channels": upright.shape[2],
            "sha256": hashlib.sha256(np.moveaxis(upright, -1, 0).tobytes()).hexdigest(),
        }
    )
with open(OUT / "jpegs.json", "w") as out:
    json.dump({"side": SIDE, "jpegs": made}, out, indent="\t")
    out.write("\n")
