"""Question files: what their headers say, what is refused when they are loaded, and how values are bound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lakes import TestLake, thing

from lakegraph import resources
from lakegraph.errors import AmbiguousError, DataFileError, NotFoundError
from lakegraph.questions import Library, ParameterError, Question, ask, bind, library
from lakegraph.questions.checks import check
from lakegraph.questions.header import read_header
from lakegraph.rdf.vocabulary import ontology

HEAD = "#+ summary: Which?\n#+ answers: what\n"
LAKE = "PREFIX lake: <https://w3id.org/lakegraph/ns#>\n"


def load(folder: Path, text: str, name: str = "mine.rq") -> Question:
    """The one question of a folder that holds one file."""
    (folder / name).write_text(text, encoding="utf-8")
    (found,) = Library.load([folder])
    return found


@pytest.fixture
def typed(tmp_path: Path) -> Question:
    """A question with a parameter of every type."""
    return load(
        tmp_path,
        HEAD
        + "#+ params: {x: iri, s: string, n: integer = 20, d: decimal?, day: date?, t: dateTime?, b: boolean?, "
        + "level: concept(SecurityLevel)?, limit: integer = 2}\n"
        + "#+ about: lake:Model, lake:Dataset\n"
        + "SELECT ?x ?s ?n ?d ?day ?t ?b ?level WHERE { ?x ?s ?n }",
    )


def test_header_is_read(typed: Question) -> None:
    """Types, defaults, optional parameters and the subject's classes come from the header."""
    assert typed.name == "mine"
    assert typed.summary == "Which?"
    assert typed.answers == "what"
    assert [c.rpartition("#")[2] for c in typed.about] == ["Model>", "Dataset>"]
    assert {p.name: (p.type, p.required, p.default) for p in typed.parameters} == {
        "x": ("iri", True, None),
        "s": ("string", True, None),
        "n": ("integer", False, "20"),
        "d": ("decimal", False, None),
        "day": ("date", False, None),
        "t": ("dateTime", False, None),
        "b": ("boolean", False, None),
        "level": ("concept", False, None),
        "limit": ("integer", False, "2"),
    }
    assert typed.subject is not None
    assert typed.subject.name == "x"
    assert typed.as_dict()["parameters"][0] == {"name": "x", "type": "iri", "required": True}  # type: ignore[index]


def test_values_become_tokens(typed: Question) -> None:
    """Each type writes its own literal; ``about`` stands for the subject; defaults are bound."""
    said = {
        "about": "https://lake.example.org/id/a%20b",
        "s": 'say "hi" } INSERT',
        "d": "0.02",
        "day": "2024-04-17",
        "t": "2024-04-17T10:00:00+02:00",
        "b": "yes",
        "level": "Confidential",
    }
    assert bind(typed, said) == {
        "x": "<https://lake.example.org/id/a%20b>",
        "s": '"say \\"hi\\" } INSERT"',
        "n": '"20"^^<http://www.w3.org/2001/XMLSchema#integer>',
        "d": '"0.02"^^<http://www.w3.org/2001/XMLSchema#decimal>',
        "day": '"2024-04-17"^^<http://www.w3.org/2001/XMLSchema#date>',
        "t": '"2024-04-17T10:00:00+02:00"^^<http://www.w3.org/2001/XMLSchema#dateTime>',
        "b": '"true"^^<http://www.w3.org/2001/XMLSchema#boolean>',
        "level": "<https://w3id.org/lakegraph/voc/security-level/confidential>",
        "limit": '"2"^^<http://www.w3.org/2001/XMLSchema#integer>',
    }


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"s": "a"}, "needs x"),
        ({"x": "not an iri", "s": "a"}, "'not an iri' is not an IRI.*%20"),
        ({"x": "urn:a", "s": "a", "n": "many"}, "'many' is not a whole number"),
        ({"x": "urn:a", "s": "a", "n": "9" * 40}, "is not a whole number"),
        ({"x": "urn:a", "s": "a", "d": "1,5"}, "'1,5' is not a number.*such as 0.02"),
        ({"x": "urn:a", "s": "a", "day": "17/04/2024"}, "is not a date.*2024-04-17"),
        ({"x": "urn:a", "s": "a", "t": "2024-04-17T08:00:00"}, "has no zone.*08:00:00Z"),
        ({"x": "urn:a", "s": "a", "t": "soon"}, "'soon' is not a time"),
        ({"x": "urn:a", "s": "a", "b": "maybe"}, "is not true or false"),
        ({"x": "urn:a", "s": "a", "level": "cosmic"}, "is not a SecurityLevel.*confidential.*secret"),
        ({"x": "urn:a", "s": "a", "colour": "red"}, "no parameter 'colour'.*It takes x, s"),
        ({"x": "urn:a", "about": "urn:b", "s": "a"}, "'x' is given twice"),
    ],
)
def test_wrong_values_are_refused(typed: Question, said: dict[str, str], message: str) -> None:
    """Each refusal names the parameter and what to write."""
    with pytest.raises(ParameterError, match=f"(?s){message}") as caught:
        bind(typed, said)
    assert caught.value.status == 400
    assert caught.value.where


