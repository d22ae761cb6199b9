"""Checkpoints without being asked: a thread beside the writer signs them as they fall due."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from lakegraph.errors import LakegraphError
from lakegraph.exchange.parts import LakeParts
from lakegraph.journal import Checkpoint, CheckpointPolicy

log = logging.getLogger("lakegraph.checkpoints")
_LOOK, _AGAIN = 0.25, 5.0
"""Seconds between two looks whether one is due, and after a failure."""
_ANCHOR_AGAIN = 60.0
_PATIENCE = 5.0
"""Seconds in which an anchor may still be written when the lake is closed."""


class Notary:
    """Signs checkpoints of one open lake. Nothing that records ever waits for it longer than for another record.

    Args:
        parts: The lake.
        policy: When a checkpoint is due.
        look: Seconds between two looks whether one is.

    Raises:
        LakeDamagedError, ForbiddenError, StorageError: As :meth:`LakeParts.keys`.
    """

    def __init__(self, parts: LakeParts, policy: CheckpointPolicy, look: float = _LOOK) -> None:
        self._ring = parts.keys()
        self._signs = parts.checkpointer(self._ring, policy)
        self._look = look
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def statements(self) -> tuple[str, ...]:
        """The signed statements that tie the keys of the lake together, oldest first."""
        return self._ring.statements

    @property
    def latest(self) -> Checkpoint | None:
        """The last checkpoint that was signed."""
        return self._signs.latest

    def sign(self) -> Checkpoint:
        """Sign all entries of now; see :meth:`lakegraph.journal.Checkpointer.sign`."""
        return self._signs.sign()

    def rotate(self) -> Checkpoint:
        """Replace the signing key; see :meth:`lakegraph.journal.Checkpointer.rotate`."""
        return self._signs.rotate()

    def sign_if_due(self) -> bool:
        """Sign if the policy asks for it; what stands in the way is logged, and told by ``False``."""
        try:
            if self._signs.due():
                self._signs.sign()
        except LakegraphError as error:
            log.warning("No checkpoint could be signed: %s", error)
            return False
        return True

    def start(self, anchors: Callable[[], bool] | None = None) -> None:
        """Sign as checkpoints fall due, until ``stop``.

        Args:
            anchors: Puts the latest checkpoint where others keep it, and says whether it stands everywhere; called at
                once, after each checkpoint, and a minute after a failure.
        """
        self._thread = threading.Thread(target=self._run, args=(anchors,), name="lakegraph-checkpoints", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, once what it is signing is signed."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _run(self, anchors: Callable[[], bool] | None) -> None:
        wait, anchored, again = self._look, None if anchors else self.latest, 0.0
        while not self._stopped.wait(wait):
            wait = self._look if self.sign_if_due() else _AGAIN
            if anchors and self.latest is not None and self.latest != anchored and time.monotonic() > again:
                if anchors():
                    anchored = self.latest  # which was signed for that, where there was anything new
                else:
                    again = time.monotonic() + _ANCHOR_AGAIN
