"""Writes the expected figures of the tests of statistics with statsmodels and scipy.

usage: python scripts/reference/make_statistics.py > test/statistics/statsmodels.json

Wants statsmodels and scipy; the tests read only the JSON that it writes. The data are drawn from a fixed seed, to the
digits of accuracies of 10,000 images.
"""

import json
import platform

import numpy
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

draw = numpy.random.default_rng(20260131)


def families():
    """Probabilities of several tests, ties and borders among them."""
    drawn = [draw.uniform(0, 0.2, size=count).round(4).tolist() for count in (1, 2, 5, 9)]
    return [*drawn, [0.01, 0.04, 0.03, 0.005], [0.02, 0.02, 0.02], [0.0, 1.0, 0.5], [0.6, 0.6]]


def pairs():
    """Two measures over the same seeds, some apart and some not."""
    for count, apart, spread in [(2, 0.001, 0.0004), (3, 0.0, 0.0005), (5, 0.0007, 0.0006), (5, 0.006, 0.001), (20, 0.0001, 0.0004)]:
        b = (0.99 + draw.normal(0, spread, size=count)).round(4)
        a = (b + apart + draw.normal(0, spread, size=count)).round(4)
        yield a, b


def paired(a, b):
    low, high = DescrStatsW(a - b).tconfint_mean(0.05)
    margins = [0.0002, 0.001, 0.005]
    return {
        "a": a.tolist(),
        "b": b.tolist(),
        "mean": float((a - b).mean()),
        "low": float(low),
        "high": float(high),
        "p": float(stats.ttest_rel(a, b).pvalue),
        "within": [{"margin": margin, "p": float(ttost_paired(a, b, -margin, margin)[0])} for margin in margins],
        "off": [{"bound": bound, "p": float(stats.ttest_1samp(a, bound).pvalue)} for bound in (0.99, 0.995)],
    }


print(
    json.dumps(
        {
            "python": platform.python_version(),
            "statsmodels": statsmodels.__version__,
            "scipy": scipy.__version__,
            "holm": [{"p": ps, "corrected": multipletests(ps, method="holm")[1].tolist()} for ps in families()],
            "paired": [paired(a, b) for a, b in pairs()],
            "mcnemar": [
                {"onlyFirst": first, "onlySecond": second, "p": float(mcnemar([[0, first], [second, 0]], exact=True).pvalue)}
                for first, second in [(9, 2), (2, 9), (0, 1), (0, 6), (25, 79), (40, 41), (120, 7)]
            ],
        },
        indent="\t",
    )
)
