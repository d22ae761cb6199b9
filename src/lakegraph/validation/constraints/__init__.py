"""Every constraint component of SHACL Core by its parameter, and the compiled equals of SPARQL constraints."""

from __future__ import annotations

from collections.abc import Mapping

from lakegraph.validation.constraints import bounded, shapes, text, together, value
from lakegraph.validation.reader import Parameter

PARAMETERS: Mapping[str, Parameter] = {
    **value.PARAMETERS,
    **text.PARAMETERS,
    **together.PARAMETERS,
    **shapes.PARAMETERS,
}
"""SHACL parameter (its local name) to how its constraint is read."""

bounded_form = bounded.read

__all__ = ["PARAMETERS", "bounded_form"]
