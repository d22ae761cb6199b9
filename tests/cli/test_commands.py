"""The command line: what it prints, and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from pkgutil import iter_modules

import pytest
from click.testing import CliRunner, Result

from lakegraph import cli, resources
from lakegraph.cli import main
from lakegraph.cli.commands import loaded
from tests.conftest import BASE

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs commands in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LAKEGRAPH_LAKE", raising=False)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), input=text)

    return call


@pytest.fixture
def filled(run: Run) -> Run:
    """The same, with the worked example recorded."""
    assert run("init", "--base", BASE).exit_code == 0
    files = [str(path) for path in resources.files("ontology/examples/diabetes", ".json")]
    assert run("record", *files).exit_code == 0
    return run


def test_exit_codes(filled: Run) -> None:
    """0 done, 1 refused, 2 used wrongly, 3 not found."""
    assert filled("status").exit_code == 0
    assert filled("record", "-", text='{"type": "Process"}').exit_code == 1
    assert filled("record", "-", text='{"type": "Prozess"}').exit_code == 2
    assert filled("record", "-", text="not json").exit_code == 2
    assert filled("lineage", "no such thing").exit_code == 3
    assert filled("nonsense").exit_code == 2
    assert filled("--lake", "nowhere", "status").exit_code == 3


def test_the_past(filled: Run) -> None:
    """--as-of asks what the lake knew then; wrong moments are explained."""
    assert "made from it" not in filled("lineage", "Diabetes@1", "--down", "all", "--as-of", "2").output
    assert "Train SVM" in filled("lineage", "Diabetes@1", "--down", "all", "--as-of", "3").output
    assert filled("ask", "5w1h", "--about", "Diabet Predictor", "--as-of", "2").exit_code == 3
    assert "nothing rests on it" in filled("impact", "Diabetes@1", "--as-of", "2").output
    assert "kind" in filled("search", "diabetes", "--as-of=2").output
    wrong = filled("why", "Diabetes@1", "Diabetes@0", "--as-of", "2024-05-01T10:00")
    assert wrong.exit_code == 2
    assert "has no zone" in wrong.output
    table = filled("lineage", "Diabet Predictor", "--format", "csv").output.splitlines()
    assert table[0].startswith("distance,type,kind,title,version")
    assert table[2].startswith("-1,run,training run,Train SVM,,")


def test_comparing(filled: Run) -> None:
    """diff, history, gaps, reproduce, rollback and log THING print what people read, and exit as they should."""
    assert "analysed data" in filled("diff", "Diabet Predictor", "Diabetes@1").output
    assert json.loads(filled("diff", "Diabetes@0", "Diabetes@1", "--format", "json").output)["differences"]
    assert "3 more in both" in filled("diff", "Diabetes@0", "Diabetes@1", "--lineage").output
    assert filled("history", "Diabetes@1").output.count("Diabetes v") >= 2
    assert "no license" in filled("gaps", "Diabet Predictor").output
    assert "leave something open" in filled("gaps", "--limit", "50").output
    recipe = filled("reproduce", "Diabet Predictor")
    assert recipe.exit_code == 1
    assert "no code version of modelDP.py (codeVersion)" in recipe.output
    assert filled("reproduce", "Diabet Predictor", "--format", "markdown").output.startswith("# Diabet Predictor v1")
    done = filled("rollback", "Diabetes@0", "--by", "bob", "--why", "The scaling was wrong.")
    assert (done.exit_code, "recorded" in done.output) == (0, True)
    assert filled("rollback", "Diabetes@0", "--by", "bob", "--why", "Again.").exit_code == 1
    assert "8 " in filled("log", "Diabetes@0").output


def test_a_bug_is_called_one(filled: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 70, a short message, and how to see more."""
    monkeypatch.setattr("lakegraph.asking.lineage_of", lambda *_, **__: 1 / 0)
    result = filled("lineage", "Diabet Predictor")
    assert result.exit_code == 70
    assert "LAKEGRAPH_DEBUG=1" in result.output


def test_a_refusal_names_w_message_field_and_place(filled: Run) -> None:
    """Grouped by the question that stays open, with the mend and the shape's file and line."""
    output = filled("record", "-", text='{"type": "ReviewRun", "reviewed": "model/diabet-predictor/1"}').output
    assert "Refused:" in output
    assert "nothing was written" in output
    assert "integrity/" in output
    assert "problems" in output


