"""MLflow on SQLite: recording the content of the same runs by its client and its fluent calls, and searching."""

from __future__ import annotations

import logging
import os
import time
import warnings
from itertools import repeat
from typing import Any

from tests.benchmarks.beside import beside
from tests.benchmarks.content import Content, content
from tests.benchmarks.plan import Plan, size_of
from tests.benchmarks.report import Report, repeated


def run(plan: Plan, report: Report) -> None:
    """Record and search."""
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}
    try:
        import mlflow
        import sqlalchemy  # noqa: F401 - its store on SQLite needs it
    except ImportError as error:
        report.skip("MLflow", f"{error.name} is not installed")
        return
    warnings.simplefilter("ignore")
    logging.disable(logging.INFO)
    where = plan.work / "mlflow"
    where.mkdir(exist_ok=True)
    database = where / "mlflow.db"
    database.unlink(missing_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{database}")
    client = mlflow.MlflowClient()
    experiment = client.create_experiment("bench", artifact_location=str(where / "artifacts"))
    mlflow.set_experiment("bench")
    first = size_of(database)
    batch, fluent = plan.count(400, 12), plan.count(200, 8)
    ways = (
        ("batch", "MLflow, log_batch", lambda d: _batch(client, experiment, content(d)), batch),
        ("fluent", "MLflow, fluent calls", lambda d: _fluent(mlflow, content(d)), fluent),
    )
    for key, name, record, count in ways:
        beside(plan, report, f"peer.mlflow.{key}", name, record, count, plan.seed)
    kept = (size_of(database) - first) / (batch + fluent) / 1000
    report.figure("peer.mlflow.disk", "MLflow: disk a run", kept, "KB")
    _search(plan, report, client, experiment)


def _batch(client: Any, experiment: str, content: Content) -> None:
    """One run by as few calls as the client has for it."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

    run = client.create_run(experiment, run_name=content.title)
    now = int(time.time() * 1000)
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(n, v, now, 0) for n, v in content.metrics.items()],
        params=[Param(n, v) for n, v in content.parameters.items()],
        tags=[RunTag(n, v) for n, v in content.tags.items()] + [RunTag("outputs", ",".join(content.outputs))],
    )
    inputs = [
        DatasetInput(Dataset(name, name[-36:], "local", "{}"), [InputTag("mlflow.data.context", "training")])
        for name in dict.fromkeys(content.inputs)
    ]
    client.log_inputs(run.info.run_id, datasets=inputs)
    client.set_terminated(run.info.run_id)


def _fluent(mlflow: Any, content: Content) -> None:
    """One run as its documentation shows it."""
    with mlflow.start_run(run_name=content.title):
        mlflow.log_params(content.parameters)
        mlflow.log_metrics(content.metrics)
        mlflow.set_tags({**content.tags, "outputs": ",".join(content.outputs)})
        mlflow.set_tags({f"input.{n}": name for n, name in enumerate(content.inputs)})


def _search(plan: Plan, report: Report, client: Any, experiment: str) -> None:
    """The same questions as of the index, over far fewer runs."""
    asked = {
        "latest": ("latest 20", {"order_by": ["attributes.start_time DESC"]}),
        "filter": (
            "filter by a metric",
            {"filter_string": "metrics.accuracy > 0.8", "order_by": ["metrics.accuracy DESC"]},
        ),
        "word": ("name LIKE", {"filter_string": "attributes.run_name LIKE '%turbine%'"}),
    }
    for key, (name, how) in asked.items():
        call = lambda h=how: client.search_runs([experiment], max_results=20, **h)  # noqa: E731
        seconds = repeated(repeat(call), plan.seconds / 3)
        report.times(f"peer.mlflow.{key}", f"MLflow: {name}, over its own {plan.count(600, 20)} runs", seconds)
