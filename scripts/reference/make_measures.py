"""Writes the expected figures of the tests of classification measures with scikit-learn.

usage: python scripts/reference/make_measures.py > test/statistics/scikit-learn.json

Wants scikit-learn; the tests read only the JSON that it writes. The expected calibration error is computed here, by the
definition of Guo et al. 2017 (https://arxiv.org/abs/1706.04599) with its bins, (lower, upper], since scikit-learn has none.
"""

import json
import warnings

import numpy
import sklearn
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

draw = numpy.random.default_rng(20261130)


def expected_calibration_error(right, confidence, bins=15):
    borders = numpy.linspace(0, 1, bins + 1)
    error = 0.0
    for lower, upper in zip(borders[:-1], borders[1:]):
        inside = (confidence > lower) & (confidence <= upper)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def case(name, labels, scores, classes):
    """The measures of predictions. `scores` is [image, class] and its rows add up to 1."""
    predictions = scores.argmax(axis=1)
    confidence = scores.max(axis=1)
    ranks = 1 + (scores > scores[numpy.arange(len(labels)), labels][:, None]).sum(axis=1)
    names = list(range(classes))
    precision, recall, f1, count = precision_recall_fscore_support(labels, predictions, labels=names, zero_division=0)
    counts = numpy.bincount(labels, minlength=classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of predicted classes without images
        balanced = balanced_accuracy_score(labels, predictions)
    return {
        "name": name,
        "classes": classes,
        "labels": labels.tolist(),
        "predictions": predictions.tolist(),
        "probabilities": confidence.tolist(),
        "ranks": ranks.tolist(),
        "accuracy": accuracy_score(labels, predictions),
        "balancedAccuracy": balanced,
        "macroF1": f1_score(labels, predictions, average="macro", zero_division=0),
        "top3": top_k_accuracy_score(labels, scores, k=3, labels=names) if classes > 3 else None,
        "calibrationError": expected_calibration_error(labels == predictions, confidence),
        "majority": {"label": int(counts.argmax()), "accuracy": float(counts.max() / counts.sum())},
        "confusion": confusion_matrix(labels, predictions, labels=names).tolist(),
        "perClass": [
            {"count": int(n), "precision": float(p), "recall": float(r), "f1": float(f)}
            for n, p, r, f in zip(count, precision, recall, f1)
        ],
    }


def drawn(images, shares, sharpness):
    """Labels by the classes' shares, and scores that favour the right class."""
    labels = draw.choice(len(shares), size=images, p=shares)
    logits = draw.normal(0, 1, size=(images, len(shares)))
    logits[numpy.arange(images), labels] += sharpness
    scores = numpy.exp(logits)
    return labels, (scores / scores.sum(axis=1, keepdims=True)).round(6)


def constant(images, rare):
    """One image in so many is of class 1, and class 0 is always predicted."""
    labels = (numpy.arange(images) % rare == 0).astype(int)
    return labels, numpy.tile([0.95, 0.05], (images, 1))


print(
    json.dumps(
        {
            "scikit-learn": sklearn.__version__,
            "numpy": numpy.__version__,
            "cases": [
                case("ten classes", *drawn(120, [0.1] * 10, 1.5), 10),
                case("imbalanced", *drawn(100, [0.9, 0.06, 0.04], 1.0), 3),
                case("a constant prediction", *constant(100, 20), 2),
                case("classes without images, some of them predicted", *drawn(12, [0.5, 0.3, 0.2, 0, 0, 0], 0.5), 6),
                case(
                    "confidences on the bins' borders",
                    numpy.array([0, 1, 0, 1, 0, 0, 1]),
                    numpy.array([[p, 1 - p] for p in [1.0, 0.0, 0.6, 0.4, 0.8, 9 / 15, 13 / 15]]),
                    2,
                ),
            ],
        }
    )
)
