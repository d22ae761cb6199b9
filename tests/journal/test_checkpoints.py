"""Signing keys and checkpoints of a lake: made, kept, rotated, and compared with the journal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lakegraph.errors import ConflictError, ForbiddenError, LakeDamagedError, UsageError
from lakegraph.journal import (
    Checkpointer,
    CheckpointPolicy,
    Journal,
    KeyRing,
    origin_of,
    verify_checkpoint,
    verify_consistency,
    verify_history,
)
from lakegraph.journal.keys import keys_at
from tests.journal.samples import drafts, new_journal

ORIGIN = "lake.example.org/0192"


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """The first key of a lake."""
    return KeyRing.create(tmp_path / "keys", ORIGIN)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal of twenty entries."""
    with new_journal(tmp_path, 20) as opened:
        yield opened


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def checkpointer(journal: Journal, ring: KeyRing, tmp_path: Path, clock: Clock) -> Checkpointer:
    """Signs for the journal."""
    policy = CheckpointPolicy(seconds=60, leaves=10)
    return Checkpointer(journal.ledger, ring, tmp_path / "checkpoint", policy, clock)


def test_origins_name_the_lake() -> None:
    """The base without its scheme, then the lake's id; nothing that a note could not carry."""
    assert origin_of("https://lake.example.org/", "0192") == ORIGIN
    assert origin_of("http://localhost:8010/my lake+/", "0192") == "localhost:8010/my%20lake%2B/0192"


def test_keys_are_for_their_owner_alone(ring: KeyRing, tmp_path: Path) -> None:
    """The folder and the private key can be entered and read by nobody else; a key that can be is not used."""
    private = tmp_path / "keys" / "0001.pem"
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert private.stat().st_mode & 0o777 == 0o600
    private.chmod(0o640)
    with pytest.raises(ForbiddenError) as refused:
        KeyRing.open(tmp_path / "keys")
    assert refused.value.message == "The private key that signs for this lake can be read by others."
    assert "chmod 600 0001.pem" in str(refused.value.hint)


def test_keys_are_made_once(ring: KeyRing, tmp_path: Path) -> None:
    """A lake's keys are not overwritten by new ones."""
    with pytest.raises(ConflictError, match="has signing keys already"):
        KeyRing.create(tmp_path / "keys", ORIGIN)
    assert KeyRing.open(tmp_path / "keys").keys == ring.keys
    assert ring.origin == ORIGIN


def test_rotation_ties_the_keys_together(ring: KeyRing, tmp_path: Path) -> None:
    """The old key vouches for the new one, the old private key is gone, and strangers can follow the chain."""
    first = ring.keys[0]
    second = ring.rotate(20)
    ring.rotate(35)
    assert [key.since for key in ring.keys] == [0, 20, 35]
    assert ring.keys[:2] == (first, ring.keys[1])
    assert ring.keys[1].verifier == second
    assert sorted(file.name for file in (tmp_path / "keys").iterdir()) == [
        "0001.note",
        "0002.note",
        "0003.note",
        "0003.pem",
    ]
    assert tuple(verify_history(ring.statements)) == ring.keys == KeyRing.open(tmp_path / "keys").keys
    assert keys_at(ring.keys, 19) == [first.verifier]
    assert keys_at(ring.keys, 20) == [first.verifier, second]
    assert keys_at(ring.keys, 34) == [second]
    assert keys_at(ring.keys, 99) == [ring.keys[2].verifier]


def test_a_key_that_nobody_vouched_for_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    """Statements that are missing, swapped, of other lakes or not signed by the key before break the chain."""
    ring.rotate(20)
    first, second = ring.statements
    other = KeyRing.create(tmp_path / "other", ORIGIN)
    other.rotate(20)
    foreign = KeyRing.create(tmp_path / "foreign", "elsewhere.example.org/1")
    with pytest.raises(LakeDamagedError, match="signed by no key that is known here"):
        verify_history([first, other.statements[0]])
    with pytest.raises(LakeDamagedError, match="signed by no key that is known here"):
        verify_history([first, other.statements[1]])
    with pytest.raises(LakeDamagedError, match="Statement 2 about the signing keys is not valid: it does not follow"):
        verify_history([second, first])
    with pytest.raises(LakeDamagedError, match="it does not follow the one before"):
        verify_history([first, foreign.statements[0]])
    with pytest.raises(LakeDamagedError, match="does not belong to this text"):
        verify_history([first.replace("\n0\n", "\n1\n")])
    with pytest.raises(LakeDamagedError, match="it does not say which key signs"):
        verify_history([ring.sign("lakegraph signing key\nmore\n")])


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("0001.note", None, "statements about the signing keys of this lake are missing"),
        ("0002.note", None, "The private key that signs for this lake is missing"),
        ("0002.pem", None, "The private key that signs for this lake is missing"),
        ("0002.pem", b"no key", "The private key that signs for this lake cannot be read"),
        ("0002.note", b"\xff", "not a signed checkpoint"),
    ],
)
def test_damaged_keys_are_named(ring: KeyRing, tmp_path: Path, file: str, content: bytes | None, message: str) -> None:
    """A keys folder that lost something is not opened, nothing more is removed, and the message says what is wrong."""
    ring.rotate(20)
    path = tmp_path / "keys" / file
    path.unlink() if content is None else path.write_bytes(content)
    left = sorted(file.name for file in path.parent.iterdir())
    with pytest.raises((LakeDamagedError, UsageError), match=message):
        KeyRing.open(tmp_path / "keys")
    assert sorted(file.name for file in path.parent.iterdir()) == left


