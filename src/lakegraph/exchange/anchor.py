"""Anchors: a checkpoint put where whoever runs the lake cannot change it unseen: a file, a git repository, a host.

Whoever holds the keys of a lake could write its whole log anew and sign that. What somebody else keeps cannot be signed
away: before a checkpoint is put in the place of an older one, the log must prove that it only grew since then.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lakegraph.errors import LakeDamagedError, PeerError, StorageError, UsageError
from lakegraph.journal import Checkpoint, replace_file, verify_checkpoint, verify_consistency, verify_history

if TYPE_CHECKING:
    from lakegraph.federation.broker import Broker, Fetched

_GIT_SECONDS = 60
_AUTHOR = ("-c", "user.name=lakegraph", "-c", "user.email=lakegraph@localhost")
_LARGEST = 1 << 16
_NOTE = "text/plain"
_NOTHING_SHOWN = frozenset(
    {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE}
)
_TAKEN = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT})


class Witnessed(Protocol):
    """What an anchor needs of a lake, be it here or served."""

    def checkpoint(self) -> Checkpoint:
        """Sign all entries of now."""

    def key_history(self) -> Sequence[str]:
        """The statements about its keys."""

    def consistency(self, old: int, size: int | None = None) -> dict[str, Any]:
        """The proof that its log only grew."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """A checkpoint that was put somewhere.

    Attributes:
        where: The place.
        size: How many entries it covers.
        before: How many the one covered that stood there before; None where there was none.
    """

    where: str
    size: int
    before: int | None


class Place(Protocol):
    """Where checkpoints are kept."""

    def held(self, origin: str) -> str | None:
        """What is kept there for the log *origin*."""

    def keep(self, signed: Checkpoint) -> str:
        """Keep a checkpoint; the place, for people."""


def anchor(lake: Witnessed, place: Place) -> Anchored:
    """Sign a checkpoint and put it in a place.

    Raises:
        LakeDamagedError: The log does not continue what the place holds; that stays where it is.
        UsageError: The place cannot hold one, or holds something else.
        StorageError: The place refused.
    """
    signed = lake.checkpoint()
    held = place.held(signed.origin)
    before = None if held is None else continued(lake, held, signed)
    if before == signed.size and held == signed.note:
        return Anchored(str(place), signed.size, before)
    return Anchored(place.keep(signed), signed.size, before)


def continued(lake: Witnessed, held: str, signed: Checkpoint) -> int:
    """The size of the checkpoint that somebody *held*, once the log proves to continue it up to *signed*.

    Raises:
        LakeDamagedError: It does not.
        UsageError: It is no checkpoint, or one of another lake.
    """
    keys = verify_history(list(lake.key_history()))
    older = verify_checkpoint(held, keys)
    if older.size > signed.size:
        raise LakeDamagedError(
            f"The anchor holds a checkpoint over {older.size} entries, and the log has only {signed.size}.",
            where=signed.origin,
            hint="The journal lost its end, or was put back to an older state. Nothing was replaced.",
        )
    if older.size == 0:
        return 0
    told = lake.consistency(older.size, signed.size)
    proof = [bytes.fromhex(sibling) for sibling in told["proof"]]
    if not verify_consistency(older.size, older.root, signed.size, signed.root, proof):
        raise LakeDamagedError(
            f"The first {older.size} entries of the log are not those that the anchored checkpoint covers.",
            where=signed.origin,
            hint="The log was written anew. Nothing was replaced; the anchor is the evidence.",
        )
    return older.size


def place_of(target: str, broker: Broker | None = None, credential: str | None = None) -> Place:
    """The place that *target* names: an https address, a git repository, another folder, or a file.

    Args:
        target: What names it.
        broker: Sends what goes to another host.
        credential: The name of a credential of the settings, for that host.

    Raises:
        UsageError: It names none.
        ForbiddenError: Nothing may be sent to that address.
    """
    path = Path(target)
    if broker is not None and target.startswith(("https://", "http://")):
        return Endpoint(target, broker, credential)
    if not target.strip() or "://" in target:
        raise UsageError(
            f"{target!r} is no place for a checkpoint.",
            where="target",
            hint="A file, a folder, a git repository, or an https address.",
        )
    if path.is_dir():
        return GitRepository(path) if _is_repository(path) else File(path, folder=True)
    return File(path)


class File:
    """A file that holds the latest checkpoint; in a folder, one file for each lake."""

    def __init__(self, path: Path, *, folder: bool = False) -> None:
        self._path, self._folder = path, folder

    def __str__(self) -> str:
        return str(self._path)

    def held(self, origin: str) -> str | None:
        """The checkpoint in the file."""
        return _read(self._at(origin))

    def keep(self, signed: Checkpoint) -> str:
        """Put the checkpoint in place of the older one, or leave that whole."""
        where = self._at(signed.origin)
        replace_file(where, signed.note.encode())
        return str(where)

    def _at(self, origin: str) -> Path:
        return self._path / _name(origin) if self._folder else self._path


class GitRepository:
    """A git repository: a commit for each checkpoint. What pushes it elsewhere is the reader's own affair."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def held(self, origin: str) -> str | None:
        """The checkpoint in the last commit: what lies beside it uncommitted is nothing yet."""
        if self._git("rev-parse", "--verify", "--quiet", "HEAD").returncode:
            return None
        shown = self._git("show", f"HEAD:./{_name(origin)}")
        return None if shown.returncode else shown.stdout

    def keep(self, signed: Checkpoint) -> str:
        """Commit the checkpoint, and nothing else that is staged."""
        name = _name(signed.origin)
        replace_file(self._path / name, signed.note.encode())
        known = self._git("config", "user.email").returncode == 0
        author = () if known else _AUTHOR
        message = f"Checkpoint of {signed.origin} over {signed.size} entries"
        for step in (("add", "--force", "--", name), (*author, "commit", "--quiet", "-m", message, "--", name)):
            done = self._git(*step)
            if done.returncode:
                said = (done.stderr or done.stdout).strip() or f"git ended with {done.returncode}"
                hint = "The checkpoint lies there uncommitted; mend what git says, and anchor again."
                raise StorageError(f"git refused: {said}", where=str(self._path), hint=hint)
        head = self._git("rev-parse", "--short", "HEAD").stdout.strip()
        return f"{self._path / name} (commit {head})"

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return _git(self._path, *arguments)


