"""The one writer: callers queue up, and whoever gets the lock writes for all who wait (group commit).

No thread of its own: a caller that finds the lock free writes at once, without a hand-over between threads, and callers
that find it taken are written together by the holder, in one journal transaction.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Sent = TypeVar("Sent")
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Sent, Answer]):
    sent: Sent
    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    error: BaseException | None = None


class Writer(Generic[Sent, Answer]):
    """Serialises writes.

    Args:
        write: Writes a group and gives, for each, its answer or the error that stopped it.
        limit: The most that are written together.
    """

    def __init__(self, write: Callable[[Sequence[Sent]], Sequence[Answer | BaseException]], limit: int) -> None:
        self._write = write
        self._limit = limit
        self._waiting: deque[_Ticket[Sent, Answer]] = deque()
        self._lock = threading.Lock()

    def one(self, sent: Sent) -> Answer:
        """Write *sent*, alone or in company.

        Raises:
            BaseException: What stopped it.
        """
        ticket: _Ticket[Sent, Answer] = _Ticket(sent)
        self._waiting.append(ticket)
        while not ticket.done.is_set():
            if self._lock.acquire(timeout=0.0005):
                try:
                    if not ticket.done.is_set():
                        self._lead()
                finally:
                    self._lock.release()
            else:
                ticket.done.wait(timeout=0.05)
        if ticket.error is not None:
            raise ticket.error
        assert ticket.answer is not None  # noqa: S101 - set by the leader together with done
        return ticket.answer

    def many(self, sent: Sequence[Sent]) -> Sequence[Answer | BaseException]:
        """Write all of *sent* in groups of at most the limit; each gets its answer or its error."""
        answers: list[Answer | BaseException] = []
        for start in range(0, len(sent), self._limit):
            with self._lock:
                answers.extend(self._write(sent[start : start + self._limit]))
        return answers

    def exclusively(self) -> threading.Lock:
        """The lock that no write gets past while it is held."""
        return self._lock

    def _lead(self) -> None:
        group: list[_Ticket[Sent, Answer]] = []
        while self._waiting and len(group) < self._limit:
            group.append(self._waiting.popleft())
        if not group:
            return
        try:
            answers = self._write([ticket.sent for ticket in group])
            for ticket, answer in zip(group, answers, strict=True):
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
                ticket.done.set()
