"""Facts about code and machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lakegraph.capture import code, machine
from lakegraph.model import document_class


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *settings, "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text("print('training')\n")
    (folder / ".gitignore").write_text(".venv\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Train")
    return folder


def test_committed_code(repository: Path) -> None:
    """A clean checkout gives the commit, and says that nothing was changed."""
    found = code.describe(repository / "src" / "train.py")
    assert found == code.Code(
        "train.py",
        (repository / "src" / "train.py").as_posix(),
        git(repository, "rev-parse", "HEAD"),
        uncommitted=False,
    )


def test_changed_code(repository: Path) -> None:
    """A change anywhere in what git tracks counts: the run may have used it."""
    (repository / ".gitignore").write_text(".venv\nbuild\n")
    assert code.describe(repository / "src" / "train.py").uncommitted is True


def test_code_that_git_does_not_know_yet(repository: Path) -> None:
    """A new file is not in the commit, so the commit is not the whole truth."""
    (repository / "new.py").write_text("")
    found = code.describe(repository / "new.py")
    assert (found.commit, found.uncommitted) == (git(repository, "rev-parse", "HEAD"), True)


def test_ignored_code_has_no_commit(repository: Path) -> None:
    """A library in a virtual environment is not what the project's commit holds."""
    (repository / ".venv").mkdir()
    (repository / ".venv" / "lib.py").write_text("")
    assert code.describe(repository / ".venv" / "lib.py").commit is None


def test_a_remote_makes_the_address(repository: Path) -> None:
    """Where others can find the code is worth more than where it lay; secrets in the remote stay out."""
    git(repository, "remote", "add", "origin", "https://me:secret@git.example.org:8443/team/project.git")
    found = code.describe(repository / "src" / "train.py")
    assert found.location == "git+https://git.example.org:8443/team/project.git#src/train.py"


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("git@git.example.org:team/p.git", "git+ssh://git@git.example.org/team/p.git#a.py"),
        ("ssh://git@git.example.org/team/p.git", "git+ssh://git@git.example.org/team/p.git#a.py"),
        ("https://token@git.example.org/team/p", "git+https://git.example.org/team/p#a.py"),
        ("/srv/git/p.git", None),
        ("file:///srv/git/p.git", None),
        ("../p.git", None),
    ],
)
def test_addresses_of_remotes(remote: str, expected: str | None) -> None:
    """The forms that git accepts; a folder of this machine is no address for others."""
    assert code.address(remote, "a.py") == expected


def test_code_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, or outside a repository, the path is what is known; below the working directory it is relative."""
    file = tmp_path / "train.py"
    file.write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert code.describe(file) == code.Code("train.py", "train.py")


def test_code_that_is_no_file_here() -> None:
    """Sessions, addresses and paths of other machines are recorded as far as they tell."""
    assert code.describe(None).program() == {"title": "interactive session", "programLanguage": "Python"}
    assert code.describe("https://git.example.org/p/train.py?raw=1") == code.Code(
        "train.py", "https://git.example.org/p/train.py?raw=1"
    )
    assert code.describe("usr/Tim/modelDP.py") == code.Code("modelDP.py", "usr/Tim/modelDP.py")


def test_the_caller_is_the_first_file_outside() -> None:
    """This file calls, so this file is the code."""
    assert code.caller() == Path(__file__)


def test_code_typed_into_a_session_has_no_file() -> None:
    """What runs from the command line lies in no file."""
    script = "from lakegraph.capture import code; print(code.caller())"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "None"


def test_the_environment_is_a_document() -> None:
    """Python, system, hardware and host are found, and the loaded libraries with their versions."""
    found = machine.environment()
    document_class("Environment").model_validate({"type": "Environment", **found})
    assert found["title"].startswith(f"Python {sys.version_info.major}.{sys.version_info.minor} / ")
    assert {"version", "operatingSystem", "hardware", "hostName"} <= set(found)


def test_loaded_libraries_have_their_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is loaded is named; what has no version is left out."""
    monkeypatch.setitem(sys.modules, "torch", sys)
    monkeypatch.setattr(machine, "version_of", {"torch": "2.5"}.get)
    assert machine.libraries() == [("torch", "2.5")]
    assert machine.software("torch.nn.modules") == {"title": "torch", "version": "2.5"}
    assert machine.software("mine.models") == {"title": "mine"}


def test_capture_is_light() -> None:
    """Importing the recording API loads neither the data libraries nor the RDF engine."""
    heavy = ("numpy", "pandas", "sklearn", "pyoxigraph", "rdflib", "pydantic")
    script = f"import lakegraph.capture.demo, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
