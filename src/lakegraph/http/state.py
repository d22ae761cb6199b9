"""The lake that the running application serves."""

from __future__ import annotations

from typing import cast

from flask import current_app

from lakegraph.http.served import Served


def lake() -> Served:
    """The lake of this application."""
    return cast("Served", current_app.config["LAKE"])
