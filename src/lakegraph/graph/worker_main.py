"""A query worker: a process of its own that answers one query after the other from a read-only snapshot.

It may be killed at any moment; that is how queries end that take too long, and it loses nothing.
"""

from __future__ import annotations

import gc
import os
import resource
import time
from functools import lru_cache
from typing import IO, Any, Final, NamedTuple, cast

import pyoxigraph as ox

from lakegraph.graph import frames, sandbox
from lakegraph.graph.caps import Cutter, items, within
from lakegraph.graph.formats import FORMATS
from lakegraph.graph.frames import CHUNK, RESPONSE

_FIRST: Final = 4096  # so much is sent at once when it is the answer's first part; later parts are gathered
_RETIRE: Final = 4  # a worker that ever used this part of its memory is replaced: what it freed stays mapped
_LIGHT: Final = 0.02  # seconds of processor time
_SMALL: Final = 8192  # bytes that are read at first; a request is rarely more


class _Enough(Exception):
    """The answer has reached its cap."""


class _Gone(Exception):
    """The serving process closed its end."""


class _Answer:
    """The writer that the engine serializes an answer into."""

    def __init__(self, descriptor: int, manner: _Manner, *, counted: bool) -> None:
        self._descriptor = descriptor
        self._manner = manner
        self._counted = counted
        self._cutter: Cutter | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._goal = _FIRST

    def write(self, data: bytes) -> int:
        """Take *data* in, and send what has gathered when it is enough for a frame."""
        self._parts.append(data)
        self._size += len(data)
        if self._size >= self._goal:
            self._goal = CHUNK
            cutter = self._cutter = self._cutter or self._cut()
            chunk = self._take(cutter, last=False)
            if chunk:
                _send(self._descriptor, RESPONSE.pack(frames.DATA, 0, len(chunk)), chunk)
            if cutter.truncated:
                raise _Enough
        return len(data)

    def flush(self) -> None:
        """Nothing: what is written leaves in whole frames."""

    def finish(self, flags: int) -> None:
        """Send the rest and the end of the answer, in one write."""
        cutter = self._cutter
        if cutter is None:
            whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            # Most answers: nothing was sent yet, and no cap is near.
            if not self._counted:
                return self._end(whole, 1, flags)
            if within(whole, self._manner.rows, self._manner.size):
                return self._end(whole, items(self._manner.name, whole), flags)
            cutter = self._cutter = self._cut()
        chunk = b"" if cutter.truncated else self._take(cutter, last=True)
        return self._end(chunk, cutter.items, flags | frames.TRUNCATED if cutter.truncated else flags)

    def _end(self, chunk: bytes, count: int, flags: int) -> None:
        end = RESPONSE.pack(frames.END, flags, frames.COUNT.size) + frames.COUNT.pack(count)
        if chunk:
            _send(self._descriptor, RESPONSE.pack(frames.DATA, 0, len(chunk)), chunk, end)
        else:
            _send(self._descriptor, end)

    def _take(self, cutter: Cutter, *, last: bool) -> bytes:
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return cutter.feed(data, last=last)

    def _cut(self) -> Cutter:
        return Cutter(self._manner.name, self._manner.rows, self._manner.size)


