"""One worker process, seen from the serving process."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from lakegraph.graph import frames, worker_boot
from lakegraph.graph.frames import RESPONSE

if TYPE_CHECKING:
    from lakegraph.graph.idle import Waiting

_NICE: Final = 10
START_SECONDS: Final = 10.0
"""How long a worker may take to come up."""


class Worker:
    """A worker process and the pipes to and from it.

    Args:
        memory: Bytes of address space that it may use.
        ports: TCP ports that it may connect to; with any, it answers one query, which may call services.
    """

    __slots__ = (
        "_asking", "began", "born", "descriptor", "idle", "left", "lent", "lock", "next", "once", "process", "running",
        "sandboxed", "skip", "snapshot", "stale",
    )  # fmt: skip

    def __init__(self, memory: int, ports: Sequence[int] = ()) -> None:
        self.once = bool(ports)
        """Whether it answers one query only, which may call services."""
        self.descriptor = self._asking = -1
        # Two pipes rather than a socket pair: a round trip costs 10 µs instead of 15 (measured).
        asked, self._asking = os.pipe()
        self.descriptor, answering = os.pipe()
        # Whose end ends the worker is the thread that starts it, and threads that serve requests come and go.
        parent = 0 if ports else os.getpid()
        numbers = [str(n) for n in (asked, answering, parent, memory)]
        command = [sys.executable, "-P", worker_boot.__file__, str(Path(__file__).parents[2]), *numbers]
        try:
            self.process = subprocess.Popen(
                [*command, ",".join(map(str, ports))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[asked, answering],
                # Each arena of glibc's allocator reserves 64 MiB of the address space that is limited.
                env={**os.environ, "MALLOC_ARENA_MAX": "2", "RUST_BACKTRACE": "0"},
            )
        finally:
            os.close(asked)
            os.close(answering)
        self._let_go()
        self.lent = False
        """Whether it is left to long queries, at a lower priority."""
        self.born = time.monotonic()
        self.lock = Lock()
        self.running: object | None = None
        """The query in hand; guarded by :attr:`lock`, so that nobody kills the worker under the next one."""
        self.next: Waiting | None = None
        """The query that lies in the pipe behind the one in hand; guarded by the lock of :class:`Idle`, as is:"""
        self.stale = False
        """Whether the one that lies there was handed to another worker meanwhile."""
        self.skip = False
        """Whether such a one stands before the query in hand, so that its answer is to be passed over."""
        self.began = 0.0
        """When the query in hand was handed over, or its turn came."""
        self.idle = 0.0
        """When it began to wait for a long query."""
        self.left = b""
        """What was read beyond the end of the last answer."""
        self.sandboxed = False
        self.snapshot = ""

    def _let_go(self) -> None:
        """Let it run on every core of the serving process, though the thread that starts it may be held to one."""
        if hasattr(os, "sched_setaffinity"):
            with contextlib.suppress(OSError):  # it has ended already
                os.sched_setaffinity(self.process.pid, os.sched_getaffinity(os.getpid()))

    def __del__(self) -> None:
        # Not before: a thread may be reading from it when the worker is killed, and another file could get its number.
        for descriptor in (self.descriptor, self._asking):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def greet(self) -> bool:
        """Read the worker's greeting; whether it came up."""
        if not readable([self.descriptor], START_SECONDS):
            return False
        greeting = os.read(self.descriptor, RESPONSE.size)
        if len(greeting) < RESPONSE.size:
            return False
        kind, flags, _ = RESPONSE.unpack(greeting)
        self.sandboxed = bool(flags & frames.SANDBOXED)
        return bool(kind == frames.HELLO)

    def prepare(self, snapshot: str) -> bool:
        """Have the store in *snapshot* opened, or "" none; whether the worker was there to be told."""
        return self.hand(frames.framed(snapshot.encode(), frames.PREPARE), snapshot)

    def hand(self, frame: bytes, snapshot: str) -> bool:
        """Hand a request over as a frame, which asks *snapshot*; whether the worker was there to take it."""
        try:
            sent = os.write(self._asking, frame)
            while sent < len(frame):
                sent += os.write(self._asking, frame[sent:])
        except OSError:
            return False
        self.snapshot = snapshot
        return True

    def yield_to_others(self) -> None:
        """Let the processor go to others first, from now on: a priority that was lowered cannot be raised again."""
        self._favour(_NICE)

    def _favour(self, nice: int) -> None:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, nice)

    def kill(self) -> None:
        """End the process at once; whoever waits for its answer sees the pipe close."""
        if self.lent:
            # A process needs the processor to end, too. Only the privileged may give it back.
            self._favour(0)
        with contextlib.suppress(OSError):
            self.process.send_signal(signal.SIGKILL)


def readable(descriptors: Sequence[int], seconds: float) -> list[int]:
    """Which of *descriptors* can be read, or are closed, within *seconds*."""
    poll = select.poll()  # not select, which stops at descriptor 1023
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return [descriptor for descriptor, _ in poll.poll(seconds * 1000)]
