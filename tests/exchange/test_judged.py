"""Exports of the worked example, the demo and made-up lakes, each form judged by those who defined it.

``LAKEGRAPH_EXPORT_LAKES`` says how many lakes are made up; a few by default, a hundred for a release.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.capture import demo
from lakegraph.errors import NotFoundError
from lakegraph.exchange.exports import FORMS, export
from lakegraph.exchange.parts import LakeParts
from lakegraph.testing import records
from tests.conftest import BASE
from tests.exchange import judges
from tests.exchange.conftest import parts_of

LAKES = int(os.environ.get("LAKEGRAPH_EXPORT_LAKES", "3"))
_RUNS = 14
_PROV = ("prov", "prov-json", "prov-n", "prov-jsonld")


def exported(parts: LakeParts, form: str, thing: str) -> bytes:
    return b"".join(export(parts, [thing], form))


def complaints(parts: LakeParts, things: dict[str, str], *, all_crates: bool = True) -> Iterator[str]:
    """What any judge has against any form of any of these things.

    Args:
        parts: The lake.
        things: Kind (``model``, ``dataset``, ``study``, ``run``) to IRI.
        all_crates: Whether the slowest judge also judges what a story without a model looks like.
    """
    judged = set()
    for kind, thing in things.items():
        for form, judge in judges.JUDGES.items():
            if form.endswith("crate") and not all_crates and kind != "model":
                continue
            if judges.ABOUT.get(form, kind) == kind:
                try:
                    data = exported(parts, form, thing)
                except NotFoundError:
                    # A data set of a lake is always made by a run of a program; a study may have no runs.
                    assert kind == "study", f"{form} of {thing}"
                    continue
                judged.add(form)
                yield from (f"{form} of {thing}: {said}" for said in judge(data))
        documents = {form: exported(parts, form, thing) for form in _PROV}
        yield from (f"prov of {thing}: {said}" for said in (*judges.prov(documents), *judges.same_graph(documents)))
    assert judged == set(judges.JUDGES)


def some_of_each(outputs: list[str]) -> dict[str, str]:
    """The last model and data set that a lake made."""
    return {kind: [iri for iri in outputs if f"/{kind}/" in iri][-1] for kind in ("model", "dataset")}


def test_every_form_has_a_judge() -> None:
    """Nobody adds a form without one."""
    itself = {"nquads"}  # the records byte for byte, compared with the journal
    assert set(FORMS) == set(judges.JUDGES) | {*_PROV, "prov-trig"} | itself


def test_the_worked_example(worked: LocalLake) -> None:
    """The model, a version of the data set, a run, and the study of the paper's example."""
    things = {
        "model": f"{BASE}id/model/diabet-predictor/1",
        "dataset": f"{BASE}id/dataset/diabetes/1",
        "run": f"{BASE}id/run/trn-1",
        "study": f"{BASE}id/study/diabetes-prediction",
    }
    assert list(complaints(parts_of(worked), things)) == []


def test_the_demo_lake(tmp_path: Path) -> None:
    """What really ran on scikit-learn's data, captured where it happened."""
    pytest.importorskip("skops", reason="needs the extra [sklearn]")
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        done = demo.run_demo(lake, tmp_path / "files", lambda _: None)
        things = {"model": str(done.best.model.iri), "dataset": str(done.clean.iri)}
        assert list(complaints(parts_of(lake), things)) == []


@pytest.mark.parametrize("seed", range(LAKES))
def test_made_up_lakes(seed: int, tmp_path: Path) -> None:
    """Split, fine-tuned, re-trained, with versions of versions, reviews, accesses and failures."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        outputs = [iri for made in records(_RUNS, seed) for iri in lake.record(made.document).outputs]
        assert list(complaints(parts_of(lake), some_of_each(outputs), all_crates=LAKES > 10)) == []