class _Worker:
    """One worker: the pipes from and to the serving process, and the store that it has open."""

    def __init__(self, asked: int, answering: int, memory: int) -> None:
        self._asked = asked
        self._descriptor = answering
        self._memory = memory
        self._store: ox.Store | None = None
        self._snapshot = b""
        self._cpu = 0.0
        self._began = 0.0
        self._received = b""

    def serve(self) -> None:
        """Answer requests until the serving process is gone."""
        while (received := self._receive()) is not None:
            encoded, text, snapshot = received
            if not encoded:
                self._prepare(snapshot)
                continue
            manner = _manner(encoded)
            self._allow(manner.cpu)
            try:
                self._answer(text.decode(), snapshot, manner)
            except SyntaxError as error:
                self._fail(frames.SYNTAX, str(error))
            except (OSError, RuntimeError, ValueError) as error:
                self._fail(frames.EVALUATION, str(error))
            except MemoryError:
                self._fail(frames.INTERNAL, "out of memory")

    def _answer(self, text: str, snapshot: bytes, manner: _Manner) -> None:
        result = self._open(snapshot).query(text, **manner.options)
        answer = _Answer(self._descriptor, manner, counted=not isinstance(result, ox.QueryBoolean))
        try:  # noqa: SIM105 - suppress() is two more calls for each query
            result.serialize(cast("IO[bytes]", answer), manner.form)  # the engine calls nothing but write and flush
        except _Enough:
            pass
        answer.finish(self._wear())

    def _open(self, snapshot: bytes) -> ox.Store:
        if self._store is None or snapshot != self._snapshot:
            self._store = None  # before the other one is opened: both at once would count against the memory
            self._store = ox.Store.read_only(snapshot.decode())
            self._snapshot = snapshot
        return self._store

    def _prepare(self, snapshot: bytes) -> None:
        if not snapshot:
            self._store = None
            return
        try:
            self._open(snapshot)
        except (OSError, RuntimeError):
            self._store = None  # gone already; the request that needs a store names the one that it needs

    def _allow(self, seconds: int) -> None:
        """Let this process use *seconds* more of processor time, a second defence behind the serving process."""
        used = self._began = time.process_time()
        if used + seconds > self._cpu:
            self._cpu = used + 2 * seconds + 60
            _, hard = resource.getrlimit(resource.RLIMIT_CPU)
            resource.setrlimit(resource.RLIMIT_CPU, (int(self._cpu), hard))

    def _wear(self) -> int:
        """Whether this worker should be replaced; looked at only after a query that had time to use much memory."""
        if time.process_time() - self._began < _LIGHT:
            return 0
        return frames.RETIRE if _peak() * _RETIRE > self._memory else 0

    def _fail(self, kind: int, message: str) -> None:
        text = message.encode("utf-8", "replace")[:CHUNK]
        _send(self._descriptor, RESPONSE.pack(frames.ERROR, kind, len(text)), text)

    def _receive(self) -> tuple[bytes, bytes, bytes] | None:
        while True:
            found = frames.split(self._received)
            if found is not None:
                manner, text, snapshot, self._received = found
                return manner, text, snapshot
            more = os.read(self._asked, CHUNK if self._received else _SMALL)
            if not more:
                return None
            self._received = self._received + more if self._received else more


def _peak() -> int:
    """The most memory, in bytes, that this process has held; 0 where the system does not say.

    Not by ``getrusage``: what that says includes the process that started this one.
    """
    try:
        with open("/proc/self/status", "rb") as file:  # noqa: PTH123 - pathlib is not loaded here
            found = file.read().partition(b"VmHWM:")[2].split(maxsplit=1)
    except OSError:
        return 0
    return int(found[0]) * 1024 if found else 0


class _Manner(NamedTuple):
    """How to answer, as the engine takes it."""

    options: dict[str, Any]
    name: str
    form: Any
    rows: int
    size: int
    cpu: int


@lru_cache(maxsize=64)
def _manner(encoded: bytes) -> _Manner:
    said = frames.read_manner(encoded)
    form = FORMATS[said.form]
    options: dict[str, Any] = {}
    if said.base:
        options["base_iri"] = said.base
    if said.flags & frames.UNION:
        options["use_default_graph_as_union"] = True
    if said.flags & frames.DATASET:
        options["default_graph"] = [ox.NamedNode(g) for g in said.default_graphs.split("\n") if g]
        options["named_graphs"] = [ox.NamedNode(g) for g in said.named_graphs.split("\n") if g]
    syntax = getattr(ox.RdfFormat if form.rdf else ox.QueryResultsFormat, form.engine)
    return _Manner(options, form.name, syntax, said.rows, said.size, said.cpu)


def _send(descriptor: int, *parts: bytes) -> None:
    """Write *parts* whole."""
    try:
        written = os.writev(descriptor, parts)
        total = sum(map(len, parts))
        if written < total:
            rest = memoryview(b"".join(parts))[written:]
            while rest:
                rest = rest[os.write(descriptor, rest) :]
    except BrokenPipeError:
        raise _Gone from None


def main(arguments: list[str]) -> None:
    """Confine this process and serve.

    Args:
        arguments: Descriptors of the pipes for requests and for answers, process id of the parent, bytes of memory, and
            the TCP ports that SERVICE may reach (comma-separated; empty for none).
    """
    asked, answering, parent, memory = (int(argument) for argument in arguments[:4])
    ports = [int(port) for port in arguments[4].split(",") if port]
    sandbox.die_with(parent)
    sandbox.limit(memory)
    confined = sandbox.confine(ports)
    gc.freeze()
    try:
        _send(answering, RESPONSE.pack(frames.HELLO, frames.SANDBOXED if confined else 0, 0))
        _Worker(asked, answering, memory).serve()
    except _Gone:
        return
