"""The lake that the running application serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from lakegraph.lake import Lake


def lake() -> Lake:
    """The lake of this application."""
    return cast("Lake", current_app.config["LAKE"])
