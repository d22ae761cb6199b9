"""/questions, /lineage, /why, /impact, /search, /resolve, /log and /status: what a lake is asked in its own words."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from lakegraph.errors import UsageError
from lakegraph.http.describing import Operation, Parameter, describes, flag, number, parameters
from lakegraph.http.forms import question_forms
from lakegraph.http.negotiation import HTML, JSON, choose
from lakegraph.http.rendering import FORMS, as_json, rendered
from lakegraph.http.result_page import page
from lakegraph.http.served import Answering, Steps
from lakegraph.http.state import lake

blueprint = Blueprint("asking", __name__)
_MOST_ENTRIES = 10_000
_MOST_STEPS = 10_000
MOST_NODES = 50_000
_MOST_LOOKED_AT = 1_000
_MORE = ("c", "d", "e", "f")

_THING = "a thing: its IRI, slug, title, title@version or the path of a file"
_OF = Parameter("of", f"What is asked about, {_THING}.", required=True)
_AS_OF = Parameter(
    "as_of",
    "Answer from what the lake knew then: the number of a journal entry, a time with its zone, or a day (over in UTC).",
)
_REFUSES = (400, 404, 406, 409, 503)


@blueprint.get("/questions")
@describes(Operation(answers={200: (JSON, HTML)}, refuses=(400, 406)))
def questions() -> Response:
    """Every question, with its parameters; as a page, each is a form."""
    parameters()
    if choose((JSON, HTML)) == HTML:
        return Response(page("Questions", question_forms(lake().questions(), request.script_root)), mimetype=HTML)
    return as_json(lake().questions())


@blueprint.get("/questions/<name>")
@describes(
    Operation(
        parameters=(Parameter("name", "The name of the question.", required=True, place="path"), _AS_OF),
        answers={200: FORMS},
        refuses=_REFUSES,
        free=True,
    )
)
def ask(name: str) -> Response:
    """The answer to one question: a 5W1H card, or a table."""
    # A field of a form that is left empty says nothing.
    said = {key: text for key, text in parameters().items() if text}
    return rendered(_then(said).ask(name, **said), name)


@blueprint.get("/lineage")
@describes(
    Operation(
        parameters=(
            _OF,
            Parameter("up", "How many steps back to go, or all; all when left out."),
            Parameter("down", "How many steps on to go, or all; 0 when left out."),
            Parameter("nodes", "How many nodes to gather at most; 50,000 when left out.", kind="integer"),
            _AS_OF,
        ),
        answers={200: FORMS},
        refuses=_REFUSES,
    )
)
def lineage() -> Response:
    """What a thing came from, and what came of it."""
    said = parameters()
    up, down = _steps(said, "up", "all"), _steps(said, "down", "0")
    found = _then(said).lineage(said["of"], up=up, down=down, nodes=number(said, "nodes", MOST_NODES, most=MOST_NODES))
    return rendered(found, f"Lineage of {said['of']}")


@blueprint.get("/why")
@describes(
    Operation(
        parameters=(
            Parameter("from", f"Where the path begins, {_THING}.", required=True),
            Parameter("to", f"Where it ends, {_THING}.", required=True),
            _AS_OF,
        ),
        answers={200: FORMS},
        refuses=_REFUSES,
    )
)
def why() -> Response:
    """The paths between two things, each readable as a sentence."""
    said = parameters()
    return rendered(_then(said).why(said["from"], said["to"]), f"From {said['from']} to {said['to']}")


@blueprint.get("/impact")
@describes(Operation(parameters=(_OF, _AS_OF), answers={200: FORMS}, refuses=_REFUSES))
def impact() -> Response:
    """What rests on a thing, down to deployments."""
    said = parameters()
    return rendered(_then(said).impact(said["of"]), f"What rests on {said['of']}")


@blueprint.get("/diff")
@describes(
    Operation(
        parameters=(
            Parameter("a", f"One of what is compared, {_THING}.", required=True),
            Parameter("b", "Another.", required=True),
            *(Parameter(name, "Another, where there are more.") for name in _MORE),
            Parameter("lineage", "true compares where a and b come from, instead of what they are.", kind="boolean"),
            _AS_OF,
        ),
        answers={200: FORMS},
        refuses=_REFUSES,
    )
)
def diff() -> Response:
    """What differs between runs, models or data sets, or between the lineages of two."""
    said = parameters()
    things = [said[name] for name in ("a", "b", *_MORE) if name in said]
    found = _then(said).diff(*things, lineage=flag(said, "lineage"))
    return rendered(found, f"Differences of {', '.join(things)}")


@blueprint.get("/history")
@describes(Operation(parameters=(_OF, _AS_OF), answers={200: FORMS}, refuses=_REFUSES))
def history() -> Response:
    """The versions of a data set or model, and what changed from each to the next."""
    said = parameters()
    return rendered(_then(said).history(said["of"]), f"Versions of {said['of']}")


@blueprint.get("/gaps")
@describes(
    Operation(
        parameters=(
            Parameter("of", f"What is asked about, {_THING}; the newest things when left out."),
            Parameter("limit", "How many of the newest things to look at; 100 when left out.", kind="integer"),
            _AS_OF,
        ),
        answers={200: FORMS},
        refuses=_REFUSES,
    )
)
def gaps() -> Response:
    """What nobody has said, with the field that would say it."""
    said = parameters()
    limit = number(said, "limit", 100, most=_MOST_LOOKED_AT)
    return rendered(_then(said).gaps(said.get("of"), limit=limit), "What is missing")


@blueprint.get("/reproduce")
@describes(Operation(parameters=(_OF, _AS_OF), answers={200: FORMS}, refuses=_REFUSES))
def reproduce() -> Response:
    """What is needed to make a model or data set again, and exactly what is missing for it."""
    said = parameters()
    return rendered(_then(said).reproduce(said["of"]), f"How to make {said['of']} again")


@blueprint.get("/search")
@describes(
    Operation(
        parameters=(
            Parameter("q", "Words; everything when left out."),
            Parameter("kind", "Of which kind: dataset, model, training …"),
            *(
                Parameter(name, f"With this {name}, by IRI.")
                for name in ("tag", "owner", "algorithm", "stage", "level", "status", "license")
            ),
            Parameter("limit", "How many at most.", kind="integer"),
            Parameter("after", "Where the page before ended."),
            _AS_OF,
        ),
        refuses=(400, 404, 406, 503),
    )
)
def search() -> Response:
    """Things by words and facets, best first."""
    said = parameters()
    return as_json(_then(said).search(said.pop("q", ""), **said))


@blueprint.get("/resolve")
@describes(Operation(parameters=(Parameter("name", f"A name of {_THING}.", required=True),), refuses=_REFUSES))
def resolve() -> Response:
    """The IRI that a name means."""
    return as_json({"iri": lake().resolve(parameters()["name"])})


@blueprint.get("/log")
@describes(
    Operation(
        parameters=(
            Parameter("of", f"A record, by its IRI or that of its graph, or {_THING}; the whole lake when left out."),
            Parameter("limit", "How many entries at most; 20 when left out.", kind="integer"),
        ),
        refuses=(400, 404, 406, 409),
    )
)
def log() -> Response:
    """Entries of the journal, newest first."""
    said = parameters()
    return as_json(lake().log(said.get("of"), limit=number(said, "limit", 20, most=_MOST_ENTRIES)))


@blueprint.get("/status")
@describes(Operation(refuses=(400, 406)))
def status() -> Response:
    """What the lake is and holds."""
    parameters()
    # Where it lies on the server's disk is nobody's business out here.
    return as_json(lake().status() | {"directory": None})


def _then(said: dict[str, str]) -> Answering:
    """The lake that answers: as it is, or as it was; the response names the entry up to which it knows."""
    asked = lake().then(said.pop("as_of", None))
    g.seq = asked.seq
    return asked


def _steps(said: dict[str, str], name: str, default: str) -> Steps:
    text = said.get(name, default)
    if text == "all":
        return "all"
    try:
        return number(said, name, 0, most=_MOST_STEPS)
    except UsageError as error:
        raise UsageError(error.message, where=name, hint="A number of steps, or all.") from error
