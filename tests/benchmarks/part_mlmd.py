"""ML Metadata on SQLite: recording the same runs, and the lineage of the same planted graphs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice, repeat
from typing import Any

from lakegraph.testing import Structure
from tests.benchmarks.beside import beside
from tests.benchmarks.content import Content, content
from tests.benchmarks.plan import Plan, size_of
from tests.benchmarks.report import Report, repeated


def run(plan: Plan, report: Report) -> None:
    """Record and ask."""
    try:
        from ml_metadata import metadata_store
        from ml_metadata.proto import metadata_store_pb2 as proto
    except ImportError as error:
        report.skip("ML Metadata", f"{error.name} is not installed, or not for this Python")
        return
    where = plan.work / "mlmd"
    where.mkdir(exist_ok=True)
    tracker = _Tracker(metadata_store, proto, where / "runs.db")
    count = plan.count(1600, 40)
    first = size_of(where / "runs.db")
    name = "ML Metadata, put_execution"
    beside(plan, report, "peer.mlmd.record", name, lambda d: tracker.record(content(d)), count, plan.seed)
    kept = (size_of(where / "runs.db") - first) / count / 1000
    report.figure("peer.mlmd.disk", "ML Metadata: disk a run", kept, "KB")
    for name in ("tree", "chain"):
        _lineage(plan, report, _Tracker(metadata_store, proto, None), plan.structures[name])


class _Tracker:
    """A store with one type of execution and one of artifact.

    Args:
        metadata_store: The package's module.
        proto: Its messages.
        path: The database; None for one in memory.
    """

    def __init__(self, metadata_store: Any, proto: Any, path: Any) -> None:
        config = proto.ConnectionConfig()
        if path is None:
            config.fake_database.SetInParent()
        else:
            path.unlink(missing_ok=True)
            config.sqlite.filename_uri = str(path)
            config.sqlite.connection_mode = proto.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = metadata_store.MetadataStore(config)
        self.proto = proto
        self.artifact = self.store.put_artifact_type(proto.ArtifactType(name="Thing"))
        self.execution = self.store.put_execution_type(proto.ExecutionType(name="Run"))
        context = self.store.put_context_type(proto.ContextType(name="Study"))
        self.context = proto.Context(type_id=context, name="bench")
        self.context.id = self.store.put_contexts([self.context])[0]
        self.known: dict[str, int] = {}

    def record(self, content: Content) -> None:
        """One run with what it read and made, in the one call that there is for it."""
        proto = self.proto
        execution = proto.Execution(type_id=self.execution, name=content.run)
        said = {"title": content.title, **content.tags, **{f"set.{n}": v for n, v in content.parameters.items()}}
        for name, text in said.items():
            execution.custom_properties[name].string_value = text
        for name, number in content.metrics.items():
            execution.custom_properties[f"score.{name}"].double_value = number
        things = [(n, proto.Event.INPUT) for n in content.inputs] + [(n, proto.Event.OUTPUT) for n in content.outputs]
        pairs = [(self._thing(name), proto.Event(type=kind)) for name, kind in dict(things).items()]
        _, ids, _ = self.store.put_execution(execution, pairs, [self.context])
        self.known.update(zip(dict(things), ids, strict=True))

    def _thing(self, name: str) -> Any:
        made = self.proto.Artifact(type_id=self.artifact, uri=name)
        if name in self.known:
            made.id = self.known[name]
        return made

    def plant(self, structure: Structure) -> None:
        """The same planted graph."""
        for number, document in enumerate(structure.documents()):
            inputs = tuple(structure.dataset(n) for n in structure.inputs(number))
            self.record(replace(content(document), inputs=inputs, outputs=(structure.dataset(number),)))


def _lineage(plan: Plan, report: Report, tracker: _Tracker, structure: Structure) -> None:
    tracker.plant(structure)
    start = tracker.known[structure.dataset(structure.first)]
    ask: Callable[[], Any] = partial(_subgraph, tracker, start)
    found = len(ask().executions)
    note = f"finds {found:,} of {structure.downstream:,}"
    seconds = repeated(islice(repeat(ask), plan.count(6, 3)), plan.seconds)
    what = f"ML Metadata: get_lineage_subgraph, down the {structure.name}"
    report.times(f"peer.mlmd.{structure.name}", what, seconds, note=note)
    report.figure(f"peer.mlmd.{structure.name}.found", f"  executions that it finds ({structure.name})", found, "")


def _subgraph(tracker: _Tracker, start: int) -> Any:
    options = tracker.proto.LineageSubgraphQueryOptions(
        starting_artifacts=tracker.proto.LineageSubgraphQueryOptions.StartingNodes(filter_query=f"id = {start}"),
        max_num_hops=100,
        direction=tracker.proto.LineageSubgraphQueryOptions.Direction.DOWNSTREAM,
    )
    return tracker.store.get_lineage_subgraph(options)
