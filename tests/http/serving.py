"""A really running server: the command line in a process of its own, on a free port."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
COMMAND = str(Path(sys.executable).parent / "lakegraph")


@contextmanager
def running(directory: Path, command: Sequence[str] = ()) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve the lake in *directory*; its address and its process, which is ended afterwards if it still runs.

    Args:
        directory: Where the lake lies.
        command: What starts the server, in place of ``lakegraph serve``.
    """
    started = command or (COMMAND, "--lake", str(directory), "serve", "--port", "0")
    process = subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=directory.parent)
    try:
        yield announced(directory, process), process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def announced(directory: Path, process: subprocess.Popen[bytes]) -> str:
    """The address that the lock file tells, once the server is ready there."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            out, errors = process.communicate()
            raise AssertionError(f"the server ended: {out.decode()} {errors.decode()}")
        try:
            url = json.loads((directory / "lock").read_text()).get("url")
            if url and is_ready(url):
                return str(url)
        except (OSError, ValueError):
            pass
        time.sleep(0.05)
    raise AssertionError("the server did not come up")


def is_ready(url: str) -> bool:
    """Whether a server says that it is ready."""
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
