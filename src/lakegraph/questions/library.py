"""The library of questions: every ``.rq`` file of the project and of one lake, checked, by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lakegraph import resources
from lakegraph.errors import DataFileError, NotFoundError
from lakegraph.questions.checks import check
from lakegraph.questions.header import read_header
from lakegraph.questions.parameters import Parameter, ParameterError, Resolve, read
from lakegraph.rdf.terms import value
from lakegraph.rdf.vocabulary import Ontology, ontology

_NOT_ASKED = frozenset({"internal", "views"})
"""Folders whose queries serve the project itself."""
LIMIT = "limit"
"""The parameter that says how many rows to give; SPARQL cannot bind it, so it cuts the answer instead."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the library.

    Attributes:
        name: Its name: in the route, in the command, in Python.
        summary: The question as a person would ask it.
        answers: The W or the area that it answers.
        parameters: What it takes, in order.
        about: The classes (tokens) that its subject may have; empty for any.
        text: The SPARQL query.
        file: Where it stands.
        folder: The folder that it stands in: ``governance``, ``lineage`` …
        narrowed: A variable, and the list of the index outside of which it has no answer.
    """

    name: str
    summary: str
    answers: str
    parameters: tuple[Parameter, ...]
    about: tuple[str, ...]
    text: str
    file: str
    folder: str
    narrowed: tuple[str, str] | None = None

    @property
    def subject(self) -> Parameter | None:
        """The parameter that takes the thing which the question is about."""
        return next((p for p in self.parameters if p.type == "iri"), None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of thing (as an index names them) that the subject may be; empty for any."""
        paths, supers = ontology().id_paths, ontology().superclasses
        return tuple(sorted({
            path for cls, path in paths.items() if any(a == cls or a in supers.get(cls, ()) for a in self.about)
        }))  # fmt: skip

    def parameter(self, name: str) -> Parameter:
        """The parameter called *name*; ``about`` and ``of`` stand for the subject in any question.

        Raises:
            ParameterError: There is none.
        """
        found = next((p for p in self.parameters if p.name == name), None)
        if found is None and name in ("about", "of"):
            found = self.subject
        if found is None:
            names = ", ".join(p.name for p in self.parameters) or "no parameter"
            raise ParameterError(
                f"The question {self.name!r} has no parameter {name!r}.", where=name, hint=f"It takes {names}."
            )
        return found

    def as_dict(self) -> dict[str, object]:
        """The question for JSON: what it asks and takes, not its text."""
        return {
            "name": self.name,
            "summary": self.summary,
            "answers": self.answers,
            "folder": self.folder,
            "about": [value(c) for c in self.about],
            "parameters": [p.as_dict() for p in self.parameters],
        }


def bind(
    question: Question, values: Mapping[str, str], known: Ontology | None = None, resolve: Resolve | None = None
) -> dict[str, str]:
    """The tokens to bind for *question*, from what a person typed. Text is never put into the query.

    Args:
        question: The question.
        values: Parameter name to text; ``about`` or ``of`` may stand for the subject.
        known: The ontology; this installation's when left out.
        resolve: Finds things by name, for parameters that take an IRI.

    Raises:
        ParameterError: A value is unknown, missing, said twice, or does not fit.
        NotFoundError: Nothing in the lake is called so.
        AmbiguousError: More than one thing is called so.
    """
    tables = known or ontology()
    given: dict[str, str] = {}
    for name, text in values.items():
        parameter = question.parameter(name)
        if parameter.name in given:
            raise ParameterError(f"The parameter {parameter.name!r} is given twice.", where=name)
        given[parameter.name] = text
    bindings = {}
    for parameter in question.parameters:
        said = given.get(parameter.name, parameter.default)
        if said is not None:
            bindings[parameter.name] = read(parameter, said, tables, resolve)
        elif parameter.required:
            raise ParameterError(
                f"The question {question.name!r} needs {parameter.name}.",
                where=parameter.name,
                hint=f"lakegraph ask {question.name} --{parameter.name} …",
            )
    return bindings


class Library:
    """Questions by name.

    Args:
        questions: The questions; each name once.
    """

    def __init__(self, questions: Sequence[Question]) -> None:
        self._questions = {q.name: q for q in questions}

    @classmethod
    def load(cls, folders: Sequence[Path], known: Ontology | None = None) -> Library:
        """Read every question below *folders*: ``folder/area/name.rq`` or ``folder/name.rq``, but not what lies deeper.

        Args:
            folders: The project's ``queries`` folder, and a lake's own where it has one; a missing one is passed over.
            known: The ontology that declares the terms; this installation's when left out.

        Raises:
            DataFileError: A file cannot be asked as it stands; file and line are named.
        """
        tables = known or ontology()
        found: dict[str, Question] = {}
        for folder in folders:
            for file in sorted([*folder.glob("*.rq"), *folder.glob("*/*.rq")]):
                if file.parent.name in _NOT_ASKED and file.parent != folder:
                    continue
                question = _read(file, "" if file.parent == folder else file.parent.name, tables)
                if question.name in found:
                    raise DataFileError(
                        f"Two questions are called {question.name!r}.",
                        where=question.file,
                        hint=f"Rename this one; the other is {found[question.name].file}.",
                    )
                found[question.name] = question
        return cls(list(found.values()))

    def get(self, name: str) -> Question:
        """The question called *name*.

        Raises:
            NotFoundError: There is none; the nearest names are suggested.
        """
        if name in self._questions:
            return self._questions[name]
        near = difflib.get_close_matches(name, self._questions, n=3)
        raise NotFoundError(
            f"There is no question {name!r}.",
            where=name,
            hint=f"Did you mean {' or '.join(near)}?" if near else "lakegraph ask lists them all.",
        )

    def about(self, classes: Sequence[str]) -> list[Question]:
        """The questions that can be asked of a thing with these classes (tokens, superclasses among them)."""
        return [q for q in self if q.subject and (not q.about or set(q.about) & set(classes))]

    def __iter__(self) -> Iterator[Question]:
        return iter(self._questions.values())

    def __len__(self) -> int:
        return len(self._questions)

    def __contains__(self, name: str) -> bool:
        return name in self._questions


def _read(file: Path, folder: str, known: Ontology) -> Question:
    where = resources.relative(file)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"The question cannot be read: {error}", where=where) from error
    header = read_header(text, where)
    bound = (p.name for p in header.parameters if p.name != LIMIT)
    check(text, (*bound, *(header.narrowed or ())[:1]), known, where)
    return Question(
        name=header.name or file.stem,
        summary=header.summary,
        answers=header.answers,
        parameters=header.parameters,
        about=tuple(_class(name, known, where) for name in header.about),
        text=text,
        file=where,
        folder=folder,
        narrowed=header.narrowed,
    )


def _class(name: str, known: Ontology, where: str) -> str:
    expanded = known.expand(name)
    if expanded is None or f"<{expanded}>" not in known.declared:
        raise DataFileError(
            f"{name} is not a class of the ontology.", where=where, hint="#+ about: lake:Model, lake:Dataset"
        )
    return f"<{expanded}>"


@cache
def library() -> Library:
    """The questions that this installation carries."""
    return Library.load([resources.path("queries")])
