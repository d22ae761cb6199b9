"""Started as a script: evaluates one SPARQL Update and ends. Its arguments are those of ``update_evaluation.main``.

It runs without the packages' own ``__init__``, as query workers do.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("worker_boot", Path(__file__).with_name("worker_boot.py"))
    assert spec is not None  # noqa: S101 - the file stands beside this one
    assert spec.loader is not None  # noqa: S101
    boot = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(boot)
    boot.boot(sys.argv[1])
    from lakegraph.graph.update_evaluation import main

    main(sys.argv[2:])
