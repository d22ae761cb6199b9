"""The lake that the running application serves."""

from __future__ import annotations

from typing import cast

from flask import current_app, request

from lakegraph.http.access import principal_of
from lakegraph.http.served import Served
from lakegraph.ownership import Recorder
from lakegraph.tokens import EDIT


def lake() -> Served:
    """The lake of this application."""
    return cast("Served", current_app.config["LAKE"])


def actor() -> str | None:
    """Who is named in the journal: the token's user; whoever the lake's settings name where there is no token.

    With a token that permits to record but not to edit, they may only change what is theirs.
    """
    principal = principal_of(request.environ)
    if principal.name and EDIT not in principal.permissions:
        return Recorder(principal.name)
    return principal.name or None