class Endpoint:
    """A host that keeps checkpoints: GET shows the latest one, or 404; POST gives it another.

    Args:
        url: The address.
        broker: Sends the requests.
        credential: The name of a credential of the settings.

    Raises:
        UsageError, ForbiddenError: Nothing may be sent to that address.
    """

    def __init__(self, url: str, broker: Broker, credential: str | None = None) -> None:
        self._url, self._broker, self._credential = url, broker, credential
        self._origin = broker.check(url)

    def __str__(self) -> str:
        return self._url

    def held(self, origin: str) -> str | None:  # noqa: ARG002 - an address is one log's
        """What the host shows; None where it has none, or shows none."""
        answer = self._sent("GET", None)
        if answer.status in _NOTHING_SHOWN:
            return None
        if answer.status != HTTPStatus.OK:
            raise self._refused(answer)
        return answer.body.decode("utf-8", "replace")

    def keep(self, signed: Checkpoint) -> str:
        """Send the checkpoint."""
        answer = self._sent("POST", signed.note.encode())
        if answer.status not in _TAKEN:
            raise self._refused(answer)
        return self._url

    def _sent(self, method: str, body: bytes | None) -> Fetched:
        from lakegraph.federation.broker import Caps, Request

        headers = {"Accept": _NOTE} if body is None else {"Content-Type": f"{_NOTE}; charset=utf-8"}
        caps = Caps(size=_LARGEST)
        return self._broker.fetch(Request(self._url, self._origin, caps, method, headers, body, self._credential))

    def _refused(self, answer: Fetched) -> PeerError:
        said = " ".join(answer.body[:300].decode("utf-8", "replace").split())
        return PeerError(
            f"The host took no checkpoint: it answered {answer.status}{f', {said}' if said else ''}.",
            where=self._url,
            hint="GET must show the latest checkpoint or answer 404, and POST take another one.",
        )


def _git(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    command = ["git", "-C", str(path), *arguments]
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_GIT_SECONDS,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed.", where=str(path), hint="Install git, or name a file.") from error
    except subprocess.TimeoutExpired as error:
        raise StorageError(f"git did not answer in {_GIT_SECONDS} s.", where=str(path)) from error


def _is_repository(path: Path) -> bool:
    if not any((folder / ".git").exists() for folder in (path.absolute(), *path.absolute().parents)):
        return False
    return _git(path, "rev-parse", "--is-inside-work-tree").stdout.strip() == "true"


def _name(origin: str) -> str:
    """The name of the file for a log: no folder, and nothing that a shell or git takes for something else."""
    return "".join(c if c.isalnum() or c in "-._" else "_" for c in origin).lstrip("-.") + ".checkpoint"


def _read(path: Path) -> str | None:
    try:
        if not path.exists():
            return None
        if path.is_file() and path.stat().st_size <= _LARGEST:
            return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StorageError(f"The anchor cannot be read: {error.strerror}.", where=str(path)) from error
    raise UsageError("This is not a checkpoint, and is left alone.", where=str(path), hint="Name another file.")
