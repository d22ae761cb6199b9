"""The import rules of the architecture, each checked by walking the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lakegraph

PACKAGE = Path(lakegraph.__file__).parent
CORE = ("validation", "journal", "graph", "index", "questions")
USE_CASES = (
    "lake", "asking", "administering", "erasing", "preparing", "projecting", "writer", "view", "met",
    "names", "layer", "marking", "receipts", "governing", "people", "changing", "change_effects", "past", "pasts",
    "finding", "comparing", "versioning", "tokens", "ownership",
)  # fmt: skip

LAYERS: dict[str, int] = {
    "errors": 0,
    "resources": 1,
    "config": 1,
    "recent": 1,
    "garbage": 1,
    "moments": 1,
    "model": 2,
    "rdf": 3,
    **dict.fromkeys(CORE, 4),
    "people": 4,
    **dict.fromkeys((n for n in USE_CASES if n != "people"), 5),
    **dict.fromkeys(("capture", "exchange", "federation", "testing"), 6),
    **dict.fromkeys(("remote", "http", "web"), 7),
    "bootstrap": 8,
    "cli": 9,
}
"""From the bottom up; a module imports only from its own layer's rules below. ``cli`` alone calls ``bootstrap``."""

HOMES = {
    "flask": ("http", "web"),
    "werkzeug": ("http", "web"),
    "jinja2": ("http", "web", "exchange", "rdf"),
    "click": ("cli",),
    "rich": ("cli",),
    "pyshacl": ("validation",),
    "pyoxigraph": ("rdf", "graph", "questions", "exchange", "validation", "federation"),
    "rdflib": ("rdf", "validation", "federation"),
    "owlready2": ("rdf",),
    "urllib3": ("remote", "federation"),
    "sqlite3": ("journal", "index", "people", "federation"),
    "granian": ("cli", "http"),
    "cryptography": ("journal", "exchange"),
    "SPARQLWrapper": ("federation",),
    "sklearn": ("capture",),
    "pandas": ("capture", "questions"),
}
"""Each third party has one home; nobody else imports it."""


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_data" not in path.parts:
            yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path, ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported at run time; imports for type checkers alone do not count."""
    skipped = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and ast.unparse(test.test) == "TYPE_CHECKING"
        for node in ast.walk(test)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            if node.module == "lakegraph":
                yield from ((node.lineno, f"lakegraph.{alias.name}") for alias in node.names)


def test_imports_point_one_way() -> None:
    """Errors ← model ← rdf ← (the five core packages) ← lake ← (capture, …) ← (http, …) ← bootstrap ← cli."""
    broken = []
    for part, path, tree in modules():
        if part == "__init__":
            continue
        assert part in LAYERS, f"{part} has no place in the architecture: give it one in this test, with a reason"
        for line, name in imports(tree):
            target = name.split(".")[1] if name.startswith("lakegraph.") else None
            if target is None or target == part or target not in LAYERS:
                continue
            if LAYERS[target] > LAYERS[part] or (LAYERS[target] == LAYERS[part] == 4):
                broken.append(f"{path.relative_to(PACKAGE)}:{line}: {part} may not import {target}")
    assert not broken, "imports point one way, from the edge to the core:\n" + "\n".join(broken)


def test_each_third_party_has_one_home() -> None:
    """Flask lives in http/, click in cli/, pyshacl in validation/, and so on."""
    broken = [
        f"{path.relative_to(PACKAGE)}:{line}: {name} belongs in {', '.join(HOMES[root])}"
        for part, path, tree in modules()
        for line, name in imports(tree)
        if (root := name.split(".")[0]) in HOMES and part not in HOMES[root]
    ]
    assert not broken, "each third party has one home:\n" + "\n".join(broken)


def test_packages_are_entered_by_their_front() -> None:
    """Core packages are imported by their front, ``from lakegraph.journal import Journal``, except by themselves."""
    broken = [
        f"{path.relative_to(PACKAGE)}:{line}: {name}"
        for part, path, tree in modules()
        for line, name in imports(tree)
        if len(pieces := name.split(".")) > 2 and pieces[0] == "lakegraph" and pieces[1] in CORE and pieces[1] != part
    ]
    assert not broken, "a package's front is its __init__:\n" + "\n".join(broken)


def test_modules_stay_small() -> None:
    """Above 350 lines a module has two owners."""
    long = [
        f"{path.relative_to(PACKAGE)}: {n}" for _, path, _ in modules() if (n := path.read_text().count("\n")) > 350
    ]
    assert not long, "split these:\n" + "\n".join(long)


@pytest.mark.parametrize("word", ["SELECT", "CONSTRUCT", "INSERT DATA", "ASK {"])
def test_no_sparql_in_python(word: str) -> None:
    """SPARQL lives in queries/; only the engines put update keywords around N-Quads."""
    allowed = {"graph/oxigraph.py", "graph/sparql_server.py", "graph/guard.py", "graph/update_text.py",
               "graph/update_evaluation.py"}  # fmt: skip
    found = [
        f"{name}:{node.lineno}"
        for _, path, tree in modules()
        if (name := path.relative_to(PACKAGE).as_posix()) not in allowed and not name.startswith(("index/", "journal/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and f"{word} " in node.value
        and "{" in node.value
    ]
    assert not found, "SPARQL text belongs in queries/: " + ", ".join(found)


HEAVY = ("flask", "pyshacl", "rdflib", "granian", "owlready2", "sklearn", "rich")
"""What only some lakes, or only the commands, need."""


@pytest.mark.parametrize("module", HEAVY)
def test_import_is_light(module: str) -> None:
    """``import lakegraph`` loads nothing heavy."""
    code = f"import lakegraph, sys; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_recording_is_light(tmp_path: Path) -> None:
    """Opening a lake, recording and following lineage load nothing heavy either: rdflib alone takes 100 ms."""
    code = f"""
import sys
from pathlib import Path
import lakegraph
from tests.conftest import BASE, examples
with lakegraph.init(Path(sys.argv[1]), base=BASE) as lake:
    for document in examples():
        lake.record(document)
    lake.lineage("Diabet Predictor@1")
print(*[name for name in {HEAVY!r} if name in sys.modules])
"""
    command = [sys.executable, "-c", code, str(tmp_path / "lake")]
    root = Path(__file__).resolve().parent.parent
    assert subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split() == []
