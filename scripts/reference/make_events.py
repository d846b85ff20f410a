"""Writes test/tensorboard/tensorboard.json: an event file as TensorBoard's own writer and its plugin hparams write it.

    pip install "tensorboard==2.21.*"
    python scripts/reference/make_events.py > test/tensorboard/tensorboard.json
"""

import base64
import json
import pathlib
import tempfile

import numpy as np
import tensorboard
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2, summary_v2
from tensorboard.summary.writer.record_writer import RecordWriter

BEGUN = 1796064125.5
HPARAMS = {"schedule.maxLearningRate": 0.1}  # one, since the order of a map is not defined
GROUP = "basic-setup (0123456789)"
EPOCHS = [
    {"epoch": 1, "seconds": 2.25, "learningRate": 0.004, "trainLoss": 2.5, "trainCorrect": 30, "trainTotal": 70}
    | {"holdoutLoss": 1.75, "holdoutCorrect": 5, "holdoutTotal": 9, "testLoss": 1.5, "testCorrect": 1, "testTotal": 3},
    {"epoch": 300, "seconds": 0.1, "learningRate": 0.1, "trainLoss": 1e-9, "trainCorrect": 70, "trainTotal": 70},
]

file = pathlib.Path(tempfile.mkdtemp()) / "events.out.tfevents.1"
with open(file, "wb") as opened:
    writer = RecordWriter(opened)

    def write(**fields):
        writer.write(event_pb2.Event(**fields).SerializeToString(deterministic=True))

    write(wall_time=BEGUN, file_version="brain.Event:2")
    write(wall_time=BEGUN, summary=summary_v2.hparams_pb(HPARAMS, GROUP, BEGUN))
    now = BEGUN
    for row in EPOCHS:
        now += row["seconds"]
        values = []
        for prefix, name in (("train", "train"), ("holdout", "validation"), ("test", "test")):
            if f"{prefix}Loss" in row:
                values.append((f"{name}/loss", row[f"{prefix}Loss"]))
                values.append((f"{name}/accuracy", row[f"{prefix}Correct"] / row[f"{prefix}Total"]))
        values.append(("learning_rate", row["learningRate"]))
        scalars = [summary_pb2.Summary.Value(tag=tag, simple_value=np.float32(value)) for tag, value in values]
        write(wall_time=now, step=row["epoch"], summary=summary_pb2.Summary(value=scalars))
    info = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=now)
    end = summary_pb2.Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=info)),
        tensor=metadata.NULL_TENSOR,
    )
    write(wall_time=now, step=EPOCHS[-1]["epoch"], summary=summary_pb2.Summary(value=[end]))

print(
    json.dumps(
        {
            "tensorboard": tensorboard.__version__,
            "run": {"begun": BEGUN, "hparams": HPARAMS, "group": GROUP},
            "epochs": EPOCHS,
            "file": base64.b64encode(file.read_bytes()).decode(),
        },
        indent="\t",
    )
)
