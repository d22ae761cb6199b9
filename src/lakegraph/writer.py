"""The one writer: callers queue up, and whoever gets the lock writes for all who wait (group commit).

No thread of its own: a caller that finds the lock free writes at once, without a hand-over between threads, and callers
that find it taken are written together by the holder, in one journal transaction.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, TypeVar

Sent = TypeVar("Sent")
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Sent, Answer]):
    sent: Sent
    call: threading.Event = field(default_factory=threading.Event)
    """Set when there is something to do: the answer is there, or the next group has to be led."""
    done: bool = False
    answer: Answer | None = None
    error: BaseException | None = None


class Writer(Generic[Sent, Answer]):
    """Serialises writes.

    Args:
        write: Writes a group, and gives for each its answer or the error that stopped it.
        limit: The most that are written together.
        alone: Whether something has to be written by itself.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Sent]], Sequence[Answer | BaseException]],
        limit: int,
        alone: Callable[[Sent], bool] = lambda _: False,
    ) -> None:
        self._write = write
        self._limit = limit
        self._alone = alone
        self._waiting: deque[_Ticket[Sent, Answer]] = deque()
        self._lock = threading.Lock()

    def one(self, sent: Sent) -> Answer:
        """Write *sent*, alone or in company.

        Raises:
            BaseException: What stopped it.
        """
        ticket: _Ticket[Sent, Answer] = _Ticket(sent)
        self._waiting.append(ticket)
        while not ticket.done:
            if self._lock.acquire(blocking=False):
                self._lead(ticket)
            else:
                ticket.call.wait(timeout=0.05)
                ticket.call.clear()
        if ticket.error is not None:
            raise ticket.error
        assert ticket.answer is not None  # noqa: S101 - set by the leader before done
        return ticket.answer

    def many(self, sent: Sequence[Sent]) -> Sequence[Answer | BaseException]:
        """Write all of *sent* in groups of at most the limit; each gets its answer or its error."""
        answers: list[Answer | BaseException] = []
        for start in range(0, len(sent), self._limit):
            for alone, each in groupby(sent[start : start + self._limit], self._alone):
                together = list(each)
                for group in [[one] for one in together] if alone else [together]:
                    with self.exclusively():
                        answers.extend(self._write(group))
        return answers

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """While this is held nothing is written."""
        self._lock.acquire()
        try:
            yield
        finally:
            self._release()

    def _lead(self, own: _Ticket[Sent, Answer]) -> None:
        """Write for those who wait, with the lock held, which is released then."""
        group: list[_Ticket[Sent, Answer]] = []
        try:
            if own.done:
                return
            group = self._next()
            for ticket, answer in zip(group, self._write([ticket.sent for ticket in group]), strict=True):
                if isinstance(answer, BaseException):
                    ticket.error = answer
                else:
                    ticket.answer = answer
        except BaseException as error:
            for ticket in group:
                ticket.error = error
            raise
        finally:
            for ticket in group:
                ticket.done = True
            self._release()
            for ticket in group:
                ticket.call.set()

    def _release(self) -> None:
        """Let the next write, and call who waits longest: nobody who comes later would."""
        self._lock.release()
        with suppress(IndexError):  # others take from it
            self._waiting[0].call.set()

    def _next(self) -> list[_Ticket[Sent, Answer]]:
        """Those who wait, up to the first that has to be written alone."""
        group: list[_Ticket[Sent, Answer]] = []
        while self._waiting and len(group) < self._limit:
            alone = self._alone(self._waiting[0].sent)
            if alone and group:
                break
            group.append(self._waiting.popleft())
            if alone:
                break
        return group
