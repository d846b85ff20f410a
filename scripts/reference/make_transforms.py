"""Writes the expected images of the trainer's transforms with torchvision, for given parameters.

usage: python scripts/reference/make_transforms.py

Wants torch 2.13.0 and torchvision 0.28; the tests read only crates/trainer/tests/fixtures/transforms.json. Images are
[3, 7, 7], whose i-th value is i * 37 % 256 / 255.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
import torchvision
import torchvision.transforms.functional as legacy
import torchvision.transforms.v2 as v2
import torchvision.transforms.v2.functional as TF
from torchvision.transforms.v2.functional import _geometry

OUT = pathlib.Path(__file__).parents[2] / "crates" / "trainer" / "tests" / "fixtures" / "transforms.json"
SIZE = 7


def image(start=0):
    values = [(start + i) * 37 % 256 / 255 for i in range(3 * SIZE * SIZE)]
    return torch.tensor(values, dtype=torch.float32).view(3, SIZE, SIZE)


def short(tensor):
    """Six decimals: the tests allow for more than that."""
    return [round(x, 6) for x in tensor.detach().flatten().tolist()]


def coloured(fill):
    return torch.tensor([int(fill[i : i + 2], 16) / 255 for i in (1, 3, 5)]).view(3, 1, 1)


def sampled(picture, grid, fill):
    """Reads an image at a grid, bilinearly; outside is the nearest pixel or the fill."""
    picture, mode = (picture, "border") if fill == "edge" else (picture - coloured(fill), "zeros")
    read = F.grid_sample(picture[None], grid, mode="bilinear", padding_mode=mode, align_corners=False)[0]
    return read if fill == "edge" else read + coloured(fill)


def affine():
    cases = []
    for fill in ["edge", "#ffffff", "#1080c0", "#000000"]:
        for angle, translate, scale, shear in [(30.0, (2, -1), 0.8, 12.0), (-90.0, (0, 0), 1.0, 0.0)]:
            matrix = legacy._get_inverse_affine_matrix([0.0, 0.0], angle, translate, scale, [shear, 0.0])
            theta = torch.tensor(matrix, dtype=torch.float32).view(1, 2, 3)
            grid = _geometry._affine_grid(theta, w=SIZE, h=SIZE, ow=SIZE, oh=SIZE)
            drawn = {"rotation": angle, "translation": translate, "scale": scale, "shear": shear}
            cases.append({"fill": fill, "affine": drawn, "pixels": short(sampled(image(), grid, fill))})
    return cases


def crop():
    cases = []
    for fill in ["edge", "#1080c0"]:
        for padding, size, row, column in [(3, 7, 0, 5), (2, 7, 4, 0), (2, 4, 1, 6), (0, 5, 2, 1)]:
            if fill == "edge":
                padded = TF.pad(image(), [padding] * 4, padding_mode="edge")
            else:
                padded = F.pad(image() - coloured(fill), [padding] * 4) + coloured(fill)
            cropped = TF.crop(padded, row, column, size, size)
            resized = TF.resize(cropped, [SIZE, SIZE], antialias=True)
            cases.append(
                {"fill": fill, "size": size, "from": [row - padding, column - padding], "pixels": short(resized)}
            )
    return cases


def elastic():
    cases = []
    for fill in ["edge", "#1080c0"]:
        steps = torch.arange(SIZE * SIZE * 2, dtype=torch.float32)
        shifts = (steps * 29 % 64 / 16 - 2).view(2, SIZE, SIZE)  # in pixels, right and down
        displacement = shifts.permute(1, 2, 0)[None] * 2 / SIZE
        grid = _geometry._create_identity_grid((SIZE, SIZE), device=torch.device("cpu"), dtype=torch.float32)
        if fill != "edge":
            expected = TF.elastic(image() - coloured(fill), displacement, fill=None) + coloured(fill)
        else:
            expected = sampled(image(), grid + displacement, fill)
        cases.append({"fill": fill, "shifts": short(shifts), "pixels": short(expected)})
    return cases


def colour():
    changes = [(kind, factor) for kind in ("brightness", "contrast", "saturation") for factor in (0.4, 1.7)]
    changes += [("hue", turn) for turn in (-0.5, -0.2, 0.03, 0.3, 0.5)]
    functions = {
        "brightness": TF.adjust_brightness,
        "contrast": TF.adjust_contrast,
        "saturation": TF.adjust_saturation,
        "hue": TF.adjust_hue,
    }
    return [
        {"change": kind, "by": by, "pixels": short(functions[kind](image(), by))} for kind, by in changes
    ]


def blur():
    return [
        {"kernel": kernel, "sigma": sigma, "pixels": short(TF.gaussian_blur(image(), [kernel] * 2, [sigma] * 2))}
        for kernel, sigma in [(3, 0.1), (3, 1.0), (5, 2.0), (13, 2.0)]
    ]


def mixing():
    batch = torch.stack([image(start) for start in (0, 500, 1000)])
    labels = torch.tensor([2, 0, 2])
    cases = []
    mixup = v2.MixUp(num_classes=4)
    for share in (0.0, 0.3, 0.85):
        params = {"lam": share, "batch_size": 3, "labels": labels}
        mixed, targets = mixup.transform(batch, params), mixup.transform(labels, params)
        cases.append({"share": share, "pixels": short(mixed), "targets": short(targets)})
    cutmix = v2.CutMix(num_classes=4)
    for row, column, share in [(3, 4, 0.5), (0, 6, 0.2), (5, 1, 0.9), (3, 3, 0.0)]:
        half = int(0.5 * (1.0 - share) ** 0.5 * SIZE)
        left, right = max(column - half, 0), min(column + half, SIZE)
        top, bottom = max(row - half, 0), min(row + half, SIZE)
        share_left = 1.0 - (right - left) * (bottom - top) / SIZE**2
        params = {"box": (left, top, right, bottom), "lam_adjusted": share_left, "batch_size": 3, "labels": labels}
        mixed, targets = cutmix.transform(batch, params), cutmix.transform(labels, params)
        drawn = {"centre": [row, column], "drawnShare": share}
        cases.append({**drawn, "pixels": short(mixed), "targets": short(targets)})
    return cases


def soft_targets():
    """Cross entropy with targets of several classes, and its gradient."""
    logits = torch.tensor([[(i * 13 + j * 7) % 11 / 3 - 1.5 for j in range(4)] for i in range(5)], dtype=torch.float64)
    targets = torch.tensor(
        [[0.3, 0.7, 0, 0], [0, 0, 1, 0], [0.25, 0.25, 0.25, 0.25], [0.9, 0, 0, 0.1], [0, 0.5, 0.125, 0.375]],
        dtype=torch.float64,
    )
    cases = []
    for smoothing in (0.0, 0.1):
        leaf = logits.clone().requires_grad_()
        loss = F.cross_entropy(leaf, targets, label_smoothing=smoothing)
        loss.backward()
        cases.append({"smoothing": smoothing, "loss": loss.item(), "gradient": leaf.grad.flatten().tolist()})
    return {"logits": logits.flatten().tolist(), "targets": targets.flatten().tolist(), "cases": cases}


value = {
    "torch": torch.__version__,
    "torchvision": torchvision.__version__,
    "affine": affine(),
    "flips": {"horizontal": short(TF.hflip(image())), "vertical": short(TF.vflip(image()))},
    "crop": crop(),
    "erase": short(TF.erase(image(), 2, 3, 4, 3, coloured("#1080c0"))),
    "elastic": elastic(),
    "colour": colour(),
    "blur": blur(),
    "mixing": mixing(),
    "softTargets": soft_targets(),
}
OUT.write_text(json.dumps(value, separators=(",", ":")) + "\n")
print(f"{OUT.name}: {OUT.stat().st_size} bytes")
