"""The reference pages that are written from the code itself: commands, questions, settings and errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from lakegraph import errors, resources
from lakegraph.config import Settings
from lakegraph.errors import LakegraphError

_NOTE = "<!-- Written by `make docs`; a test keeps it true. -->"


def pages() -> Mapping[str, Callable[[], str]]:
    """File name to what writes it."""
    return {
        "commands.md": _commands,
        "questions.md": _questions,
        "exports.md": _exports,
        "coverage.md": _coverage,
        "settings.md": _settings,
        "errors.md": _errors,
    }


def _commands() -> str:
    from lakegraph.cli.app import main

    lines = ["# Commands", "", _NOTE, ""]
    for path, command in _walk(main, ("lakegraph",)):
        context = click.Context(
            command,
            info_name=" ".join(path),
            terminal_width=100,
            max_content_width=100,
            help_option_names=["-h", "--help"],
        )
        lines += [f"## {' '.join(path)}", "", "```", command.get_help(context), "```", ""]
    return "\n".join(lines)


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if found := command.get_command(context, name):
                yield from _walk(found, (*path, name))


def _questions() -> str:
    from lakegraph.questions import Library

    lines = [
        "# Questions",
        "",
        _NOTE,
        "",
        "Each is a file in `queries/`, a command (`lakegraph ask NAME --parameter …`), a route (`/questions/NAME`) and",
        "a call (`lake.ask(NAME, parameter=…)`). `5w1h --about THING` gives the card of a thing.",
        "",
        "| question | answers | parameters | what it asks |",
        "|---|---|---|---|",
    ]
    for question in Library.load([resources.path("queries")]):
        said = question.as_dict()
        parameters = ", ".join(str(p["name"]) for p in said["parameters"])  # type: ignore[attr-defined]
        lines.append(f"| `{question.name}` | {question.answers} | {parameters} | {question.summary} |")
    return "\n".join([*lines, ""])


def _exports() -> str:
    from lakegraph.exchange import FORMS

    lines = [
        "# Exports",
        "",
        _NOTE,
        "",
        "`lakegraph export THING --as FORM`, `GET /export?of=THING&as=FORM`, `lake.export(THING, FORM)`. A THING is a",
        "data set, model, run or study; its story is everything upstream of it, and what judged, deployed and watched",
        "it. Without a THING, `nquads` streams every record in force. The same lake gives the same bytes.",
        "",
        "| form | what it is | media type | file |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{f.name}` | {f.summary} | `{f.media_type}` | `.{f.suffix}` |" for f in FORMS.values()]
    return "\n".join([*lines, ""])


def _coverage() -> str:
    from lakegraph.exchange import frameworks

    lines = [
        "# Coverage",
        "",
        _NOTE,
        "",
        "What each clause of each framework asks for, and the path that leads to it from the thing. What is in",
        "brackets is shown where it is there, and not counted. [How to use it](../how-to/coverage.md).",
    ]
    for framework in frameworks().all.values():
        lines += ["", f"## {framework.title}", "", f"`{framework.name}`, <{framework.source}>. {framework.note}", ""]
        lines += ["| clause | asks for | path |", "|---|---|---|"]
        for clause in framework.clauses:
            for number, item in enumerate(clause.items):
                head = f"**{clause.number}** {clause.title}" if not number else ""
                name = item.name if item.needed else f"({item.name})"
                path = item.path.replace("|", "\\|")
                lines.append(f"| {head} | {name} | `{path}` |")
    return "\n".join([*lines, ""])


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        _NOTE,
        "",
        "In the lake's `lakegraph.toml` (nested names are tables), as `LAKEGRAPH_NAME` (nested:",
        "`LAKEGRAPH_LIMITS__QUERY_SECONDS`), or as arguments; the later wins.",
        "",
        "| setting | default | what it is |",
        "|---|---|---|",
    ]
    for name, default, text in _fields(Settings, ""):
        lines.append(f"| `{name}` | `{default}` | {text} |")
    return "\n".join([*lines, ""])


def _fields(model: type[BaseModel], below: str) -> Iterator[tuple[str, Any, str]]:
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from _fields(type(field.default), f"{below}{name}.")
        else:
            yield below + name, field.get_default(call_default_factory=True), field.description or ""


def _errors() -> str:
    lines = [
        "# Errors",
        "",
        _NOTE,
        "",
        "Every error says what is wrong, where, and what to do. Over HTTP it is `application/problem+json` (RFC 9457)",
        "with the code in `code`; on the command line the exit code is the class of the error.",
        "",
        "| code | HTTP | exit | what it means |",
        "|---|---|---|---|",
    ]
    known = {kind.code: kind for kind in vars(errors).values() if _is_error(kind)}
    for code, kind in sorted(known.items()):
        lines.append(f"| `{code}` | {kind.status} | {kind.exit_code} | {(kind.__doc__ or '').splitlines()[0]} |")
    return "\n".join([*lines, ""])


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, LakegraphError) and kind is not LakegraphError


@click.command(hidden=True)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def reference(folder: Path) -> None:
    """Write the reference pages into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in pages().items():
        (folder / name).write_text(write(), encoding="utf-8")


COMMANDS = (reference,)
