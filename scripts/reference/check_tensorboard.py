"""Reads event files by both of TensorBoard's loaders, and compares them with the runs that they were written for.

    pip install "tensorboard==2.21.*"
    stepladder train --step STEP --seeds 1-2 --log tensorboard     # or: stepladder runs --tensorboard runs/tensorboard
    python scripts/reference/check_tensorboard.py runs runs/tensorboard

The loaders: the event processing in Python (`--load_fast=false`), and the data server in Rust (`--load_fast=true`). Each has to find
every run of the folder, every value of its metrics.csv at its step and once, and the settings as hparams, by which the seeds of a step
are grouped. `EventAccumulator` reads the files as they are too. Ends with exit code 1 where anything differs.
"""

import csv
import json
import pathlib
import sys
import time
import types

import numpy as np
from tensorboard import context
from tensorboard.backend.event_processing import data_provider, event_accumulator, plugin_event_multiplexer
from tensorboard.data import provider, server_ingester
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
from tensorboard.util import grpc_util

runs, logdir = map(pathlib.Path, sys.argv[1:])
ctx = context.RequestContext()


def expected_of(folder):
    """The values of a run by tag: `(step, value)`, float32."""
    values = {}

    def add(tag, step, value):
        values.setdefault(tag, []).append((step, float(np.float32(value))))

    for row in csv.DictReader((folder / "metrics.csv").open()):
        step = int(row["epoch"])
        add("learning_rate", step, float(row["learningRate"]))
        for prefix, name in (("train", "train"), ("holdout", "validation"), ("test", "test")):
            if row[f"{prefix}Loss"] != "":
                add(f"{name}/loss", step, float(row[f"{prefix}Loss"]))
                add(f"{name}/accuracy", step, int(row[f"{prefix}Correct"]) / int(row[f"{prefix}Total"]))
    return values


def settings_of(value, path=""):
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {name: part for key, inner in items for name, part in settings_of(inner, f"{path}.{key}" if path else str(key)).items()}
    return {path: value}


folders = {str(file.parent.relative_to(runs)): file.parent for file in runs.rglob("result.json") if (file.parent / "metrics.csv").exists()}
configs = {run: json.loads((folder / "config.json").read_text()) for run, folder in folders.items()}
expected = {run: expected_of(folder) for run, folder in folders.items()}
assert expected, f"no finished runs in {runs}"
failures = 0


def check(loader, what, found, wanted):
    global failures
    if found != wanted:
        failures += 1
        print(f"{loader}: {what}: expected {wanted}, found {found}")


def check_provider(loader, data):
    scalars = data.read_scalars(ctx, experiment_id="", plugin_name="scalars", downsample=10_000)
    found = {run: {tag: [(d.step, float(np.float32(d.value))) for d in series] for tag, series in tags.items()} for run, tags in scalars.items()}
    check(loader, "runs", sorted(found), sorted(expected))
    values = 0
    for run, tags in expected.items():
        for tag, series in tags.items():
            check(loader, f"{run} {tag}", found.get(run, {}).get(tag), series)
            values += len(series)
        check(loader, f"{run} tags", sorted(found.get(run, {})), sorted(tags))
    hparams = backend_context.Context(types.SimpleNamespace(data_provider=data, logdir=str(logdir)))  # as much of a TBContext as it reads
    none = provider.ListHyperparametersResult(hyperparameters=[], session_groups=[])
    experiment = hparams.experiment_from_metadata(ctx, "", True, hparams.hparams_metadata(ctx, ""), none)
    request = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=10_000,
        aggregation_type=api_pb2.AGGREGATION_AVG,
        allowed_statuses=[api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING],
        col_params=[api_pb2.ColParams(hparam=info.name) for info in experiment.hparam_infos],
    )
    handler = list_session_groups.Handler(ctx, hparams, "", request)
    groups = handler.run().session_groups
    sessions = {session.name: (group, session) for group in groups for session in group.sessions}
    check(loader, "sessions", sorted(sessions), sorted(expected))
    for run, config in configs.items():
        wanted = {name: value for name, value in settings_of({"step": config["step"], **config["experiment"]}).items() if value is not None}
        wanted |= {name: config["options"][name] for name in ("limitTrain", "limitTest", "holdout") if name in config["options"]}
        if run in sessions:
            group, session = sessions[run]
            given = {name: getattr(value, value.WhichOneof("kind")) for name, value in group.hparams.items()}
            check(loader, f"{run} hparams", given, wanted)
            check(loader, f"{run} status", session.status, api_pb2.STATUS_SUCCESS)
    print(f"{loader}: {len(found)} runs, {values} values, {len(groups)} groups of settings")


multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"scalars": 10_000}, size_guidance={"tensors": 10_000})
multiplexer.AddRunsFromDirectory(str(logdir))
multiplexer.Reload()
check_provider("Python", data_provider.MultiplexerDataProvider(multiplexer, str(logdir)))

server = server_ingester.SubprocessServerDataIngester(
    logdir=str(logdir.resolve()),
    reload_interval=1,
    channel_creds_type=grpc_util.ChannelCredsType.LOCAL,
    samples_per_plugin={"scalars": 10_000},
    server_binary=server_ingester.get_server_binary(),
)
server.start()
for _ in range(100):  # it loads in the background
    if len(server.data_provider.list_runs(ctx, experiment_id="")) == len(expected):
        break
    time.sleep(0.1)
time.sleep(1)
check_provider("data server", server.data_provider)

for run in expected:
    accumulator = event_accumulator.EventAccumulator(str(logdir / run), size_guidance={"scalars": 0})
    accumulator.Reload()
    found = {tag: [(e.step, e.value) for e in accumulator.Scalars(tag)] for tag in accumulator.Tags()["scalars"]}
    check("EventAccumulator", run, found, expected[run])
print(f"EventAccumulator: {len(expected)} runs")
sys.exit(1 if failures else 0)
