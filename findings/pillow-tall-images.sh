#!/usr/bin/env bash
# Pillow 12.0.0 and 13.0.0 resize tall images to different pixels.
#
# `Image.resize` filters in two passes and rounds to whole levels between them, so their order shows. Up to 12.0.0 rows are
# shortened first, whatever the image; 13.0.0 begins with the columns of tall images. The same photo,
# call and filter so give other pixels after an upgrade: a data set that was prepared with one version and a service that runs
# another disagree, on portrait images alone.
#
# Seen: black and white noise to 28 x 28, bicubic: 200 rows x 50 columns: up to 8 of 255 levels between the versions;
# 50 x 200 and 120 x 120: 0. Fails if that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > resize.py <<'PY'
import sys

from PIL import Image

state = 1
for rows, columns in [(200, 50), (50, 200), (120, 120)]:
    pixels = bytearray()
    for _ in range(rows * columns):
        state = (state * 1664525 + 1013904223) % 2**32
        pixels.append(255 * (state >> 31))
    image = Image.frombytes("L", (columns, rows), bytes(pixels))
    sys.stdout.buffer.write(image.resize((28, 28), Image.Resampling.BICUBIC).tobytes())
PY
for version in 12.0.0 13.0.0; do
	python3 -m venv "$version"
	"$version/bin/pip" install --quiet --disable-pip-version-check "pillow==$version"
	"$version/bin/python" resize.py > "$version.bytes"
done
python3 - <<'PY'
import sys

before, after = (open(f"{version}.bytes", "rb").read() for version in ("12.0.0", "13.0.0"))
sizes = ["200 x 50", "50 x 200", "120 x 120"]
largest = [
    max(abs(a - b) for a, b in zip(before[i * 784 : (i + 1) * 784], after[i * 784 : (i + 1) * 784])) for i in range(3)
]
print("largest difference of Pillow 12.0.0 and 13.0.0:", dict(zip(sizes, largest)))
sys.exit(0 if largest == [8, 0, 0] else 1)
PY
