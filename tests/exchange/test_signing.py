"""Checkpoints that a lake signs by itself, its keys and proofs, and anchors that nobody can sign away."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import lakegraph
from lakegraph import bootstrap
from lakegraph.bootstrap import LocalLake
from lakegraph.config import CheckpointSettings, FederationSettings
from lakegraph.errors import (
    ForbiddenError,
    LakeDamagedError,
    NotFoundError,
    PeerError,
    StorageError,
    UsageError,
)
from lakegraph.exchange.anchor import anchor, place_of
from lakegraph.journal import parse_checkpoint, verify_checkpoint, verify_consistency, verify_history, verify_inclusion
from tests.conftest import BASE
from tests.federation.hosts import Host, Page, Seen, host

SECONDS = 30


def study(number: int) -> dict[str, str]:
    return {"type": "Study", "title": f"Study {number}", "description": "Why this study is made."}


def signed_sizes(lake: LocalLake) -> list[int]:
    return [size for size, _ in lake.journal.ledger.checkpoints()]


def wait_for(lake: LocalLake, size: int) -> None:
    until = time.monotonic() + SECONDS
    while size not in signed_sizes(lake):
        assert time.monotonic() < until, f"no checkpoint over {size} entries was signed"
        time.sleep(0.05)


@pytest.mark.parametrize("due", [{"leaves": 2, "seconds": 3600}, {"leaves": 1000, "seconds": 0.2}])
def test_checkpoints_fall_due_by_number_and_by_time(tmp_path: Path, due: dict[str, float]) -> None:
    """Without anybody asking, while records come in; nothing is signed twice."""
    with bootstrap.create(tmp_path / "lake", BASE, checkpoints=CheckpointSettings(**due)) as lake:
        lake.sign_when_due()
        for number in (1, 2):
            lake.record(study(number))
        wait_for(lake, 2)
        lake.record(study(3))
        lake.record(study(4))
        wait_for(lake, 4)
        note = lake.checkpoint().note
        assert (tmp_path / "lake" / "checkpoint.txt").read_text() == note == lake.latest_checkpoint().note
        assert list(lake.audit()) == []


def test_checkpoints_are_anchored_as_they_are_signed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Wherever the settings say; a place that takes none is logged, keeps no other waiting, and is tried again."""
    (tmp_path / "kept").mkdir()
    broken = tmp_path / "none" / "x.txt"
    due = CheckpointSettings(leaves=1, anchors=(str(broken), str(tmp_path / "anchor.txt"), str(tmp_path / "kept")))
    bootstrap.create(tmp_path / "lake", BASE).close()
    with lakegraph.open(tmp_path / "lake", checkpoints=due) as lake:
        lake.sign_when_due()
        lake.record(study(1))
        until = time.monotonic() + SECONDS
        while not list((tmp_path / "kept").iterdir()):
            assert time.monotonic() < until, "nothing was anchored"
            time.sleep(0.05)
        (kept,) = (tmp_path / "kept").iterdir()
        assert parse_checkpoint((tmp_path / "anchor.txt").read_text()).size == 1
        assert parse_checkpoint(kept.read_text()).size == 1
    assert f"could not be anchored in {broken}" in caplog.text


def test_what_was_recorded_is_signed_at_the_end(tmp_path: Path) -> None:
    """A process that records and ends signs if a checkpoint is due, also when the one before is another's; else not."""
    due = CheckpointSettings(leaves=3, seconds=3600)
    bootstrap.create(tmp_path, BASE).close()
    for number, sizes in ((1, []), (2, []), (3, [3]), (4, [3])):
        with lakegraph.open(tmp_path, checkpoints=due) as lake:
            lake.record(study(number))
        with lakegraph.open(tmp_path) as lake:
            assert signed_sizes(lake) == sizes
    (tmp_path / "keys" / "0001.pem").unlink()
    with lakegraph.open(tmp_path, checkpoints=CheckpointSettings(leaves=1)) as lake:
        lake.record(study(5))
    with lakegraph.open(tmp_path) as lake:
        assert lake.journal.last_seq == 5, "a key that is missing keeps nobody from recording"


def test_a_journal_put_back_is_not_signed_for(diabetes: LocalLake, tmp_path: Path) -> None:
    """A new checkpoint would overwrite the one thing that says that the end of the journal is gone."""
    where = diabetes.directory
    assert where is not None
    diabetes.checkpoint()
    diabetes.close()
    shutil.copytree(where, tmp_path / "copy")
    with lakegraph.open(where) as lake:
        lake.record(study(1))
        note = lake.checkpoint().note
    shutil.copy(where / "checkpoint.txt", tmp_path / "copy")
    with lakegraph.open(tmp_path / "copy") as lake:
        for number in (2, 3):
            lake.record(study(number))
        with pytest.raises(LakeDamagedError, match="Nothing is signed: the first 8 entries are not those") as refused:
            lake.checkpoint()
        assert "move this file away" in (refused.value.hint or "")
        assert (tmp_path / "copy" / "checkpoint.txt").read_text() == note
        assert any("the first 8 entries are not those" in str(finding) for finding in lake.audit())


