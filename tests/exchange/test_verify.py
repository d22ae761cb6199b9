"""Verification: a bundle verifies as it is, and whatever is done to it is found and named."""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange import standalone_verify
from lakegraph.exchange.bundle import Written, write_bundle
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.verify import Verdict, script, verify_file
from tests.conftest import BASE, examples
from tests.exchange import mutations
from tests.exchange.conftest import MODEL, parts_of

MODEL_RUN = f"{BASE}id/run/prc-1"
MUTATIONS = int(os.environ.get("LAKEGRAPH_MUTATIONS", "300"))


def test_a_bundle_verifies(bundle: Written) -> None:
    """As it was written, with its own key, nothing is wrong; the verdict says of what and out of how much."""
    verdict = verify_file(bundle.path, keys=[bundle.key])
    assert (verdict.exit_code, verdict.problems, verdict.notes) == (0, (), ())
    assert (verdict.records, verdict.size, verdict.origin) == (7, 8, bundle.origin)
    assert verdict.text() == f"VERIFIED: 7 records of {bundle.origin}, out of 8 that were signed for."


def test_without_a_key_the_verdict_says_what_it_rests_on(bundle: Written) -> None:
    """A bundle that vouches for itself is believed, and the reader is told to compare the key."""
    verdict = verify_file(bundle.path)
    assert verdict.exit_code == 0
    assert any(bundle.key in note and "published" in note for note in verdict.notes)


