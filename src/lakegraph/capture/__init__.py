"""Recording from the code that does the work: ``with lake.train(…) as run``."""

from __future__ import annotations

from lakegraph.capture.data_runs import Split
from lakegraph.capture.handles import Handle, Score
from lakegraph.capture.recording import Recorder, Recording

__all__ = ["Handle", "Recorder", "Recording", "Score", "Split"]
