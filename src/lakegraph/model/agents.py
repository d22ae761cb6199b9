"""Documents of people, organisations, software agents and tags.

A record names a person only by IRI: names and mail addresses belong in the directory of people, which can be corrected
and erased. So ``User`` has no field for them.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from lakegraph.model.base import Identity, Many, RefTo, Thing, reference


class User(Thing):
    """A person, by slug or IRI alone (Fig. 2, class User)."""

    identity: ClassVar[Identity] = "agent"
    type: Literal["User"] = "User"


class Organization(Thing):
    """An organisation that owns or publishes something."""

    identity: ClassVar[Identity] = "agent"
    type: Literal["Organization"] = "Organization"
    name: str | None = Field(default=None, min_length=1)


class SoftwareAgent(Thing):
    """A program that acts by itself, such as a scheduler."""

    identity: ClassVar[Identity] = "agent"
    type: Literal["SoftwareAgent"] = "SoftwareAgent"
    name: str | None = Field(default=None, min_length=1)


class Tag(Thing):
    """A tag (Fig. 2 and 3, class Tag)."""

    identity: ClassVar[Identity] = "titled"
    type: Literal["Tag"] = "Tag"


UserRef = Annotated[Any, reference(User, to="User")]
AgentRef = Annotated[Any, reference(Organization, User, SoftwareAgent, to="Agent")]
TagRefs = Many[Annotated[str, RefTo("Tag")]]
