"""Checks exports of one model: ONNX files by onnx.checker, and their logits in ONNX Runtime against those of `model.py` in PyTorch.

    pip install torch==2.13.0 onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 numpy
    stepladder export MODEL --format pytorch --out exports/torch
    stepladder export MODEL --format onnx --out exports/onnx      # any number of them
    python scripts/reference/check_exports.py exports/torch exports/onnx ...

Ends with exit code 1 where a file is refused, an image gets another answer, or a logit is more than 1e-4 off.
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import torch

IMAGES = 1000
MOST = 1e-4

reference, *folders = map(pathlib.Path, sys.argv[1:])
spec = importlib.util.spec_from_file_location("model", reference / "model.py")
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
shape = model.ABOUT["channels"], model.ABOUT["size"], model.ABOUT["size"]
pixels = np.random.default_rng(1).integers(0, 256, (IMAGES, *shape), dtype=np.uint8)
with torch.no_grad():
    expected = model.load()(torch.from_numpy(pixels)).numpy()

failed = False
for folder in folders:
    evidence = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    assert evidence["model"]["sha256"] == model.ABOUT["model"], f"{folder} is of another model"
    file = folder / evidence["files"][0]["name"]
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    assert json.loads(session.get_modelmeta().custom_metadata_map["classes"]) == model.CLASSES
    logits = session.run(["logits"], {"images": pixels})[0]
    differ = int((logits.argmax(1) != expected.argmax(1)).sum())
    distance = float(np.abs(logits - expected).max())
    failed |= differ > 0 or distance > MOST
    options = evidence["options"]
    print(f"{file}: opset {options['opset']}, {'folded, ' if options['fold'] else ''}{differ} of {IMAGES} differ, {distance:.1e}")
sys.exit(failed)