def test_a_private_key_of_another_lake_is_refused(ring: KeyRing, tmp_path: Path) -> None:
    """The private key must be the one that the last statement names."""
    KeyRing.create(tmp_path / "other", ORIGIN)
    shutil.copy(tmp_path / "other" / "0001.pem", tmp_path / "keys" / "0001.pem")
    with pytest.raises(LakeDamagedError, match="not the one that the last statement names"):
        KeyRing.open(tmp_path / "keys")


def test_checkpoints_are_due_by_number_and_by_time(checkpointer: Checkpointer, journal: Journal, clock: Clock) -> None:
    """After so many entries, or so many seconds if there is anything new; never for nothing."""
    assert checkpointer.due()
    assert checkpointer.sign().size == 20
    clock.now = 1000.0
    assert not checkpointer.due()
    journal.append(drafts([30]))
    assert checkpointer.due()
    checkpointer.sign()
    clock.now += 59
    journal.append(drafts(range(31, 40)))
    assert not checkpointer.due()
    journal.append(drafts([40]))
    assert checkpointer.due()


def test_checkpoints_are_kept_and_shown(
    checkpointer: Checkpointer, journal: Journal, ring: KeyRing, tmp_path: Path
) -> None:
    """Each is kept in the journal, the latest stands in the file, and signing again without news gives it again."""
    first = checkpointer.sign()
    assert checkpointer.sign() is first
    journal.append(drafts([30]))
    second = checkpointer.sign()
    assert (tmp_path / "checkpoint").read_text() == second.note
    assert list(journal.ledger.checkpoints()) == [(21, second.note), (20, first.note)]
    assert list(journal.ledger.checkpoints(limit=1)) == [(21, second.note)]
    assert (second.size, second.root) == (21, journal.ledger.root())
    again = Checkpointer(journal.ledger, ring, tmp_path / "checkpoint")
    assert again.latest == second
    assert list(again.verify()) == list(journal.verify()) == []
    proof = journal.ledger.consistency(first.size, second.size)
    assert verify_consistency(first.size, first.root, second.size, second.root, proof)


def test_an_empty_lake_can_be_signed_for(ring: KeyRing, tmp_path: Path) -> None:
    """A checkpoint over nothing is a checkpoint."""
    with new_journal(tmp_path) as journal:
        checkpointer = Checkpointer(journal.ledger, ring, tmp_path / "checkpoint")
        assert not checkpointer.due()
        assert checkpointer.sign().size == 0
        assert list(checkpointer.verify()) == []


def test_rotation_signs_with_both_keys(checkpointer: Checkpointer, journal: Journal, ring: KeyRing) -> None:
    """At the size of a rotation both keys sign; later only the new one may, and the old one no more."""
    old = ring.keys[0].verifier
    before = checkpointer.sign()
    after = checkpointer.rotate()
    assert (before.size, after.size, before.root, after.root) == (20, 20, after.root, before.root)
    for checkpoint in (before, after):
        assert verify_checkpoint(checkpoint.note, ring.keys) == checkpoint
    journal.append(drafts([30]))
    later = checkpointer.sign()
    assert verify_checkpoint(later.note, ring.keys).size == 21
    with pytest.raises(LakeDamagedError, match="signed by no key that is known here"):
        verify_checkpoint(later.note, ring.keys[:1])
    assert keys_at(ring.keys, 21) != [old]
    assert list(checkpointer.verify()) == []


def test_a_retired_key_signs_nothing_new(
    checkpointer: Checkpointer, journal: Journal, ring: KeyRing, tmp_path: Path
) -> None:
    """A checkpoint that a stolen old key signs after its rotation is refused."""
    stolen = tmp_path / "stolen"
    shutil.copytree(tmp_path / "keys", stolen)
    thief = KeyRing.open(stolen)
    checkpointer.rotate()
    journal.append(drafts([30]))
    forged = thief.sign(checkpointer.sign().note.split("\n\n")[0] + "\n")
    with pytest.raises(LakeDamagedError, match="signed by no key that is known here"):
        verify_checkpoint(forged, ring.keys)


def test_a_checkpoint_of_another_lake_is_refused(checkpointer: Checkpointer, ring: KeyRing, tmp_path: Path) -> None:
    """The log that it speaks of is compared before its signature."""
    other = KeyRing.create(tmp_path / "other", "elsewhere.example.org/1")
    with pytest.raises(UsageError) as refused:
        verify_checkpoint(checkpointer.sign().note, other.keys)
    assert str(refused.value) == (
        "This checkpoint is of another lake.\n"
        f"  where: {ORIGIN}\n"
        "  what to do: Expected is one of elsewhere.example.org/1."
    )


def test_a_forged_checkpoint_is_found(checkpointer: Checkpointer, journal: Journal, tmp_path: Path) -> None:
    """A checkpoint in the file that no key signed is reported, and signing goes on from the journal."""
    note = checkpointer.sign().note
    (tmp_path / "checkpoint").write_text(note.replace("\n20\n", "\n19\n"))
    (problem,) = checkpointer.verify()
    assert (problem.code, "does not belong to this text" in problem.message) == ("checkpoint", True)
    (tmp_path / "checkpoint").write_text("nothing")
    assert "This is not a signed checkpoint" in next(checkpointer.verify()).message
    again = Checkpointer(journal.ledger, KeyRing.open(tmp_path / "keys"), tmp_path / "checkpoint")
    assert again.latest is not None
    assert again.latest.note == note


def test_a_latest_checkpoint_that_is_gone_is_named(checkpointer: Checkpointer, tmp_path: Path) -> None:
    """Whoever puts an older journal back takes it away, too; before anything was signed there is none."""
    assert list(checkpointer.verify()) == []
    checkpointer.sign()
    (tmp_path / "checkpoint").unlink()
    (found,) = checkpointer.verify()
    assert "checkpoint, which holds the latest one beside the journal, is gone" in found.message
    checkpointer.sign()
    assert list(checkpointer.verify()) == []
