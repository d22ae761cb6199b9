"""Credentials for peers: named in records, kept outside, and bound by the settings to the one origin that gets them."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

from lakegraph.config import CredentialSettings
from lakegraph.errors import ForbiddenError, SettingsError
from lakegraph.federation.addresses import Origin, origin_of


class Secrets:
    """Gives the Authorization header for a credential.

    Args:
        known: The credentials of the settings, by name.
    """

    def __init__(self, known: Mapping[str, CredentialSettings]) -> None:
        self._known = known

    def __call__(self, name: str, origin: Origin) -> str:
        """The value of the Authorization header.

        Raises:
            SettingsError: The settings know no such credential, or what they name is not there.
            ForbiddenError: The credential is for another host.
        """
        said = self._known.get(name)
        where = f"federation.credentials.{name}"
        if said is None:
            raise SettingsError(f"The settings know no credential {name!r}.", where=where, hint="An operator adds it.")
        if origin_of(said.origin) != origin:
            raise ForbiddenError(
                f"The credential {name!r} is for {origin_of(said.origin)} and is not sent to {origin}.", where=where
            )
        secret = self._read(said, where)
        if said.scheme.lower() == "basic" and ":" in secret:
            secret = base64.b64encode(secret.encode()).decode()
        if not secret.isascii() or not secret.isprintable():
            raise SettingsError("The credential cannot stand in a header.", where=where)
        return f"{said.scheme} {secret}"

    def _read(self, said: CredentialSettings, where: str) -> str:
        if said.env:
            secret = os.environ.get(said.env, "")
            place = f"the environment variable {said.env}"
        elif said.file:
            place = "the file that it names"
            try:
                secret = Path(said.file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                secret = ""
        else:
            secret, place = "", "neither env nor file, which"
        if not secret:
            raise SettingsError(f"There is no secret in {place}.", where=where, hint="An operator puts it there.")
        return secret
