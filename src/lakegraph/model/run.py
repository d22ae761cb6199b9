"""Documents of runs in the data zone (Figure 2), and what every run says: when, by which program, where."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from lakegraph.model.agents import AgentRef, TagRefs, UserRef
from lakegraph.model.base import ConceptOf, Day, Identity, Many, Moment, RefTo, Thing, reference
from lakegraph.model.data import AnyDatasetRef, Concept, DatasetRef, SourceRef


class Program(Thing):
    """Code that a run executes (Fig. 2, the program half of Process)."""

    identity: ClassVar[Identity] = "content"
    type: Literal["Program"] = "Program"
    program_language: str | None = None
    source_code_url: str | None = None
    code_version: str | None = None
    uncommitted_changes: bool | None = None
    created: Day | None = None


class Environment(Thing):
    """Where a program ran (Fig. 3, class Environment)."""

    identity: ClassVar[Identity] = "content"
    type: Literal["Environment"] = "Environment"
    version: str | None = None
    hardware: str | None = None
    operating_system: str | None = None
    host_name: str | None = None


ProgramRef = Annotated[Any, reference(Program)]
EnvironmentRef = Annotated[Any, reference(Environment)]


class Run(Thing):
    """One execution: the unit of record (prov:Activity)."""

    identity: ClassVar[Identity] = "run"
    started_at: Moment | None = None
    ended_at: Moment | None = None
    run_status: Annotated[Concept, ConceptOf("RunStatus")] = "succeeded"
    executes: Many[ProgramRef] = ()
    environment: EnvironmentRef | None = None
    associated_with: Many[AgentRef] = ()
    output_log: str | None = None
    error_log: str | None = None
    error_message: str | None = None
    has_tag: TagRefs = ()


class Ingest(Run):
    """Data brought into the lake from a source (Fig. 2, class Ingest)."""

    type: Literal["Ingest"] = "Ingest"
    ingestion_mode: Annotated[str | None, ConceptOf("IngestionMode")] = None
    ingest_from: SourceRef | None = None
    ingest_to: Many[DatasetRef] = ()
    ingested_by: UserRef | None = None
    access_url: str | None = None
    ingest_realtime_data: Many[Annotated[str, RefTo("Process")]] = ()


class ProcessingOperation(Thing):
    """One step of a process (Fig. 2, class ProcessingOperations)."""

    key_fields: ClassVar[tuple[str, ...]] = ("sequenceNumber",)
    type: Literal["ProcessingOperation"] = "ProcessingOperation"
    sequence_number: int | None = Field(default=None, ge=1)
    operation_type: Annotated[str | None, ConceptOf("OperationType")] = None
    follows: Annotated[str | None, RefTo("ProcessingOperation")] = None


class Process(Run):
    """Data made from data (Fig. 2, class Process)."""

    type: Literal["Process"] = "Process"
    source_data: Many[AnyDatasetRef] = ()
    target_data: Many[DatasetRef] = ()
    processed_by: UserRef | None = None
    has_operation: Many[Annotated[Any, reference(ProcessingOperation)]] = ()
    has_subprocess: Many[Annotated[str, RefTo("Process")]] = ()
    realtime_process: Many[SourceRef] = ()
    applies_model: Many[Annotated[str, RefTo("Model")]] = ()
