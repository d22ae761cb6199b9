"""The lake that the running application serves."""

from __future__ import annotations

from typing import cast

from flask import current_app, request

from lakegraph.http.access import principal_of
from lakegraph.http.served import Served


def lake() -> Served:
    """The lake of this application."""
    return cast("Served", current_app.config["LAKE"])


def actor() -> str | None:
    """Who is named in the journal: the token's user; whoever the lake's settings name where there is no token."""
    return principal_of(request.environ).name or None
