"""Files that a run made, as data set and model documents: what is found in them, and what the caller adds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lakegraph.capture import files, tables
from lakegraph.capture.handles import Handle
from lakegraph.capture.metafeatures import column_metafeatures, metafeatures
from lakegraph.capture.tables import Column, Frame, Table
from lakegraph.errors import UsageError

_CLASSES: Final = {
    "structured": "StructuredDataset",
    "semi-structured": "SemiStructuredDataset",
    "unstructured": "UnstructuredDataset",
}
_ATTRIBUTES: Final = {"numeric": "NumericAttribute", "nominal": "NominalAttribute", "other": "Attribute"}


@dataclass(frozen=True, slots=True)
class Output:
    """Something that a run made.

    Attributes:
        handle: How later runs refer to it.
        document: Its description; what the whole run decides is added when that ends.
    """

    handle: Handle
    document: dict[str, Any]

    def described(self, level: str | None, administrator: str | None) -> dict[str, Any]:
        """The document with the run's security level and administrator where it states none of its own."""
        said = dict(self.document)
        if self.handle.level is None:
            self.handle.level = level
        if self.handle.level:
            said.setdefault("securityLevel", self.handle.level)
        if administrator:
            said.setdefault("administrator", administrator)
        return said


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is read.

    Attributes:
        target: The column to predict.
        nominal: Columns whose numbers are codes of categories.
        columns_from: For each column the columns of the inputs that it was made from.
        entity: What one row stands for.
        statistics: Whether each column's own metafeatures are recorded as well.
    """

    target: str | None = None
    nominal: Collection[str] = ()
    columns_from: Mapping[str, Sequence[str]] | None = None
    entity: str | None = None
    statistics: bool = False


def write(path: str | Path, data: object) -> None:
    """Write *data* to a file: a pandas data frame as CSV, text as UTF-8, bytes as they are. Folders are made.

    Raises:
        UsageError: It is none of these.
    """
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    if tables.is_frame(data) and tables.is_csv(file):
        frame: Frame = data  # type: ignore[assignment] # is_frame has looked
        frame.to_csv(file, index=False)
    elif isinstance(data, str):
        file.write_text(data, encoding="utf-8")
    elif isinstance(data, bytes | bytearray | memoryview):
        file.write_bytes(data)
    else:
        raise UsageError(
            f"A {type(data).__name__} cannot be written to {file.name} from here.",
            where=str(path),
            hint="Write the file yourself and leave data= out; data frames are written to .csv, text and bytes to any.",
        )


def dataset(
    path: str | Path,
    said: Mapping[str, Any],
    *,
    structure: str | None,
    role: str | None,
    data: object,
    options: TableOptions,
    progress: files.Progress | None,
) -> Output:
    """A file as a version of a data set.

    Args:
        path: The file, a folder, or an address.
        said: What the caller says of it, by document field; ``title`` at least.
        structure: ``structured``, ``semi-structured`` or ``unstructured``, where the name does not tell.
        role: ``training``, ``validation`` or ``test`` for a part of a split.
        data: The data frame that the file was written from, which saves reading it.
        options: How the table is read.
        progress: Told how far long reading is.

    Raises:
        UsageError: The file cannot be read, or a column that was named is not in it.
    """
    found = files.facts(path, progress)
    kind = "DataSplit" if role else _CLASSES.get(structure or files.structure(found.path) or "", "ModellakeDataset")
    document: dict[str, Any] = {"type": kind, "distribution": found.distribution()}
    if role:
        document["splitRole"] = role
    table, note = _table(path, data, options, progress)
    if table:
        _check_names(table, options)
        document["hasEntityClass"] = _entity(table, options, str(said["title"]))
        document["metafeatures"] = metafeatures(table, options.target)
    document |= {name: value for name, value in said.items() if value not in (None, (), [], "")}
    if note:
        document["comment"] = " ".join(part for part in (document.get("comment"), note) if part)
    handle = Handle("dataset", str(said["title"]), found.path, said.get("version"), said.get("securityLevel"), role)
    handle.columns = table.names if table else ()
    return Output(handle, document)


def model(path: str | Path, said: Mapping[str, Any], progress: files.Progress | None) -> Output:
    """A file as a version of a model, freshly trained. See :func:`dataset`."""
    found = files.facts(path, progress)
    document = {"lifecycleStage": "trained", "hasArtifact": found.distribution()}
    document |= {name: value for name, value in said.items() if value not in (None, (), [], "")}
    handle = Handle("model", str(said["title"]), found.path, said.get("version"), said.get("securityLevel"))
    return Output(handle, document)


def _table(
    path: str | Path, data: object, options: TableOptions, progress: files.Progress | None
) -> tuple[Table | None, str]:
    """The table in a file, if there is one that can be read, and what to say about the reading."""
    if tables.is_frame(data):
        frame: Frame = data  # type: ignore[assignment] # is_frame has looked
        table = tables.from_frame(frame, target=options.target, nominal=options.nominal)
        return table, table.note
    file = Path(path)
    if files.is_address(str(path)) or not file.is_file() or not tables.is_csv(file):
        return None, ""
    try:
        table = tables.read_csv(file, target=options.target, nominal=options.nominal, progress=progress)
    except ValueError as error:
        # The file is recorded all the same: what it holds is then a visible gap, with its reason.
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        return None, f"The columns are not described: {reason}."
    return table, table.note


def _check_names(table: Table, options: TableOptions) -> None:
    if len(table.columns) < table.width:
        return
    named = [*(options.columns_from or ()), *options.nominal, *([options.target] if options.target else ())]
    for name in named:
        if name not in table.names:
            shown = ", ".join(table.names[:20])
            raise UsageError(f"The table has no column {name!r}.", hint=f"It has: {shown}.")


def _entity(table: Table, options: TableOptions, title: str) -> dict[str, Any]:
    origins = options.columns_from or {}
    return {
        "title": options.entity or f"{title} record",
        "hasAttribute": [_attribute(c, origins.get(c.name, ()), options.statistics) for c in table.columns],
    }


def _attribute(column: Column, origins: Sequence[str], statistics: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"type": _ATTRIBUTES[column.kind], "title": column.name}
    if origins:
        said["derivedFromAttribute"] = [origins] if isinstance(origins, str) else list(origins)
    if statistics:
        said["metafeatures"] = column_metafeatures(column)
    return said
