"""Decodes a folder of small JPEGs by torchvision's ImageFolder, for scripts/reference/bench-image-folder.mjs.

    pip install torch==2.13.0 torchvision pillow==13.0.0 numpy
    python scripts/reference/bench_image_folder.py FOLDER SIZE WORKERS

Prints a line of JSON: images, seconds and peak memory of all processes in MiB. Resizes as Pillow does with its bilinear
filter, which widens with the scale as ours does, and is cheaper than the Lanczos filter that `imageFolder` uses.
"""

import json
import pathlib
import resource
import sys
import time

import torch
from torchvision import transforms
from torchvision.datasets import ImageFolder

folder, size, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
steps = transforms.Compose([transforms.Resize((size, size)), transforms.PILToTensor()])


def main() -> None:
    begun, started = time.perf_counter(), time.process_time()
    count = 0
    for part in ("train", "test"):
        data = ImageFolder(str(pathlib.Path(folder, part)), steps)
        loader = torch.utils.data.DataLoader(data, batch_size=256, num_workers=workers)
        for images, _ in loader:
            count += images.shape[0]
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of the largest
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(of.ru_utime + of.ru_stime for of in (own, others)) - started
    print(json.dumps({"images": count, "seconds": seconds, "cpu": cpu, "mib": (peak + workers * children) / 1024}))


if __name__ == "__main__":
    main()
