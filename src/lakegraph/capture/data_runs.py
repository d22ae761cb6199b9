"""Runs of the data zone: ingesting, and processing with its operations and splits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from lakegraph.capture import files, labels, outputs
from lakegraph.capture.handles import Handle, Reference, listed, refer, title_of
from lakegraph.capture.outputs import Output, TableOptions
from lakegraph.capture.runs import Record, Run, without_gaps
from lakegraph.capture.splitting import split_csv
from lakegraph.errors import UsageError


class Split(NamedTuple):
    """The parts of a data set; ``validation`` only where a share was asked for."""

    training: Handle
    test: Handle
    validation: Handle | None = None


class DataRun(Run):
    """A run that writes data sets."""

    outputs_field: ClassVar[str] = ""

    def __init__(self, record: Record, title: str, said: dict[str, Any]) -> None:
        super().__init__(record, title, said)
        self._outputs: list[Output] = []

    def write(
        self,
        path: str | Path,
        data: object = None,
        *,
        title: str | None = None,
        description: str | None = None,
        tags: Sequence[str] = (),
        level: str | None = None,
        version: str | None = None,
        format: str | None = None,  # noqa: A002 - the word people use
        role: str | None = None,
        target: str | None = None,
        nominal: Collection[str] = (),
        columns_from: Mapping[str, Sequence[str]] | None = None,
        entity: str | None = None,
        column_statistics: bool = False,
        extra: Mapping[str, Any] | None = None,
        progress: files.Progress | None = None,
    ) -> Handle:
        """Say that this run wrote a file. Size, type, checksum and, for tables, columns and metafeatures are found.

        Args:
            path: The file, a folder, or an address such as ``s3://…``, which is recorded without being opened.
            data: A data frame, text or bytes to write to the file first.
            title: The data set's title; by default that of the one input, or the file's name.
            description: What this version holds.
            tags: Tags of the vocabulary, or new ones.
            level: ``public``, ``internal``, ``confidential`` or ``secret``; by default the highest of the inputs.
            version: Its version; by default the next number.
            format: ``structured``, ``semi-structured`` or ``unstructured``, where the file's name does not tell.
            role: ``training``, ``validation`` or ``test`` for a part of a split.
            target: The column to predict, for the metafeatures of classes.
            nominal: Columns whose numbers are codes of categories.
            columns_from: For each column the columns of the inputs that it was made from.
            entity: What one row stands for, such as ``patient record``.
            column_statistics: Whether to record each column's own metafeatures as well.
            extra: Further fields of the document, such as ``license``, ``hasData`` or ``annotations``.
            progress: Told how many bytes of how many have been read.

        Raises:
            UsageError: The file cannot be read, lacks a column that is named, or has the title of an earlier one.
        """
        said = {"title": title or self._title_for(path), "description": description, "hasTag": list(tags)}
        said |= {"securityLevel": level, "version": version, **(extra or {})}
        options = TableOptions(target, nominal, columns_from, entity, column_statistics)
        return self._add(path, data, said, format or self._said.get("format"), role, options, progress)

    def _add(
        self,
        path: str | Path,
        data: object,
        said: Mapping[str, Any],
        structure: str | None,
        role: str | None,
        options: TableOptions,
        progress: files.Progress | None = None,
    ) -> Handle:
        self._refuse_second(said["title"])
        if data is not None:
            outputs.write(path, data)
        made = outputs.dataset(
            path, said, structure=structure, role=role, data=data, options=options, progress=progress
        )
        self._outputs.append(made)
        return made.handle

    def _title_for(self, path: str | Path) -> str:
        return Path(path).stem

    def _refuse_second(self, title: str) -> None:
        from lakegraph.rdf.names import slugify

        if slugify(title) in {slugify(o.handle.title) for o in self._outputs}:
            raise UsageError(
                f"This run wrote a data set called {title!r} already.", hint='Give the other one a title: title="…".'
            )

    def _made(self) -> Iterable[Handle]:
        return [o.handle for o in self._outputs]

    def _written(self, level: str | None) -> dict[str, Any]:
        """The outputs; of a run that did not succeed only their paths, because nobody knows whether they are whole."""
        if not self.succeeded:
            paths = ", ".join(str(o.handle.path) for o in self._outputs)
            return {"comment": f"Files written before the error, which are no versions: {paths}"} if paths else {}
        administrator = self._said.get("administrator") or self._said.get("by")
        return {self.outputs_field: [o.described(level, administrator) for o in self._outputs]}


class Ingesting(DataRun):
    """Data on their way into the lake."""

    kind = "Ingest"
    person = "ingestedBy"
    outputs_field = "ingestTo"

    def __init__(self, record: Record, title: str, said: dict[str, Any]) -> None:
        self._name = title.removeprefix("Ingest ").strip() or title
        super().__init__(record, f"Ingest {self._name}", said)

    def _title_for(self, path: str | Path) -> str:
        return super()._title_for(path) if self._outputs else self._name

    def _body(self) -> dict[str, Any]:
        source = self._said["source"]
        url = source if isinstance(source, str) and "://" in source else None
        return {
            "ingestionMode": self._said["mode"],
            "accessURL": url,
            "ingestFrom": self._source(source, url),
            **self._written(self._said.get("level")),
        }

    def _source(self, source: str | Path | Mapping[str, Any], url: str | None) -> dict[str, Any]:
        found: dict[str, Any] = {"title": self._name}
        if isinstance(source, Mapping):
            found = {**found, **source}
        elif url:
            found["landingPage"] = url
        elif isinstance(source, Path) or "/" in source or "\\" in source or Path(source).is_file():
            found["storagePath"] = str(source).replace("\\", "/")
        else:
            # The name of a source that the lake knows, or is to know by this name.
            found["title"] = source
        copied = next((o.document.get("description") for o in self._outputs), None)
        described = {
            "description": self._said.get("description") or copied,
            "owner": self._said.get("owner"),
            "created": self._said.get("created"),
            "datasetType": self._structure(str(found.get("landingPage") or found.get("storagePath") or "")),
        }
        return without_gaps({**described, **found})

    def _structure(self, place: str) -> str | None:
        stated = self._said.get("format")
        for path in (*(str(o.handle.path) for o in self._outputs), place):
            stated = stated or files.structure(path)
        return stated


class Processing(DataRun):
    """Data being made from data."""

    kind = "Process"
    person = "processedBy"
    outputs_field = "targetData"

    def __init__(self, record: Record, title: str, said: dict[str, Any]) -> None:
        super().__init__(record, title, said)
        self._operations: list[dict[str, Any]] = []

    @property
    def _inputs(self) -> list[Reference]:
        return listed(self._said["inputs"])

    def operation(self, type: str, description: str | None = None) -> None:  # noqa: A002 - the ontology's word
        """Say which step was done next.

        Args:
            type: ``integration``, ``cleaning``, ``transformation``, ``reduction`` or a kind of these such as
                ``missing-values``, by any name in the vocabulary.
            description: What it did, such as ``impute missing values``.

        Raises:
            UsageError: There is no such type.
        """
        step = {"sequenceNumber": len(self._operations) + 1, "operationType": labels.need("OperationType", type)}
        self._operations.append(without_gaps({**step, "description": description}))

    def split(
        self,
        source: Handle | str | Path,
        *,
        test: float = 0.25,
        validation: float = 0.0,
        stratify: str | None = None,
        seed: int = 0,
        directory: str | Path | None = None,
        title: str | None = None,
        level: str | None = None,
        nominal: Collection[str] = (),
        entity: str | None = None,
    ) -> Split:
        """Divide the rows of a CSV file at random, write one file a part, and record each with its role.

        Args:
            source: The file, or the handle of an input.
            test: The share kept for the test.
            validation: The share kept for validation.
            stratify: The column whose values all parts shall have in the same proportions; taken for the target.
            seed: Of the random order: the same seed gives the same parts.
            directory: Where the parts are written; by default beside the file.
            title: The title to which each part's role is added; by default that of the input.
            level: The parts' security level; by default the highest of the inputs.
            nominal: Columns whose numbers are codes of categories.
            entity: What one row stands for.

        Raises:
            UsageError: The shares or the column are impossible.
        """
        shares = _shares(test, validation)
        file = Path(source)
        folder = Path(directory) if directory is not None else file.parent
        paths = {role: folder / f"{file.stem}-{role}.csv" for role in shares}
        split_csv(file, paths, shares, stratify, seed)
        whole = title or (source.title if isinstance(source, Handle) else self._title_for(file))
        # Each part has the columns of the whole; that can be said only of a whole that the lake knows.
        known = source.columns if isinstance(source, Handle) else ()
        options = TableOptions(stratify, nominal, {name: [name] for name in known}, entity)
        parts: dict[str, Handle] = {}
        for role, path in paths.items():
            said = {"title": f"{whole} ({role})", "description": f"The {role} part of {whole}.", "securityLevel": level}
            parts[role] = self._add(path, None, said, None, role, options)
        evenly = f", stratified by {stratify}" if stratify else ""
        said_shares = ", ".join(f"{share:.0%} {role}" for role, share in shares.items())
        self.operation("splitting", f"divide at random into {said_shares}{evenly}; seed {seed}")
        return Split(**parts)

    def _title_for(self, path: str | Path) -> str:
        """A version of the one input, unless there are several or the run writes a second data set."""
        names = [title_of(thing) for thing in self._inputs]
        if len(names) == 1 and names[0] and not self._outputs:
            return names[0]
        return super()._title_for(path)

    def _body(self) -> dict[str, Any]:
        inherited = labels.highest_level(t.level if isinstance(t, Handle) else None for t in self._inputs)
        return {
            "sourceData": [refer(thing) for thing in self._inputs],
            "appliesModel": [refer(model) for model in listed(self._said.get("models") or ())],
            "hasOperation": list(self._operations),
            **self._written(self._said.get("level") or inherited),
        }


def _shares(test: float, validation: float) -> dict[str, float]:
    if not (0 < test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise UsageError(
            f"The shares test={test} and validation={validation} leave nothing to train on.",
            hint="Give shares between 0 and 1 that add up to less than 1, such as test=0.25.",
        )
    shares = {"training": 1 - test - validation, "test": test}
    return {**shares, "validation": validation} if validation else shares
