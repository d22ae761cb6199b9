"""Signed notes and checkpoints as text, against the published example and against everything that is not one."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from lakegraph.errors import LakeDamagedError, UsageError
from lakegraph.journal.note import Signer, Verifier, checkpoint_text, parse, parse_checkpoint, sign, verify

# The example of the package documentation of golang.org/x/mod/sumdb/note, which defined the form.
PUBLISHED_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PUBLISHED_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PUBLISHED_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
PUBLISHED_NOTE = f"{PUBLISHED_TEXT}\n\u2014 PeterNeumann {PUBLISHED_SIGNATURE}\n"
LOG = Signer("lake.example.org/0192", Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = Signer("lake.example.org/0192", Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)))
ROOT = bytes(range(32))
CHECKPOINT = sign(checkpoint_text(LOG.name, 41, ROOT), [LOG])


def test_the_published_example_verifies() -> None:
    """A key and a note that another implementation made are read and accepted."""
    key = Verifier.parse(PUBLISHED_KEY)
    assert str(key) == PUBLISHED_KEY
    assert verify(PUBLISHED_NOTE, [key]).text == PUBLISHED_TEXT


def test_a_checkpoint_reads_as_the_standard_says() -> None:
    """Origin, size and base64 root, then a signature line: https://c2sp.org/tlog-checkpoint."""
    lines = CHECKPOINT.split("\n")
    assert lines[:4] == ["lake.example.org/0192", "41", base64.b64encode(ROOT).decode(), ""]
    assert lines[4].startswith("\u2014 lake.example.org/0192 ")
    assert lines[5:] == [""]
    found = parse_checkpoint(CHECKPOINT)
    assert (found.origin, found.size, found.root, found.note) == ("lake.example.org/0192", 41, ROOT, CHECKPOINT)


def test_extension_lines_are_passed_over() -> None:
    """What another log adds below the root does not keep its checkpoint from being read."""
    assert parse_checkpoint(sign(checkpoint_text("log", 1, ROOT) + "more\nlines\n", [LOG])).size == 1


def test_one_known_key_is_enough() -> None:
    """A note that several signed is accepted by whoever knows one of them; strangers' signatures are passed over."""
    note = sign("text\n", [OTHER, LOG])
    assert verify(note, [LOG.verifier]).text == "text\n"
    assert verify(note, [OTHER.verifier]).text == "text\n"
    assert len(parse(note).signatures) == 2


def test_a_stranger_is_named() -> None:
    """A note that no known key signed is refused, and the message names who did."""
    with pytest.raises(LakeDamagedError) as refused:
        verify(CHECKPOINT, [OTHER.verifier])
    assert refused.value.message == (
        f"The note was signed by no key that is known here, but by {LOG.name}+{LOG.verifier.key_id.hex()}."
    )


def test_a_false_signature_is_refused_even_beside_a_true_one() -> None:
    """If any known key's signature is false the note is false, whatever else is on it."""
    true = sign("text\n", [LOG])
    false = sign("other\n", [OTHER]).split("\n\n")[1]
    with pytest.raises(LakeDamagedError, match="does not belong to this text"):
        verify(true + false, [LOG.verifier, OTHER.verifier])


@given(st.integers(0, len(CHECKPOINT.encode()) - 1), st.integers(1, 255))
def test_no_byte_of_a_checkpoint_may_change(at: int, by: int) -> None:
    """Any byte of a checkpoint changed: it no longer verifies."""
    raw = CHECKPOINT.encode()
    changed = (raw[:at] + bytes([raw[at] ^ by]) + raw[at + 1 :]).decode("utf-8", "replace")
    with pytest.raises((UsageError, LakeDamagedError)):
        verify(changed, [LOG.verifier])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "log\n1\n\n\u2014 log AAAAAAA=",
        CHECKPOINT.replace("\n41\n", "\n041\n"),
        CHECKPOINT.replace("\n41\n", "\n-1\n"),
        CHECKPOINT.replace("\n41\n", "\n41 \n"),
        CHECKPOINT.replace("\n41\n", "\n4\t1\n"),
        CHECKPOINT.replace("\u2014 ", "- "),
        CHECKPOINT.replace("\n41\n", "\n"),
        CHECKPOINT.rstrip("\n"),
        CHECKPOINT.replace("Hh8=", "Hh9="),
        CHECKPOINT + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    """Anything that strays from the form is not read as a checkpoint, and the message shows the form."""
    with pytest.raises(UsageError) as refused:
        parse_checkpoint(note)
    assert refused.value.message == "This is not a signed checkpoint."
    assert "origin, size and root" in str(refused.value.hint)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        "name+00000000+AAAA",
        PUBLISHED_KEY.replace("c74f20a3", "c74f20a4"),
        PUBLISHED_KEY[:-4],
        " +a+b",
        "a b+c+d",
    ],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    """A key whose parts do not agree is not accepted."""
    with pytest.raises(UsageError, match="not an Ed25519 verifier key"):
        Verifier.parse(key)