def test_a_refusal_as_json(filled: Run) -> None:
    """The same report for programs."""
    result = filled("record", "-", "--format", "json", text='{"type": "Process", "title": "x"}')
    assert result.exit_code == 1
    said = json.loads(result.stderr)
    assert said["code"] == "record-refused"
    assert said["report"]


def test_a_misspelt_field_is_named_with_the_mend(filled: Run) -> None:
    """What is wrong, where, and what to do."""
    output = filled("record", "-", text='{"type": "Study", "titel": "x"}').output
    assert "titel" in output
    assert "Did you mean title" in output


def test_a_misspelt_name_suggests_the_nearest(filled: Run) -> None:
    """Nothing is guessed, the nearest is offered."""
    assert "Diabet Predictor" in filled("lineage", "Diabet Predicter").output


def test_questions_are_listed_and_answered(filled: Run) -> None:
    """Every question with its parameters, as text and JSON."""
    assert "5w1h" in filled("ask").output
    names = {said["name"] for said in json.loads(filled("ask", "--format", "json").output)}
    assert {"5w1h", "who", "why"} <= names
    card = json.loads(filled("ask", "5w1h", "--about", "Diabet Predictor", "--format", "json").output)
    assert card["title"] == "Diabet Predictor"
    assert filled("ask", "who", "--about", "Diabet Predictor").output.count("tim") >= 2


def test_queries_as_table_json_csv_and_turtle(filled: Run) -> None:
    """Rows and graphs in the forms that are asked for."""
    select = "SELECT ?m { ?m a <https://w3id.org/lakegraph/ns#Model> }"
    iri = f"{BASE}id/model/diabet-predictor/1"
    for form in ("table", "json", "csv", "tsv", "xml"):
        assert iri in filled("query", select, "--format", form).output
    assert iri in filled("query", "DESCRIBE <" + iri + ">", "--format", "turtle").output
    assert filled("query", "ASK { ?s ?p ?o }").output.strip() == "yes"
    broken = filled("query", "SELECT ?m WHERE { ?m")
    assert broken.exit_code == 2


def test_withdraw_and_log(filled: Run) -> None:
    """A withdrawal stands in the journal; what others rely on stays."""
    assert filled("withdraw", f"{BASE}id/run/ing-1", "--by", "bob", "--why", "A mistake was made.").exit_code == 1
    assert filled("withdraw", f"{BASE}id/run/mon-1", "--by", "bob", "--why", "A mistake was made.").exit_code == 0
    entries = json.loads(filled("log", f"{BASE}id/run/mon-1", "--format", "json").output)
    assert [e["kind"] for e in entries] == ["tombstone", "record"]


def test_people_and_rebuild(filled: Run) -> None:
    """The directory of people, and projections made again from the journal."""
    assert "id/user/ada" in filled("people", "add", "Ada Example", "--slug", "ada", "--mail", "ada@example.org").output
    assert "Ada Example" in filled("people", "list").output
    assert filled("people", "erase", "ada", "--why", "Asked for it.").exit_code == 0
    assert "Ada" not in filled("people", "list").output
    assert "7 journal entries" in filled("rebuild").output
    assert "Diabet Predictor v1" in filled("lineage", "Diabet Predictor").output


def test_validate_exits_1_only_on_violations(filled: Run) -> None:
    """The worked example keeps integrity and completeness."""
    assert filled("validate", "--only", "integrity", "--only", "completeness").exit_code == 0
    assert filled("validate", "--only", "nothing").exit_code == 2
    assert "sh:ValidationReport" in filled("validate", "--only", "swamp", "--format", "turtle").output


def test_the_swamp_is_scored(filled: Run) -> None:
    """Each thing with its score by the paper's three words, the worst first."""
    said = json.loads(filled("swamp", "--format", "json").output)
    scores = [thing["score"] for thing in said]
    assert scores == sorted(scores, reverse=True)
    assert all(thing["score"] == sum(v for k, v in thing.items() if k not in ("iri", "score")) for thing in said)
    assert {"invisible", "incomprehensible"} <= {name for thing in said for name in thing}
    assert "score" in filled("swamp").output


def test_learning_commands(run: Run, tmp_path: Path) -> None:
    """Terms, shapes and schema explain themselves without a lake."""
    assert "brings data" in run("ontology", "show", "lake:Ingest").output
    assert run("ontology", "show", "lake:Nonsense").exit_code == 3
    assert "hasImplementation" in run("shapes", "show", "TrainingRun").output
    assert "compiled" in run("shapes", "list").output
    assert json.loads(run("schema").output)["oneOf"]
    assert run("ontology", "docs", "o.html").exit_code == 0
    assert run("shapes", "docs", "s.md").exit_code == 0
    assert "<html" in (tmp_path / "o.html").read_text()
    nowhere = run("ontology", "docs", "nowhere/o.html")
    assert nowhere.exit_code == 4
    assert "cannot be used: no such file or directory" in nowhere.output
    assert "nowhere/o.html" in nowhere.output
    assert "| shape |" in (tmp_path / "s.md").read_text()


