"""Draws images class by class, written apart from the trainer, for `crates/trainer/tests/draws.rs`.

    python3 scripts/reference/make_draws.py > crates/trainer/tests/fixtures/draws.json

Needs Python alone.
"""

import hashlib
import json
import random
from fractions import Fraction

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
DRAW = 5  # the purpose of the stream


def finalise(word):
    """The output function of SplitMix64 (Steele, Lea and Flood 2014)."""
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & MASK
    return word ^ (word >> 31)


def at(key, part):
    return finalise(key ^ finalise((part + 1) * GOLDEN & MASK))


def rank(seed, label, pixels):
    key = at(at(finalise((seed + GOLDEN) & MASK), DRAW), label)
    fingerprint = int.from_bytes(hashlib.sha256(bytes(pixels)).digest()[:8], "big")
    return finalise((key + ((fingerprint + 1) & MASK) * GOLDEN) & MASK)


def shares(counts, wanted, least, left):
    """Largest remainders, with a least number from each class and some that each keeps, where the counts allow."""
    most = [max(0, count - left) for count in counts]
    if sum(most) < wanted:
        most = list(counts)
    while sum(min(least, part) for part in most) > wanted:
        least -= 1
    quotas = [Fraction(wanted * count, sum(counts)) for count in counts]
    parts = [min(max(int(quota), min(least, part)), part) for quota, part in zip(quotas, most)]
    classes = range(len(counts))
    while sum(parts) < wanted:
        open_classes = [c for c in classes if parts[c] < most[c]]
        parts[max(open_classes, key=lambda c: (quotas[c] - parts[c], -c))] += 1
    while sum(parts) > wanted:
        open_classes = [c for c in classes if parts[c] > min(least, most[c])]
        parts[min(open_classes, key=lambda c: (quotas[c] - parts[c], -c))] -= 1
    return parts


def draw(seed, images, labels, candidates, wanted, least, left):
    classes = [[i for i in candidates if labels[i] == label] for label in range(max(labels) + 1)]
    for label, members in enumerate(classes):
        members.sort(key=lambda i: (rank(seed, label, images[i]), i))
    parts = shares([len(members) for members in classes], wanted, least, left)
    return sorted(i for members, part in zip(classes, parts) for i in members[:part])


def split(seed, images, labels, limit, holdout):
    kept = list(range(len(labels)))
    if limit is not None:
        kept = draw(seed, images, labels, kept, min(limit, len(kept)), 2 if holdout else 1, 0)
    held_out = draw(seed, images, labels, kept, holdout, 1, 1) if holdout else []
    return {"train": [i for i in kept if i not in held_out], "holdout": held_out}


def main():
    source = random.Random(1)
    labels = [0] * 60 + [1] * 9 + [2] * 2
    images = [[source.randrange(256) for _ in range(4)] for _ in labels]
    images[3] = images[40]  # equal images of a class have one rank
    cases = [
        {"seed": seed, "limit": limit, "holdout": holdout, **split(seed, images, labels, limit, holdout)}
        for seed, limit, holdout in [(1, None, 20), (2, None, 20), (1, 30, 0), (1, 30, 10), (1, 4, 2), (7, 70, 68)]
    ]
    print(json.dumps({"images": images, "labels": labels, "cases": cases}))


main()
