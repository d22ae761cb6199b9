"""Started as a script: runs the worker without running the packages' own ``__init__``, which load what it never needs.

Arguments: the directory that holds the package ``lakegraph``, then those of :func:`lakegraph.graph.worker_main.main`.
"""

from __future__ import annotations

import sys
from types import ModuleType


def boot(root: str) -> None:
    """Make ``lakegraph`` and ``lakegraph.graph`` importable as bare folders."""
    for name in ("lakegraph", "lakegraph.graph"):
        package = ModuleType(name)
        package.__path__ = [f"{root}/{name.replace('.', '/')}"]
        sys.modules[name] = package


if __name__ == "__main__":
    boot(sys.argv[1])
    from lakegraph.graph.worker_main import main

    main(sys.argv[2:])
