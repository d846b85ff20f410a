"""Times each transform against torchvision's, on one thread each, in interleaved rounds.

usage: python scripts/reference/bench_transforms.py [ROUNDS]

Wants torch 2.13 and torchvision 0.28, and runs `cargo run --release -p stepladder-trainer --example time_transforms`. Prints
medians in images per second. torchvision's: of one image at a time, by `transforms` or `transforms.v2`, whichever is faster;
and of a batch of 128 by `v2`, which draws once for all of them: it is no augmentation of single images, but the most that
torchvision could do. Ours draw for each image.
"""

import json
import statistics
import subprocess
import sys
import time

import torch
import torchvision.transforms as v1
import torchvision.transforms.v2 as v2

torch.set_num_threads(1)
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
BINARY = ["cargo", "run", "--quiet", "--release", "-p", "stepladder-trainer", "--example", "time_transforms", "--"]
SECONDS = 0.3


def transforms(channels):
    """By name: ours, and how torchvision makes it from a module (v1 or v2), or `None` where it is of v2 alone."""
    affine = {"kind": "affine", "rotation": 10, "translation": 0.1, "scaleMin": 0.85, "scaleMax": 1.15, "shear": 8}
    bilinear = v1.InterpolationMode.BILINEAR
    jitter = {"brightness": 0.2, "contrast": 0.2}
    if channels == 3:
        jitter |= {"saturation": 0.2, "hue": 0.1}
    yield "affine", affine, lambda v: v.RandomAffine(10, (0.1, 0.1), (0.85, 1.15), 8, interpolation=bilinear)
    yield "flip", {"kind": "flip"}, lambda v: v.RandomHorizontalFlip()
    size = 28 if channels == 1 else 32
    yield "crop", {"kind": "crop", "padding": 4}, lambda v: v.RandomCrop(size, padding=4)
    yield "erase", {"kind": "erase"}, lambda v: v.RandomErasing()
    yield "elastic", {"kind": "elastic", "alpha": 50, "sigma": 3}, lambda v: v.ElasticTransform(50.0, 3.0)
    yield "colour", {"kind": "colour", **jitter}, lambda v: v.ColorJitter(**jitter)
    yield "noise", {"kind": "noise"}, lambda v: v.GaussianNoise() if v is v2 else None
    yield "blur", {"kind": "blur", "kernel": 3}, lambda v: v.GaussianBlur(3)
    yield "mixup", {"kind": "mixup"}, lambda v: v.MixUp(num_classes=10) if v is v2 else None
    yield "cutmix", {"kind": "cutmix"}, lambda v: v.CutMix(num_classes=10) if v is v2 else None


def rate(images_of):
    """Images per second of a function that returns how many it made."""
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < SECONDS:
        count += images_of()
    return count / (time.perf_counter() - begun)


def ours(channels, lists):
    lines = "\n".join(json.dumps(one) for one in lists)
    size = "28" if channels == 1 else "32"
    made = subprocess.run([*BINARY, str(channels), size], input=lines, capture_output=True, text=True, check=True)
    return json.loads(made.stdout)


def main():
    print(f"torch {torch.__version__}, {ROUNDS} rounds, images/s")
    for channels in (1, 3):
        size = 28 if channels == 1 else 32
        batch = torch.rand(128, channels, size, size)
        labels = torch.arange(128) % 10
        named = list(transforms(channels))
        figures = {name: {"ours": [], "single": [], "batched": []} for name, *_ in named}
        for _ in range(ROUNDS):
            for (name, *_), found in zip(named, ours(channels, [[one] for _, one, _ in named])):
                figures[name]["ours"].append(found)
            for name, _, make in named:
                mixes = name in ("mixup", "cutmix")
                batched = make(v2)
                arguments = (batch, labels) if mixes else (batch,)
                figures[name]["batched"].append(rate(lambda: (batched(*arguments), 128)[1]))
                singles = [] if mixes else [made for made in (make(v1), batched) if made is not None]
                if singles:

                    def each(transform):
                        for image in batch[:16]:
                            transform(image)
                        return 16

                    figures[name]["single"].append(max(rate(lambda: each(one)) for one in singles))
        print(f"\n{channels} x {size} x {size}    ours  torchvision, single  batched")
        for name, found in figures.items():
            middle = [statistics.median(found[key]) if found[key] else 0 for key in ("ours", "single", "batched")]
            print(f"{name:8} {middle[0]:12,.0f} {middle[1]:12,.0f} {middle[2]:12,.0f}")


main()
