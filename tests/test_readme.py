"""The README tells the truth: its commands are run, and its output is compared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lakegraph import resources

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")


def console_steps() -> list[tuple[str, str]]:
    """Commands with the output that the README shows for each."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            steps.append((command, output.strip("\n")))
    return steps


def pattern(shown: str) -> str:
    """A regular expression for shown output: … stands for anything within a line, a line of … for any lines."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*") + r"[ \t]*\n"
        for line in shown.splitlines()
    ]
    return "".join(lines)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("readme")
    (where / "ontology").symlink_to(resources.path("ontology"))
    return where


def test_the_tour_prints_what_the_readme_shows(place: Path) -> None:
    """Each command in order, in one directory."""
    steps = console_steps()
    assert len(steps) >= 6
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "100"}
    environment.pop("LAKEGRAPH_LAKE", None)
    for command, shown in steps:
        done = subprocess.run(
            command, shell=True, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        printed = done.stdout + done.stderr
        assert re.fullmatch(pattern(shown), printed), f"$ {command}\n{printed}\n--- the README shows:\n{shown}"


def test_the_python_example_runs(place: Path) -> None:
    """As it stands in the README."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True"


def test_every_folder_of_the_map_exists() -> None:
    """The map of the folders is not a wish."""
    root = Path(__file__).resolve().parent.parent
    for name in re.findall(r"^\| (`[^|]+`) \|", README, re.MULTILINE):
        for folder in re.findall(r"`([^`]+)`", name):
            package = root / "src" / "lakegraph"
            if not (root / "src").is_dir():
                pytest.skip("without a checkout there is no map to check")
            assert (root / folder).exists() or (package / folder).exists(), folder
