"""Facts about the code that makes a record: the caller's file, and its commit where git keeps it."""

from __future__ import annotations

import inspect
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

_OWN = "lakegraph.capture"
_DEMO = f"{_OWN}.demo"
_GIT_SECONDS = 5
_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+):(?P<path>[^/].*)")


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a run.

    Attributes:
        title: The file's name.
        location: Its path or address; ``None`` for code typed into a session.
        commit: The git commit that was checked out.
        uncommitted: Whether the working tree differed from that commit; ``None`` where git cannot tell.
    """

    title: str
    location: str | None = None
    commit: str | None = None
    uncommitted: bool | None = None

    def program(self) -> dict[str, Any]:
        """The code as a ``Program`` document."""
        said = {
            "title": self.title,
            "programLanguage": "Python",
            "sourceCodeURL": self.location,
            "codeVersion": self.commit,
            "uncommittedChanges": self.uncommitted,
        }
        return {name: value for name, value in said.items() if value is not None}


def caller() -> Path | None:
    """The file of the nearest caller outside this package; a notebook's file where the editor names it.

    Returns:
        ``None`` for code that lies in no file, such as an interactive session.
    """
    frame: FrameType | None = inspect.currentframe()
    while frame is not None and _is_own(str(frame.f_globals.get("__name__", ""))):
        frame = frame.f_back
    if frame is None:
        return None
    file = Path(frame.f_globals.get("__vsc_ipynb_file__") or frame.f_code.co_filename)
    return file if file.is_file() else None


def _is_own(module: str) -> bool:
    own = module == _OWN or module.startswith(f"{_OWN}.")
    return (own and not module.startswith(_DEMO)) or module == "contextlib"


def describe(code: str | Path | None) -> Code:
    """What can be said of the code at *code*.

    Args:
        code: A file, an address, or ``None`` for an interactive session.
    """
    if code is None:
        return Code("interactive session")
    if isinstance(code, str) and "://" in code:
        return Code(PurePosixPath(urlsplit(code).path).name or code, code)
    file = Path(code)
    path = _shown(file)
    if not file.is_file():
        return Code(file.name, path)
    return _from_git(file.resolve(), path) or Code(file.name, path)


def _shown(file: Path) -> str:
    """Relative to the working directory where it lies below that, else as it is."""
    try:
        return file.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return file.as_posix()


def _from_git(file: Path, path: str) -> Code | None:
    folder = file.parent
    root = _git(folder, "rev-parse", "--show-toplevel")
    if not root:
        return None
    tracked = _git(folder, "ls-files", "--error-unmatch", "--", file.name) is not None
    # A file that git is told to ignore, such as one in a virtual environment, is not what the commit holds.
    if not tracked and _git(folder, "check-ignore", "-q", "--", file.name) is not None:
        return None
    status = _git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    commit = re.search(r"^# branch\.oid ([0-9a-f]{40,64})$", status or "", re.MULTILINE)
    if status is None or commit is None:
        return None
    changed = not tracked or any(not line.startswith("#") for line in status.splitlines())
    below = file.relative_to(Path(root).resolve()).as_posix()
    remote = _git(folder, "config", "--get", "remote.origin.url")
    return Code(file.name, (remote and address(remote, below)) or path, commit[1], changed)


def address(remote: str, path: str) -> str | None:
    """A file of a remote repository in the form of SPDX 2.3, clause 7.7: ``git+https://host/repository.git#path``.

    Passwords and tokens in *remote* are left out.

    Returns:
        ``None`` for a remote that is a folder of this machine.
    """
    if "://" not in remote:
        match = _SCP.fullmatch(remote)
        if not match:
            return None
        user = f"{match['user']}@" if match["user"] else ""
        return f"git+ssh://{user}{match['host']}/{match['path']}#{path}"
    parts = urlsplit(remote)
    if parts.scheme == "file" or not parts.hostname:
        return None
    port = f":{parts.port}" if parts.port else ""
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    return f"git+{parts.scheme}://{user}{parts.hostname}{port}{parts.path}#{path}"


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, or ``None`` where there is no git, no repository, or no answer in time."""
    try:
        # No optional locks: asking for the state must not disturb a git command that runs beside this.
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
