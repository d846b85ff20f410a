"""Writes the expected figures of the tests of searches with NumPy and SciPy.

usage: python scripts/reference/make_search.py > test/sweep/search.json

Wants numpy and scipy; the tests read only the JSON that it writes. The data are drawn from a fixed seed.
"""

import json
import platform

import numpy
import scipy
from scipy import stats

draw = numpy.random.default_rng(20261130)


def explained(groups):
    """Epsilon squared of a one-way analysis of variance, and that of its F at the 95 % quantile."""
    values = numpy.concatenate(groups)
    n, k = len(values), len(groups)
    f = stats.f_oneway(*groups).statistic

    def epsilon(f):
        # (SSB - (k - 1) MSW) / SST, with MSW = 1
        ssb, sst = (k - 1) * f, (k - 1) * f + (n - k)
        return max(0, (ssb - (k - 1)) / sst)

    return {
        "groups": [group.tolist() for group in groups],
        "share": epsilon(f),
        "byChance": epsilon(stats.f.ppf(0.95, k - 1, n - k)),
    }


def density(low, high, log, whole, values, at):
    """A mixture of truncated normal distributions, equally weighted, with one as wide as the range in its middle."""
    scale = numpy.log if log else numpy.asarray
    half = 0.5 if whole else 0
    a, b = float(scale(low - half)), float(scale(high + half))
    prior = (a + b) / 2
    means = numpy.sort(numpy.append(scale(values), prior))
    padded = numpy.concatenate([[a], means, [b]])
    gaps = numpy.diff(padded)
    widths = numpy.clip(numpy.maximum(gaps[:-1], gaps[1:]), (b - a) / min(100, len(means)), b - a)
    widths[means == prior] = b - a
    points = scale(at)
    parts = [stats.truncnorm.pdf(points, (a - m) / s, (b - m) / s, loc=m, scale=s) for m, s in zip(means, widths)]
    return {
        "range": {"low": low, "high": high, "log": log},
        "values": list(values),
        "at": list(at),
        "density": numpy.mean(parts, axis=0).tolist(),
    }


def front(items):
    """The items that no other one beats, by comparing all pairs."""
    def beaten(item):
        return any(
            other["cost"] <= item["cost"] and other["value"] >= item["value"]
            and (other["cost"] < item["cost"] or other["value"] > item["value"])
            for other in items
        )

    kept = [index for index, item in enumerate(items) if not beaten(item)]
    return {"items": items, "front": sorted(kept, key=lambda index: (items[index]["cost"], index))}


print(json.dumps({
    "made": {"python": platform.python_version(), "numpy": numpy.__version__, "scipy": scipy.__version__},
    "explained": [
        explained([draw.normal(0.98 + 0.004 * group * effect, 0.002, size=size).round(4) for group, size in enumerate(sizes)])
        for effect, sizes in [(1, [4, 4, 4]), (0, [3, 5, 2, 6]), (0.3, [20, 20]), (2, [2, 9])]
    ],
    "densities": [
        density(0.001, 0.1, True, False, [0.011, 0.012, 0.05], [0.001, 0.009, 0.03, 0.1]),
        density(8, 64, False, True, [8, 9, 30, 64, 64], [8, 12, 31, 50, 64]),
        density(1, 64, True, True, [2, 2, 4], [1, 2, 3, 40]),
        density(0.0, 0.5, False, False, [], [0.0, 0.2, 0.5]),
    ],
    "fronts": [
        front([{"cost": int(draw.integers(1, 8)), "value": float(draw.integers(0, 8))} for _ in range(count)])
        for count in (1, 5, 12, 30)
    ],
}, indent="\t"))
