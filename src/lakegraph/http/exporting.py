"""/export and /coverage: stories in the forms of others, and what of the documentation they want is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from flask import Blueprint, Response, request

from lakegraph.exchange import FORMS, form_of, frameworks
from lakegraph.http.delivery import Body
from lakegraph.http.describing import Operation, Parameter, describes, parameters
from lakegraph.http.negotiation import choose
from lakegraph.http.rendering import FORMS as RENDERED
from lakegraph.http.rendering import rendered
from lakegraph.http.state import lake

blueprint = Blueprint("exporting", __name__)
_TYPES = tuple(dict.fromkeys(form.media_type for form in FORMS.values()))


@blueprint.get("/export")
@describes(
    Operation(
        parameters=(
            Parameter(
                "of",
                "What is exported: a thing, run or study, by IRI, slug, title, title@version or path of a file; may be "
                "given several times. Without it the whole lake, as nquads.",
                many=True,
            ),
            Parameter("as", f"The form: {', '.join(FORMS)}.", required=True),
        ),
        answers={200: _TYPES},
        refuses=(400, 404, 406, 409),
    )
)
def export() -> Response:
    """The story of things in the form of another tool, standard or law."""
    form = form_of(parameters()["as"])
    choose((form.media_type,))
    things = request.args.getlist("of")
    chunks = lake().export(things or None, form.name)
    if things:
        # A story is small; whole, it can be refused in good order, tagged and compressed.
        response = Response(b"".join(chunks), mimetype=form.media_type)
    else:
        response = Response(Body(b"", _Chunks(chunks), _nothing, gzip=False), mimetype=form.media_type)
    name = things[0].rstrip("/").rsplit("/", 1)[-1] if len(things) == 1 else "lake"
    file = quote(f"{name}.{form.suffix}", safe="")
    response.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{file}"
    return response


@blueprint.get("/coverage")
@describes(
    Operation(
        parameters=(
            Parameter(
                "of", "A model or data set, by IRI, slug, title, title@version or path of a file.", required=True
            ),
            Parameter("against", f"What asks for documentation: {', '.join(frameworks().all)}.", required=True),
        ),
        answers={200: RENDERED},
        refuses=(400, 404, 406, 409),
    )
)
def coverage() -> Response:
    """Which of the documentation that a law or a custom asks for is recorded, clause by clause."""
    said = parameters()
    return rendered(lake().coverage(said["of"], said["against"]), f"Documentation of {said['of']}")


class _Chunks:
    """An iterator as the body of a streamed response wants it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """Give up what is left."""
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()


def _nothing(_outcome: str, _size: int) -> None:
    """Nothing is logged of an export."""