def test_an_audit_against_what_others_kept(diabetes: LocalLake, tmp_path: Path) -> None:
    """The only thing that shows a log that was written anew, keys and all."""
    older = diabetes.checkpoint().note
    diabetes.record(study(1))
    assert list(diabetes.audit(since=[older])) == []
    lines = older.split("\n")
    forged = "\n".join([*lines[:2], "A" * 43 + "=", *lines[3:]])
    (found,) = diabetes.audit(since=[forged])
    assert str(found).startswith("checkpoints: kept elsewhere: The signature of")
    with pytest.raises(UsageError, match="not a signed checkpoint"):
        list(diabetes.audit(since=["nonsense"]))
    with lakegraph.init(tmp_path / "other", base=BASE) as other:
        note = other.checkpoint().note
    with pytest.raises(UsageError, match="of another lake"):
        list(diabetes.audit(since=[note]))


def test_proofs_lead_to_a_signed_checkpoint(diabetes: LocalLake) -> None:
    """Every entry, and every older size: verified as somebody who has only the answer would."""
    keys = verify_history(list(diabetes.key_history()))
    older = diabetes.checkpoint()
    diabetes.record(study(1))
    for seq in range(1, 9):
        told = diabetes.inclusion(seq)
        signed = verify_checkpoint(told["checkpoint"], keys)
        assert (signed.size, signed.root.hex()) == (told["size"], told["root"])
        proof = [bytes.fromhex(sibling) for sibling in told["proof"]]
        assert verify_inclusion(bytes.fromhex(told["leafHash"]), seq - 1, signed.size, proof, signed.root)
    told = diabetes.consistency(older.size)
    proof = [bytes.fromhex(sibling) for sibling in told["proof"]]
    assert (told["from"], told["size"]) == (7, 8)
    assert verify_consistency(7, older.root, 8, bytes.fromhex(told["root"]), proof)
    assert diabetes.inclusion(1, 5)["checkpoint"] is None, "nobody signed for just five"
    for call in (lambda: diabetes.inclusion(9), lambda: diabetes.inclusion(6, 5), lambda: diabetes.consistency(0)):
        with pytest.raises(NotFoundError):
            call()


def test_a_rotated_key_signs_at_once(diabetes: LocalLake) -> None:
    """In the same process: checkpoints, bundles and proofs are by the new key, and the history ties it to the old."""
    before = diabetes.checkpoint()
    rotated = diabetes.rotate_key()
    keys = verify_history(list(diabetes.key_history()))
    assert [key.since for key in keys] == [0, 7]
    assert rotated.size == before.size
    diabetes.record(study(1))
    assert verify_checkpoint(diabetes.checkpoint().note, keys).size == 8
    assert list(diabetes.audit(since=[before.note, rotated.note])) == []


def test_an_anchor_holds_the_latest_checkpoint(diabetes: LocalLake, tmp_path: Path) -> None:
    """In a file, or in a folder for many lakes; each new one continues the one before."""
    file = tmp_path / "anchor.txt"
    assert (anchor(diabetes, place_of(str(file))).before, parse_checkpoint(file.read_text()).size) == (None, 7)
    assert anchor(diabetes, place_of(str(file))).before == 7
    diabetes.record(study(1))
    done = anchor(diabetes, place_of(str(file)))
    assert (done.before, done.size, done.where) == (7, 8, str(file))
    (tmp_path / "kept").mkdir()
    anchor(diabetes, place_of(str(tmp_path / "kept")))
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.read_text() == file.read_text()
    assert kept.name.startswith("lake.example.org_")


def test_an_anchor_commits_nothing_but_its_file(diabetes: LocalLake, tmp_path: Path) -> None:
    """One commit for each new checkpoint; what others staged stays staged, and no configuration is needed."""
    repository = tmp_path / "repository"

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True
        ).stdout

    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    (repository / "other.txt").write_text("x")
    git("add", "other.txt")
    first = anchor(diabetes, place_of(str(repository)))
    assert "(commit " in first.where
    anchor(diabetes, place_of(str(repository)))
    diabetes.record(study(1))
    assert anchor(diabetes, place_of(str(repository))).before == 7
    told = git("log", "--format=%s").splitlines()
    assert [line.rsplit(" over ", 1)[1] for line in told] == ["8 entries", "7 entries"]
    assert git("status", "--porcelain").strip() == "A  other.txt"
    (repository / ".git" / "hooks" / "pre-commit").write_text("#!/bin/sh\necho no thanks; exit 1\n")
    (repository / ".git" / "hooks" / "pre-commit").chmod(0o755)
    diabetes.record(study(2))
    with pytest.raises(StorageError, match="git refused: no thanks"):
        anchor(diabetes, place_of(str(repository)))


