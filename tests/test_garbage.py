"""The collector of garbage rests in a block, and works again after it."""

from __future__ import annotations

import gc

import pytest

from lakegraph.garbage import settle, uncollected


def test_it_rests_and_works_again() -> None:
    """Also after an error, and where one block stands in another."""
    assert gc.isenabled()
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), uncollected():
        1 / 0  # noqa: B018 - an error is wanted
    assert gc.isenabled()


def test_small_blocks_leave_it_alone() -> None:
    """What makes little need not put it off."""
    with uncollected(False):
        assert gc.isenabled()
    assert gc.isenabled()


def test_who_has_switched_it_off_keeps_it_so() -> None:
    """A program that does without the collector is left to it."""
    gc.disable()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_kept_is_passed_over() -> None:
    """What a served lake has loaded is looked through once, and then no more."""
    kept = [{} for _ in range(1000)]
    before = gc.get_freeze_count()
    try:
        settle()
        assert gc.get_freeze_count() >= before + len(kept)
        assert not any(each is kept for each in gc.get_objects())
    finally:
        gc.unfreeze()