def test_every_command_has_help(run: Run) -> None:
    """One line of purpose for each, listed as the command itself says it."""
    for name, listed in main.commands.items():
        assert listed.help, name
        assert run(name, "--help").exit_code == 0
        command = loaded(name)
        assert command is not None
        assert command.help is not None
        assert (listed.help, listed.hidden) == (cleandoc(command.help).split("\n\n")[0], command.hidden)
    every = {
        command.name
        for module in iter_modules(cli.__path__)
        for command in getattr(import_module(f"{cli.__name__}.{module.name}"), "COMMANDS", ())
    }
    assert every == set(main.commands)


@pytest.mark.parametrize("typed", ["--version", "--help", "nonsense"])
def test_commands_are_loaded_when_they_are_meant(typed: str) -> None:
    """Neither the version nor the list of commands loads what commands need."""
    heavy = ("lakegraph.lake", "lakegraph.validation", "lakegraph.cli.ask", "pydantic", "pyoxigraph", "rich")
    code = (
        "import sys\nfrom lakegraph.cli import main\ntry:\n main()\nfinally:\n"
        f" print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, typed], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"


def test_commands_beside_a_running_server_talk_to_it(filled: Run, tmp_path: Path) -> None:
    """The server holds the directory; a command on it goes over HTTP and sees the same lake."""
    import re
    import signal

    command = [sys.executable, "-m", "lakegraph.cli", "--lake", str(tmp_path / "lake"), "serve", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert re.search(r"serves .* on http://127", server.stdout.readline())
        assert "Diabet Predictor v1" in filled("lineage", "Diabet Predictor").output
        assert (
            "seq 8"
            in filled("record", "-", text='{"type": "Study", "title": "x", "description": "Long enough."}').output
        )
        assert "8 records" in filled("status").output
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=15) is not None
        server.stdout.close()


def test_the_demo_ends_with_answers(run: Run) -> None:
    """Real runs, a card, a tree, a refusal, a query."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    result = run("demo", "--no-serve")
    assert result.exit_code == 0, result.output
    for piece in ("5-fold", "Why", "└─", "complete, 4 steps", "Refused:", "3 problems", "SELECT", "accuracy"):
        assert piece in result.output, piece
    again = run("demo", "--no-serve")
    assert again.exit_code == 0
    assert "was made in demo-lake before" in again.output


def test_a_demo_that_was_interrupted_is_not_served(run: Run) -> None:
    """What is there is left alone, and what to do is said."""
    assert run("--lake", "demo-lake/lake", "init", "--base", "https://lake.example.org/").exit_code == 0
    refused = run("demo", "--no-serve")
    assert refused.exit_code == 1
    assert "interrupted before its end" in refused.output
    assert "Remove demo-lake" in refused.output


def test_a_made_up_lake_with_faults_and_planted_lineage(run: Run) -> None:
    """Broken copies, near-duplicates and structures come when they are asked for; what cannot be is refused."""

    def lines(*more: str) -> int:
        return len(run("bench", "generate", "--runs", "20", *more).output.splitlines())

    plain = lines()
    assert lines("--faults", "0.5") > plain
    assert lines("--near-duplicates", "1") > plain
    assert lines("--plant", "chain") == plain + 1000
    assert "One of: chain, layers, star, tree." in run("bench", "generate", "--runs", "1", "--plant", "ring").output
    assert run("bench", "generate", "--runs", "1", "--form", "nquads", "--faults", "1").exit_code == 2


def test_evidence_is_given_away_and_verified(filled: Run, tmp_path: Path) -> None:
    """Export, bundle, verify and audit; a byte changed on the way is found."""
    assert "Diabet Predictor" in filled("export", "Diabet Predictor", "--as", "model-card").output
    unknown = filled("export", "Diabet Predictor", "--as", "nope")
    assert unknown.exit_code == 2
    assert "One of prov" in unknown.output
    assert filled("bundle", "Diabet Predictor", "-o", "e.zip").exit_code == 0
    assert filled("verify", "e.zip").exit_code == 0
    body = bytearray((tmp_path / "e.zip").read_bytes())
    body[len(body) // 2] ^= 1
    (tmp_path / "f.zip").write_bytes(body)
    altered = filled("verify", "f.zip")
    assert altered.exit_code == 1
    assert "NOT VERIFIED" in altered.output
    assert filled("verify", "nothing.zip").exit_code == 3
    assert filled("audit").output.strip() == "Everything agrees."


def test_erasing_leaves_no_trace(filled: Run, tmp_path: Path) -> None:
    """What would go is said first; afterwards no file of the lake holds it, of a record as of a person."""
    said = {"type": "Study", "title": "Jones", "description": "The zebrafinch of Mrs Jones."}
    assert filled("record", "-", text=json.dumps(said)).exit_code == 0
    assert filled("people", "add", "Ada Zebrafinch", "--slug", "ada").exit_code == 0
    study = f"{BASE}id/study/jones"
    assert "would be erased" in filled("erase", study, "--why", "request 12", "--dry-run").output
    assert filled("erase", study, "--why", "request 12").exit_code == 0
    assert filled("people", "erase", "ada", "--why", "request 13").exit_code == 0
    files = [file for file in (tmp_path / "lake").rglob("*") if file.is_file()]
    assert [file for file in files if b"zebrafinch" in file.read_bytes().lower()] == []
    assert filled("erase", study, "--why", "again").exit_code == 1
    assert filled("audit").exit_code == 0


def test_evidence_from_the_command_line(filled: Run, tmp_path: Path) -> None:
    """Checkpoint, anchor, rotation, bundle, verification and audit, each with what it prints and how it exits."""
    note = filled("checkpoint", "-o", "kept.txt").output
    assert (tmp_path / "kept.txt").read_text() == note
    assert note.split("\n")[1] == "7"
    assert "A checkpoint over 7 entries stands in anchor.txt" in filled("anchor", "anchor.txt").output
    refused = filled("anchor", "http://witness.example.org/lake")
    assert refused.exit_code == 1
    assert "not asked by plain http" in refused.output
    first = json.loads(filled("keys", "list", "--format", "json").output)[0]["key"]
    assert "From entry 8 on signs" in filled("keys", "rotate").output
    assert first in filled("keys", "list").output
    (tmp_path / "model.bin").write_bytes(b"weights")
    made = filled(
        "bundle", "Diabet Predictor@1", "-o", "e.zip", "--artifact", "model.bin", "--since", "7", "--as", "prov"
    )
    assert "Wrote e.zip: 7 of 7 records" in made.output, made.output
    verified = filled("verify", "e.zip", "--key", first, "--since", "kept.txt")
    assert verified.exit_code == 0
    assert verified.output.startswith("VERIFIED: 7 records of ")
    (tmp_path / "e.zip").write_bytes((tmp_path / "e.zip").read_bytes()[:-1])
    assert filled("verify", "e.zip").exit_code == 1
    (tmp_path / "e.zip").write_bytes(b"hello")
    assert filled("verify", "e.zip").exit_code == 2
    assert filled("verify", "none.zip").exit_code == 3
    assert filled("audit", "--since", "kept.txt", "--since", "anchor.txt").output == "Everything agrees.\n"
    erased = f"{BASE}id/run/mon-1"
    filled("erase", erased, "--why", "request 12")
    said = filled("audit").output
    assert f"entry 7 ({erased}) was lawfully erased on" in said
    assert said.endswith("as entry 8 says: request 12\nEverything agrees.\n")
    assert filled("audit", "--since", "model.bin").exit_code == 2


def test_tokens_are_made_shown_once_and_revoked(run: Run) -> None:
    """The token alone goes to standard output, so that it can be piped; it works beside a server."""
    assert run("init", "--base", BASE).exit_code == 0
    made = run("token", "create", "ann", "--scope", "steward", "--days", "30")
    secret = made.stdout.strip()
    assert secret.startswith("lake_")
    assert "not shown again" in made.stderr
    listed = run("token", "list", "--format", "json").stdout
    (known,) = json.loads(listed)
    assert (known["name"], known["scopes"]) == ("ann", ["steward"])
    assert secret not in listed
    assert "steward" in run("token", "list").stdout
    assert "is revoked" in run("token", "revoke", known["id"]).stdout
    assert run("token", "revoke", "ann").exit_code == 3
    assert run("--lake", "nowhere", "token", "list").exit_code == 3
    assert run("--lake", "http://127.0.0.1:9", "token", "list").exit_code == 2