def test_an_anchor_is_not_replaced_by_another_past(diabetes: LocalLake, tmp_path: Path) -> None:
    """The log of a lake that was put back and went on differently: the anchor says no, and stays as it is."""
    where = diabetes.directory
    assert where is not None
    diabetes.checkpoint()
    diabetes.close()
    shutil.copytree(where, tmp_path / "copy")
    file = tmp_path / "anchor.txt"
    with lakegraph.open(where) as lake:
        lake.record(study(1))
        anchor(lake, place_of(str(file)))
    held = file.read_text()
    with lakegraph.open(tmp_path / "copy") as lake:
        with pytest.raises(LakeDamagedError, match="over 8 entries, and the log has only 7"):
            anchor(lake, place_of(str(file)))
        for number in (2, 3):
            lake.record(study(number))
        with pytest.raises(LakeDamagedError, match="first 8 entries of the log are not those that the anchored"):
            anchor(lake, place_of(str(file)))
    assert file.read_text() == held


def test_what_is_no_place_for_an_anchor(diabetes: LocalLake, tmp_path: Path) -> None:
    """Something else in the file, another lake's checkpoint, an address, and a folder that is not there."""
    file = tmp_path / "notes.txt"
    file.write_text("my notes")
    with pytest.raises(UsageError, match="not a signed checkpoint"):
        anchor(diabetes, place_of(str(file)))
    file.write_bytes(bytes(1 << 17))
    with pytest.raises(UsageError, match="left alone"):
        anchor(diabetes, place_of(str(file)))
    assert file.stat().st_size == 1 << 17
    with lakegraph.init(tmp_path / "other", base=BASE) as other:
        file.write_text(other.checkpoint().note)
    with pytest.raises(UsageError, match="of another lake"):
        anchor(diabetes, place_of(str(file)))
    with pytest.raises(UsageError, match="no place for a checkpoint"):
        place_of("ftp://example.org/x")
    with pytest.raises(StorageError):
        anchor(diabetes, place_of(str(tmp_path / "none" / "x.txt")))


@contextmanager
def witness() -> Iterator[tuple[Host, list[bytes]]]:
    """A host that keeps what it is sent at /kept, shows nothing at /blind, and is contrary everywhere else."""
    kept: list[bytes] = []

    def keeps(seen: Seen) -> Page:
        if seen.method == "POST":
            kept.append(seen.body)
            return Page("thanks", "text/plain", 201)
        return Page(kept[-1], "text/plain") if kept else Page("none yet", "text/plain", 404)

    def blind(seen: Seen) -> Page:
        return Page("", "", 202) if seen.method == "POST" else Page("", "", 405)

    pages = {
        "/kept": keeps,
        "/blind": blind,
        "/full": lambda seen: Page("no room", "text/plain", 507 if seen.method == "POST" else 404),
        "/broken": Page("<html>hello</html>", "text/html"),
        "/moved": Page("", "", 302, {"Location": "https://elsewhere.example.org/"}),
        "/huge": Page(bytes(1 << 18), "text/plain"),
    }
    with host(pages) as found:
        yield found, kept


def test_an_anchor_at_a_host(tmp_path: Path) -> None:
    """Sent through the broker; the next one proves to continue what the host shows."""
    lakegraph.init(tmp_path / "lake", base=BASE).close()
    local = FederationSettings(local=("127.0.0.0/8",))
    with witness() as (found, kept), lakegraph.open(tmp_path / "lake", federation=local) as lake:
        lake.record(study(1))
        assert anchor(lake, place_of(f"{found.url}/kept", lake.broker)).before is None
        lake.record(study(2))
        assert anchor(lake, place_of(f"{found.url}/kept", lake.broker)).before == 1
        assert [parse_checkpoint(note.decode()).size for note in kept] == [1, 2]
        assert found.seen[-1].headers["Content-Type"] == "text/plain; charset=utf-8"
        assert anchor(lake, place_of(f"{found.url}/kept", lake.broker)).before == 2
        assert len(kept) == 2, "what it holds already is not sent again"
        assert anchor(lake, place_of(f"{found.url}/blind", lake.broker)).before is None
        kept.append(kept[-1].replace(b"\n2\n", b"\n9\n"))
        with pytest.raises(LakeDamagedError, match="does not belong to this text"):
            anchor(lake, place_of(f"{found.url}/kept", lake.broker))
        for path, kind, message in (
            ("/full", PeerError, "answered 507, no room"),
            ("/none", PeerError, "answered 404, nothing here"),
            ("/broken", UsageError, "not a signed checkpoint"),
            ("/moved", ForbiddenError, "redirects to"),
            ("/huge", PeerError, "more than 65536 bytes"),
        ):
            with pytest.raises(kind, match=message):
                anchor(lake, place_of(found.url + path, lake.broker))
    with lakegraph.open(tmp_path / "lake") as lake, pytest.raises(ForbiddenError, match="not asked by plain http"):
        place_of(f"{found.url}/kept", lake.broker)
    with lakegraph.open(tmp_path / "lake") as lake, pytest.raises(ForbiddenError, match="does not ask itself"):
        place_of(f"{BASE}anchor", lake.broker)