def test_names_are_resolved(typed: Question) -> None:
    """With a resolver, a parameter that takes an IRI takes whatever the resolver knows."""
    assert bind(typed, {"x": "Diabetes", "s": ""}, resolve=lambda _: "<urn:found>")["x"] == "<urn:found>"

    def ambiguous(_: str) -> str:
        raise AmbiguousError("two are called so")

    with pytest.raises(AmbiguousError):
        bind(typed, {"x": "Diabetes", "s": ""}, resolve=ambiguous)


@given(st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_is_bound_or_refused(text: str) -> None:
    """Whatever is typed becomes one term or an error that names the parameter; it never changes the query."""
    question = library().get("who")
    where: str | None = "about"
    try:
        bindings = bind(question, {"about": text})
    except ParameterError as error:
        bindings, where = {"about": "<refused>"}, error.where
    assert where == "about"
    assert list(bindings) == ["about"]
    assert bindings["about"].startswith("<")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("SELECT ?a WHERE { ?a ?b ?c }", 1, "no summary"),
        ("#+ summary: Which?\nSELECT ?a WHERE { ?a ?b ?c }", 1, "no answers"),
        (HEAD + "#+ colour: red\nSELECT ?a WHERE { ?a ?b ?c }", 3, "Not a line of a question.*summary, answers"),
        (HEAD + "#+ summary: Again\nSELECT ?a WHERE { ?a ?b ?c }", 3, "says 'summary' twice"),
        (HEAD + "#+ params: a: iri\nSELECT ?a WHERE { ?a ?b ?c }", 3, "Parameters stand in braces"),
        (HEAD + "#+ params: {a iri}\nSELECT ?a WHERE { ?a ?b ?c }", 3, "Not a parameter: 'a iri'"),
        (HEAD + "#+ params: {a: url}\nSELECT ?a WHERE { ?a ?b ?c }", 3, "unknown type 'url'.*iri"),
        (HEAD + "#+ params: {a: concept}\nSELECT ?a WHERE { ?a ?b ?c }", 3, "must name its class"),
        (HEAD + "#+ params: {a: iri, a: iri}\nSELECT ?a WHERE { ?a ?b ?c }", 3, "declared twice"),
        (HEAD + "#+ narrowed: a by magic\nSELECT ?a WHERE { ?a ?b ?c }", 3, "Not a way to narrow.*gaps, best"),
        (HEAD + "#+ narrowed: z by gaps\nSELECT ?a WHERE { ?a ?b ?c }", 4, "'z' is not among the variables"),
        (HEAD + "#+ about: lake:Modle\nSELECT ?a WHERE { ?a ?b ?c }", None, "lake:Modle is not a class"),
        (HEAD + "SELECT ?a WHERE { ?a ?b", 3, "Not a SPARQL query"),
        (HEAD + "SELECT ?a WHERE {\n ?a lake:executes ?c }", 4, "no PREFIX line declares"),
        (HEAD + "#+ params: {z: iri}\nSELECT ?a WHERE { ?a ?b ?c }", 4, "'z' is not among the variables.*SELECT \\?z"),
        (HEAD + "SELECT ?a WHERE {\n SERVICE <https://x.example/> { ?a ?b ?c } }", 4, "SERVICE has no place"),
        (HEAD + "SELECT ?a WHERE {\n ?a ?b 20SERVICE <https://x.example/> { ?a ?b ?c } }", 4, "SERVICE has no place"),
        (HEAD + "SELECT ?a WHERE {\n Service silent <https://x.example/> { ?a ?b ?c } }", 4, "SERVICE has no place"),
        (HEAD + "DELETE WHERE { ?a ?b ?c }", 3, "DELETE has no place"),
        (HEAD + "LOAD <https://x.example/>", 3, "LOAD has no place"),
        (HEAD + LAKE + "SELECT ?a WHERE {\n ?a lake:ingestForm ?c }", 5, "ingestForm is not declared.*ingestFrom"),
        (HEAD + "SELECT ?a WHERE {\n ?a <https://w3id.org/lakegraph/ns#nope> ?c }", 4, "#nope is not declared"),
        (HEAD + "PREFIX lake: <https://x.example/>\nSELECT ?a WHERE { ?a ?b ?c }", 3, "lake: stands for"),
    ],
)
def test_mistakes_are_refused_at_load(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    """A file that could not be asked, or that would do more than read, is refused with its file and line."""
    with pytest.raises(DataFileError, match=f"(?s){message}") as caught:
        load(tmp_path, text)
    where = caught.value.where or ""
    assert "mine.rq" in where
    assert line is None or where.endswith(f":{line}")


def test_words_in_comments_and_strings_are_no_clauses(tmp_path: Path) -> None:
    """A comment or a literal may speak of services; only a clause is one."""
    text = HEAD + '# no SERVICE here\nSELECT ?a ?service WHERE { ?a ?service "LOAD the SERVICE" }'
    assert load(tmp_path, text).name == "mine"


def test_foreign_prefixes_are_free(tmp_path: Path) -> None:
    """A steward's own vocabulary needs no declaration."""
    question = load(tmp_path, HEAD + "PREFIX ex: <https://x.example/ns#>\nSELECT ?a WHERE { ?a ex:colour ?c }")
    assert question.folder == ""


def test_a_lake_adds_its_own_questions(tmp_path: Path) -> None:
    """Files of the lake's own folder join the library; a name that is taken is refused, naming both files."""
    (tmp_path / "steward").mkdir()
    file = tmp_path / "steward" / "mine.rq"
    file.write_text(HEAD + "SELECT ?a WHERE { ?a ?b ?c }", encoding="utf-8")
    both = Library.load([resources.path("queries"), tmp_path, tmp_path / "missing"])
    assert both.get("mine").folder == "steward"
    assert len(both) == len(library()) + 1
    (tmp_path / "who.rq").write_text(HEAD + "SELECT ?a WHERE { ?a ?b ?c }", encoding="utf-8")
    with pytest.raises(DataFileError, match=r"Two questions are called 'who'(?s:.)*queries/5w1h/who.rq"):
        Library.load([resources.path("queries"), tmp_path])


def test_names_rule_over_files(tmp_path: Path) -> None:
    """``#+ name:`` names a question that its file cannot."""
    assert load(tmp_path, HEAD + "#+ name: other\nSELECT ?a WHERE { ?a ?b ?c }").name == "other"


def test_unknown_names_are_suggested() -> None:
    """A misspelt question is answered with the nearest names."""
    with pytest.raises(NotFoundError, match=r"no question 'whoo'(?s:.)*Did you mean who") as caught:
        library().get("whoo")
    assert caught.value.exit_code == 3
    with pytest.raises(NotFoundError, match="lakegraph ask lists them all"):
        library().get("zzzzzzzz")


def test_kinds_of_the_subject() -> None:
    """What a question is about, in the words of an index, so that a name can be taken for one of these."""
    assert library().get("training").kinds == ("model",)
    assert library().get("uses").kinds == ("dataset", "model", "program", "source")
    assert library().get("who").kinds == ()


def test_questions_for_a_thing() -> None:
    """A thing is offered the questions that take its classes, and those that take anything."""
    names = {q.name for q in library().about([])}
    assert {"what", "who", "where", "when", "why", "how"} <= names


def is_template(file: Path) -> bool:
    """Whether federation fills the text in at its marks, so that it is no query as it stands."""
    return bool(re.search(r"(?<![\w/])#[a-z]", file.read_text(encoding="utf-8")))


QUERIES = [file for file in resources.files("queries", ".rq") if not is_template(file)]


@pytest.mark.parametrize("file", QUERIES, ids=resources.relative)
def test_every_query_of_the_project_is_sound(file: Path) -> None:
    """Also the queries that nobody asks by name parse, read only, project their parameters and use declared terms."""
    text, where = file.read_text(encoding="utf-8"), resources.relative(file)
    if "internal" in file.parts or "views" in file.parts:
        check(text, (), ontology(), where)
        return
    header = read_header(text, where)
    names = tuple(p.name for p in header.parameters if p.name != "limit")
    check(text, (*names, *(header.narrowed or ())[:1]), ontology(), where)


def test_limit_cuts_the_answer(tmp_path: Path, worked: TestLake) -> None:
    """``limit`` is not bound, because SPARQL cannot: it cuts the rows, and says that there are more."""
    text = HEAD + "#+ params: {s: iri, limit: integer = 1}\nSELECT ?s ?p WHERE { ?s ?p ?o }"
    question = load(tmp_path, text)
    about = thing("model/diabet-predictor/1")[1:-1]
    result = ask(worked.graph, question, bind(question, {"s": about}))
    assert len(result) == 1
    assert result.more
    assert not ask(worked.graph, question, bind(question, {"s": about, "limit": "1000"})).more


def test_the_subject_is_checked(worked: TestLake) -> None:
    """A question that is about models says so when it is asked about data, and that it does not know a stranger."""
    question = library().get("training")
    with pytest.raises(ParameterError, match=r"Diabetes v1 is a structured dataset; .* is about a model") as caught:
        ask(worked.graph, question, {"model": thing("dataset/diabetes/1")})
    assert caught.value.where == "model"
    with pytest.raises(NotFoundError, match="knows nothing of"):
        ask(worked.graph, question, {"model": thing("model/nope")})


def test_results_as_json_and_frames(tmp_path: Path, worked: TestLake) -> None:
    """Rows become plain values; a truth value and statements are answers too."""
    rows = load(tmp_path, HEAD + LAKE + "SELECT ?x ?n WHERE { ?x lake:folds ?n }")
    answer = ask(worked.graph, rows, {})
    assert answer.as_dict()["rows"] == [{"x": thing("specification/5-fold-cross-validation-987da9f7")[1:-1], "n": 5}]
    assert [row["n"] for row in answer] == ['"5"^^<http://www.w3.org/2001/XMLSchema#integer>']
    assert list(answer.to_pandas()["n"]) == [5]
    truth = load(tmp_path, HEAD + LAKE + "ASK { ?x lake:folds 6 }")
    assert ask(worked.graph, truth, {}).as_dict()["answer"] is False
    made = load(tmp_path, HEAD + LAKE + "CONSTRUCT { ?x lake:folds ?n } WHERE { ?x lake:folds ?n }")
    assert len(ask(worked.graph, made, {})) == 1
    assert ask(worked.graph, made, {}).as_dict()["triples"]
