"""The demo: a real machine learning project, recorded from its raw file to its monitored deployment."""

from __future__ import annotations

from lakegraph.capture.demo.result import Candidate, DemoResult
from lakegraph.capture.demo.steps import check_installed, incomplete_document, run_demo

__all__ = ["Candidate", "DemoResult", "check_installed", "incomplete_document", "run_demo"]
