"""Prints what a plain net of convolutions takes in TensorFlow Lite Micro, for docs/MODELS.md: bytes of the file, and of its arena.

    pip install tensorflow-cpu==2.21.0 tflite-micro==0.dev20261023182759
    python scripts/reference/size_tflite_micro.py MODEL.safetensors

The weights are random and the norms left out, which are folded there as here: neither changes a size. The arena is that of a 64-bit
machine; its head, of the values alone, is the same on a Cortex-M4.
"""

import json
import struct
import sys

import numpy as np
import tensorflow as tf
from tflite_micro import runtime

layers = tf.keras.layers


def layer(of):
    match of["kind"]:
        case "block":
            padding = {0: "valid", of["kernel"] // 2: "same"}[of["padding"]]
            return layers.Conv2D(of["channels"], of["kernel"], padding=padding, activation="relu")
        case "conv":
            return layers.Conv2D(of["channels"], of["kernel"])
        case "max-pool":
            return layers.MaxPooling2D(of["kernel"])
        case "average-pool":
            return layers.AveragePooling2D(of["kernel"])
        case "flatten":
            return layers.Flatten()
        case kind:
            sys.exit(f"{kind} is not known here")


def converted(net, shape, is_int8):
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    if is_int8:
        random = np.random.default_rng(1)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([random.random(shape, dtype=np.float32)] for _ in range(50))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


with open(sys.argv[1], "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    spec = json.loads(json.loads(file.read(length))["__metadata__"]["stepladder"])["net"]
shape = (1, spec["size"], spec["size"], spec["channels"])
values = images = tf.keras.Input(shape[1:], batch_size=1)
for each in spec["body"] + spec["head"]:
    values = layer(each)(values)
for is_int8 in (False, True):
    file = converted(tf.keras.Model(images, values), shape, is_int8)
    print(f"{'int8' if is_int8 else 'float'}: a file of {len(file)} bytes", flush=True)
    interpreter = runtime.Interpreter.from_bytes(file)
    interpreter.set_input(np.zeros(shape, dtype=np.int8 if is_int8 else np.float32), 0)
    interpreter.invoke()
    interpreter.print_allocations()