def test_the_script_in_the_bundle_says_the_same_alone(bundle: Written, tmp_path: Path) -> None:
    """One file, in a Python that sees neither lakegraph nor the folder that it lies in."""
    with zipfile.ZipFile(bundle.path) as archive:
        assert archive.read("verify.py").decode() == script()
        archive.extract("verify.py", tmp_path)
    command = [sys.executable, "-I", "verify.py", str(bundle.path), "--key", bundle.key, "--since"]
    done = subprocess.run(
        [*command, str(bundle.path.with_name("older.txt"))], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == verify_file(bundle.path, keys=[bundle.key]).text()


def test_the_script_needs_nothing_but_cryptography() -> None:
    """It imports the standard library without anything that opens a connection, and cryptography."""
    roots = set()
    for node in ast.walk(ast.parse(script())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add((node.module or "").split(".")[0])
    assert roots - set(sys.stdlib_module_names) == {"cryptography"}
    assert not roots & {"socket", "ssl", "urllib", "http", "ftplib", "asyncio", "subprocess"}


@pytest.fixture(scope="module")
def thinned(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A bundle in which people were replaced, and a record and its correction, of which the first was erased."""
    where = tmp_path_factory.mktemp("thinned")
    with lakegraph.init(where / "lake", base=BASE) as lake:
        for document in examples():
            lake.record(document)
        study = {"type": "Study", "title": "Jones", "description": "About the family of Mrs Jones."}
        first = lake.record(study)
        lake.supersede(first.iri, {**study, "description": "About one family."})
        lake.erase(first.graph, why="Art. 17 GDPR")
        return lake.bundle([MODEL, first.iri], where / "thinned.zip", redact_persons=True)


@pytest.mark.parametrize("kind", ["bundle", "thinned"])
def test_every_mutation_is_found(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> None:
    """Changed bytes, cuts, dropped, doubled, reordered and swapped records, packed anew or not: none verifies."""
    made: Written = request.getfixturevalue(kind)
    file, passed = tmp_path / "mutated.zip", []
    assert verify_file(made.path, keys=[made.key]).exit_code == 0
    for seed in range(MUTATIONS if kind == "bundle" else MUTATIONS // 3):
        what, content = mutations.mutated(made.path, seed)
        file.write_bytes(content)
        verdict = verify_file(file, keys=[made.key])
        if verdict.exit_code == 0:
            passed.append(f"{seed}: {what}")
        assert verdict.text().startswith(("NOT VERIFIED", "COULD NOT BE JUDGED"))
    assert passed == []


def damaged(bundle: Written, where: Path, how: Callable[[mutations.Files, random.Random], None]) -> set[str]:
    """What is found, besides the seal, in a bundle that was damaged and packed anew with a list of files that fits."""
    files, seal = mutations.unpacked(bundle.path)
    how(files, random.Random(5))
    where.write_bytes(mutations.packed(files, seal))
    verdict = verify_file(where, keys=[bundle.key])
    assert verdict.exit_code == 1
    assert any(problem.code == "seal" for problem in verdict.problems)
    return {str(problem) for problem in verdict.problems if problem.code != "seal"}


def test_a_changed_record_is_named(bundle: Written, tmp_path: Path) -> None:
    """Though the list of files was made to fit, the commitment of just this record does not."""

    def lie(files: mutations.Files, _: random.Random) -> None:
        files["records/00000003.nq"] = files["records/00000003.nq"].replace(b"0.9354", b"0.9954")

    found = damaged(bundle, tmp_path / "m.zip", lie)
    assert found == {
        "[content] record 3 (https://lake.example.org/id/run/trn-1): records/00000003.nq is not what was recorded"
    }


def test_a_changed_leaf_is_named(bundle: Written, tmp_path: Path) -> None:
    """Another time in a leaf gives another hash, which the signed tree does not hold."""

    def lie(files: mutations.Files, _: random.Random) -> None:
        lines = files["leaves.jsonl"].splitlines(keepends=True)
        lines[3] = lines[3].replace(b'"level":"', b'"level":"x')
        files["leaves.jsonl"] = b"".join(lines)

    (found,) = damaged(bundle, tmp_path / "m.zip", lie)
    assert found.startswith("[proof] record 4 ")
    assert "does not hold this leaf" in found


def test_doubled_and_reordered_records_are_named(bundle: Written, tmp_path: Path) -> None:
    """Their numbers must rise."""
    assert any("it is there twice" in p for p in damaged(bundle, tmp_path / "m.zip", mutations.double_record))
    assert any("it stands behind record" in p for p in damaged(bundle, tmp_path / "m.zip", mutations.reorder_records))


def test_swapped_proofs_and_contents_are_named(bundle: Written, tmp_path: Path) -> None:
    """Two records are named in both cases."""
    proofs = damaged(bundle, tmp_path / "m.zip", mutations.swap_proofs)
    assert len(proofs) == 2
    assert all("the proof that stands beside it is that of record" in p for p in proofs)
    contents = damaged(bundle, tmp_path / "m.zip", mutations.swap_contents)
    assert len(contents) == 2
    assert all("is not what was recorded" in p for p in contents)


def test_a_missing_content_is_named(bundle: Written, tmp_path: Path) -> None:
    """A leaf without its file is not an erasure."""
    (found,) = damaged(bundle, tmp_path / "m.zip", mutations.drop_content)
    assert "[missing] record" in found
    assert "its content, records/" in found


def test_a_content_said_to_be_erased_needs_its_erasure(bundle: Written, tmp_path: Path) -> None:
    """Taking the salt away does not make an erasure: an entry must record it."""

    def hide(files: mutations.Files, _: random.Random) -> None:
        lines = files["proofs.jsonl"].splitlines(keepends=True)
        lines[1] = json.dumps(json.loads(lines[1]) | {"salt": None}).encode() + b"\n"
        files["proofs.jsonl"] = b"".join(lines)

    found = damaged(bundle, tmp_path / "m.zip", hide)
    assert found == {f"[content] record 2 ({MODEL_RUN}): its content is there, and the salt that would prove it is not"}

    def hide_all(files: mutations.Files, draw: random.Random) -> None:
        hide(files, draw)
        del files["records/00000002.nq"]

    found = damaged(bundle, tmp_path / "m.zip", hide_all)
    assert found == {f"[missing] record 2 ({MODEL_RUN}): no entry records that its content was erased"}


def test_files_that_do_not_fit_the_list_are_named(bundle: Written, tmp_path: Path) -> None:
    """A changed shape, one that is not there, and one that nobody listed."""
    files, seal = mutations.unpacked(bundle.path)
    files["report.json"] += b" "
    del files["index.html"]
    files["extra.txt"] = b"x"
    target = tmp_path / "m.zip"
    target.write_bytes(mutations.packed(files, seal, listed=False))
    named = {(p.code, p.where) for p in verify_file(target).problems}
    assert named == {("file", "report.json"), ("missing", "index.html"), ("file", "extra.txt"), ("seal", "m.zip")}


def resigned(bundle: Written, other: Written, target: Path) -> Verdict:
    """Everything signed anew by somebody else: here, the whole bundle of another lake."""
    target.write_bytes(other.path.read_bytes())
    return verify_file(target, keys=[bundle.key])


@pytest.fixture
def other(parts: LakeParts, tmp_path: Path) -> Written:
    """A bundle of the same records in another lake."""
    return write_bundle(parts, [MODEL], tmp_path / "other.zip")


def test_somebody_elses_key_is_named(bundle: Written, other: Written, tmp_path: Path) -> None:
    """A bundle that is right in itself, but not signed by whom the reader trusts."""
    verdict = resigned(bundle, other, tmp_path / "m.zip")
    assert {problem.code for problem in verdict.problems} == {"checkpoint", "seal"}
    assert all(f"{other.key}, which is not the key that you trust" in str(p) for p in verdict.problems)


def test_a_checkpoint_of_another_lake_is_named(bundle: Written, other: Written, tmp_path: Path) -> None:
    """In the bundle itself, and as what the reader compares with."""
    files, seal = mutations.unpacked(bundle.path)
    files["checkpoint.txt"] = mutations.unpacked(other.path)[0]["checkpoint.txt"]
    target = tmp_path / "m.zip"
    target.write_bytes(mutations.packed(files, seal))
    assert any(f"it is of another lake, {other.origin}" in str(p) for p in verify_file(target).problems)
    since = tmp_path / "since.txt"
    since.write_bytes(files["checkpoint.txt"])
    verdict = verify_file(bundle.path, since=since)
    assert verdict.exit_code == 2
    assert "is of another lake" in verdict.text()


def test_an_older_checkpoint_is_a_beginning(bundle: Written, tmp_path: Path) -> None:
    """One that was kept agrees; one that says something else of the past does not, and is not believed either."""
    older = bundle.path.with_name("older.txt")
    assert verify_file(bundle.path, since=older).exit_code == 0
    forged = tmp_path / "forged.txt"
    lines = older.read_text().split("\n")
    lines[2] = "A" * 43 + "="
    forged.write_text("\n".join(lines))
    assert "no key of the lake's history signed it" in verify_file(bundle.path, since=forged).text()


def test_a_past_that_was_rewritten_is_named(bundle: Written, tmp_path: Path) -> None:
    """A proof that does not lead from the older checkpoint to this one."""
    files, seal = mutations.unpacked(bundle.path)
    line = json.loads(files["consistency.jsonl"])
    line["proof"][0] = "00" * 32
    files["consistency.jsonl"] = json.dumps(line).encode() + b"\n"
    target = tmp_path / "m.zip"
    target.write_bytes(mutations.packed(files, seal))
    verdict = verify_file(target, since=bundle.path.with_name("older.txt"))
    assert "the first 4 entries are not those it signed for" in verdict.text()


def test_checkpoints_that_cannot_be_compared(diabetes: LocalLake, tmp_path: Path) -> None:
    """One newer than the bundle, and one from which no proof was carried along: said so, with exit code 2."""
    parts = parts_of(diabetes)
    made = write_bundle(parts, [MODEL], tmp_path / "e.zip")
    diabetes.record({"type": "Study", "title": "Later", "description": "Recorded after the bundle was made."})
    newer = tmp_path / "newer.txt"
    newer.write_text(parts.checkpointer(parts.keys()).sign().note)
    verdict = verify_file(made.path, since=newer)
    assert (verdict.exit_code, "is newer than the bundle" in verdict.text()) == (2, True)
    again = write_bundle(parts, [MODEL], tmp_path / "again.zip")
    files, _ = mutations.unpacked(again.path)
    assert [json.loads(line)["size"] for line in files["consistency.jsonl"].splitlines()] == [7]
    broken = tmp_path / "broken.txt"
    broken.write_text("nonsense")
    assert verify_file(made.path, since=broken).exit_code == 2


def test_what_is_no_bundle(tmp_path: Path) -> None:
    """Anything else, an ordinary archive, a file that is not there, and a key that is none."""
    file = tmp_path / "x.zip"
    file.write_bytes(b"hello")
    assert verify_file(file).exit_code == 2
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../a.txt", "a")
    assert str(verify_file(file).problems[0]) == "[bundle] x.zip: this archive is not an evidence bundle"
    assert verify_file(file).exit_code == 2
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("leaves.jsonl", "")
    assert "may not have such a name" in verify_file(file).text()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("leaves.jsonl", "")
    assert "it is not a whole evidence bundle: checkpoint.txt, proofs.jsonl is missing" in verify_file(file).text()
    assert verify_file(file).exit_code == 1
    with pytest.raises(NotFoundError, match="There is no file"):
        verify_file(tmp_path / "nothing.zip")
    with pytest.raises(UsageError, match="not an Ed25519 verifier key"):
        verify_file(file, keys=["nonsense"])


@pytest.mark.parametrize("name", ["../up.txt", "/root.txt", "a/../b", "C:evil", "a\\b", "a//b", ".hidden", "a\nb"])
def test_paths_that_climb_are_refused(bundle: Written, tmp_path: Path, name: str) -> None:
    """Before anything is read, and whether or not the list of files has them."""
    files, seal = mutations.unpacked(bundle.path)
    files[name] = b"x"
    target = tmp_path / "m.zip"
    target.write_bytes(mutations.packed(files, seal))
    (problem,) = verify_file(target).problems
    assert problem.code == "path"
    assert repr(name) in problem.where


def test_bombs_are_refused_before_they_are_unpacked(bundle: Written, tmp_path: Path) -> None:
    """A file that unpacks to a thousand times its size."""
    files, seal = mutations.unpacked(bundle.path)
    files["exports/bomb.txt"] = bytes(1 << 25)
    target = tmp_path / "m.zip"
    target.write_bytes(mutations.packed(files, seal))
    (problem,) = verify_file(target).problems
    assert (problem.code, problem.where) == ("bomb", "exports/bomb.txt")


@pytest.mark.parametrize("odd", [None, 7, -1, 1.5, "x", [], {}, [[]], True, 10**30, "9" * 5000, {"a": [1]}])
def test_whatever_stands_in_a_line_is_judged(bundle: Written, tmp_path: Path, odd: object) -> None:
    """Any member of a leaf, proof or consistency line of any JSON type, and lines that are no objects: no crash."""
    files, seal = mutations.unpacked(bundle.path)
    target = tmp_path / "m.zip"
    for name in ("leaves.jsonl", "proofs.jsonl", "consistency.jsonl"):
        line, *rest = files[name].splitlines(keepends=True)
        members = json.loads(line)
        for member in [*members, "leaf", "memo", "kind", "erases", None]:
            changed = odd if member is None else members | {member: odd}
            damaged = {**files, name: b"".join([json.dumps(changed).encode() + b"\n", *rest])}
            target.write_bytes(mutations.packed(damaged, seal))
            verdict = verify_file(target, since=bundle.path.with_name("older.txt"))
            assert verdict.exit_code == 1, (name, member)


@pytest.mark.parametrize("name", ["checkpoint.txt", "keys/0001.note", "manifest-sha256.txt", "leaves.jsonl"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"\n" * 9, b"[" * 100_000 + b"\n", b"a\n1\nAAAA\n\n\xe2\x80\x94 a b\n"]
)
def test_whatever_stands_in_a_file_is_judged(bundle: Written, tmp_path: Path, name: str, content: bytes) -> None:
    """Nothing, no text, nesting without end and notes that are none."""
    files, seal = mutations.unpacked(bundle.path)
    target = tmp_path / "m.zip"
    target.write_bytes(mutations.packed({**files, name: content}, seal, listed=name != "manifest-sha256.txt"))
    assert verify_file(target).exit_code == 1


def test_the_command_line_says_what_is_wrong(bundle: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """Its exit code is the verdict's; a key that is none cannot be judged."""
    assert standalone_verify.main([str(bundle.path)]) == 0
    assert standalone_verify.main([str(bundle.path), "--key", "nonsense"]) == 2
    assert "not an Ed25519 verifier key" in capsys.readouterr().out


def test_a_bundle_signed_after_a_rotation(diabetes: LocalLake, tmp_path: Path) -> None:
    """Who trusts the first key trusts the one that it vouched for."""
    parts = parts_of(diabetes)
    ring = parts.keys()
    first = str(ring.keys[0].verifier)
    parts.checkpointer(ring).rotate()
    made = write_bundle(parts, [MODEL], tmp_path / "e.zip")
    assert made.key != first
    assert verify_file(made.path, keys=[first]).exit_code == 0
    assert verify_file(made.path, keys=[made.key]).exit_code == 0
