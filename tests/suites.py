"""Where other people's suites, vocabularies and profiles lie; tests that need them are skipped where they do not."""

from __future__ import annotations

import os
from pathlib import Path

_DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "suites"

# Resolved, since the suites' manifests name their files by resolved addresses.
SUITES = Path(os.environ.get("LAKEGRAPH_SUITES", _DEFAULT)).resolve()
