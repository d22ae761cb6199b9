"""Settings, frozen: defaults, then ``lakegraph.toml`` in the lake, then ``LAKEGRAPH_*``, then arguments."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from lakegraph.errors import SettingsError

TOML_NAME = "lakegraph.toml"


class PeopleSettings(BaseModel):
    """How people are named in records."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pseudonymous: bool = Field(default=False, description="Give people random slugs, so that IRIs say nothing of them.")


class LimitSettings(BaseModel):
    """What one request may cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body_bytes: int = Field(default=16 * 2**20, gt=0, description="The largest body of a request.")
    record_quads: int = Field(default=10_000, gt=0, description="The most statements of one record.")
    literal_bytes: int = Field(default=64 * 2**10, gt=0, description="The longest literal.")
    iri_bytes: int = Field(default=2 * 2**10, gt=0, description="The longest IRI.")
    query_seconds: float = Field(default=30, gt=0, le=3600, description="How long an asked SPARQL query may run.")
    client_query_seconds: float = Field(
        default=0, ge=0, description="Seconds of asked SPARQL that one caller may use in a minute; 0 for no limit."
    )
    query_memory: int = Field(default=2 * 2**30, gt=0, description="The memory of one query worker, in bytes.")
    query_bytes: int = Field(default=64 * 2**10, gt=0, description="The longest SPARQL query.")
    update_bytes: int = Field(default=2**20, gt=0, description="The longest SPARQL Update.")
    change_quads: int = Field(
        default=100_000, gt=0, description="The most statements that one update or graph request changes."
    )
    query_workers: int = Field(
        default=2, ge=1, le=64, description="How many short queries run at once; as many long ones do beside them."
    )
    result_rows: int = Field(default=5_000_000, gt=0, description="The most rows of one result; a cut is announced.")
    pasts: int = Field(
        default=4, ge=1, le=1000, description="How many earlier states of the lake are kept for questions of the past."
    )
    group: int = Field(default=600, ge=1, le=10_000, description="The most records that share one journal transaction.")


class ServeSettings(BaseModel):
    """Where the service listens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8010, ge=0, le=65535)
    threads: int = Field(default=8, ge=1, le=256)
    hosts: tuple[str, ...] = Field(default=(), description="Further host names under which requests may come.")
    cors: tuple[str, ...] = Field(default=(), description="Origins of other sites whose pages may use the service.")
    anonymous_read: bool = Field(
        default=True, description="Whether whoever has no token may read, once there are tokens."
    )
    tls_certificate: Path | None = Field(default=None, description="The certificate (PEM); plain HTTP without.")
    tls_key: Path | None = Field(default=None, description="Its key (PEM).")


class CatalogSettings(BaseModel):
    """What the lake says of itself as a catalog."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(default="", description="The title of the catalog; made from the base where left out.")
    publisher: str = Field(default="", description="The name of who publishes it.")
    license: str = Field(
        default="http://rightsstatements.org/vocab/CNE/1.0/",
        description="The licence of the descriptions, an IRI; as it is, nobody has looked into their copyright.",
    )


class CheckpointSettings(BaseModel):
    """When a signed checkpoint of the journal is due."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float = Field(default=60, gt=0, description="Seconds after the last one, once there is anything new.")
    leaves: int = Field(default=1000, ge=1, description="Entries after the last one.")
    anchors: tuple[str, ...] = Field(
        default=(),
        description="Where a served lake puts each one too: files, folders, git repositories, https addresses.",
    )


class CredentialSettings(BaseModel):
    """A secret that one other host asks for; records name it, and only the settings say where it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    origin: str = Field(description="The one origin that it is sent to, such as https://data.example.org.")
    env: str | None = Field(default=None, description="The environment variable that holds it.")
    file: str | None = Field(default=None, description="The file that holds it.")
    scheme: str = Field(default="Bearer", description="The scheme of the Authorization header: Bearer, Basic, Token …")


class FederationSettings(BaseModel):
    """How other catalogs are asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    local: tuple[str, ...] = Field(
        default=(), description="Local hosts, host:port or networks that may be asked, also by plain http."
    )
    plain_http: tuple[str, ...] = Field(default=(), description="Public hosts that may be asked by plain http.")
    seconds: float = Field(default=10, gt=0, le=3600, description="How long a peer may take, where it does not say.")
    size: int = Field(default=32 * 2**20, gt=0, description="The most bytes of one answer of a peer.")
    rows: int = Field(default=10_000, gt=0, description="The most rows of one answer of a peer.")
    pages: int = Field(default=200, gt=0, description="The most documents that one query reads from a peer.")
    fresh_seconds: float = Field(default=300, ge=0, description="How long a document of a peer is used unasked.")
    cache_bytes: int = Field(default=256 * 2**20, ge=0, description="How much of peers' documents is kept on disk.")
    authorities: str | None = Field(default=None, description="Certificate authorities (PEM) instead of the system's.")
    credentials: dict[str, CredentialSettings] = Field(
        default_factory=dict, description="Secrets by name: origin, env or file, and scheme of each."
    )


class Settings(BaseSettings):
    """Everything that can be set about one lake."""

    model_config = SettingsConfigDict(
        env_prefix="LAKEGRAPH_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    lake: str = Field(default="lake", description="The lake's directory, or the address of a running one.")
    actor: str = Field(default="local", description="Who is named in the journal when no token says so.")
    token: str | None = Field(default=None, repr=False, description="The token sent to a lake over HTTP.")
    people: PeopleSettings = PeopleSettings()
    limits: LimitSettings = LimitSettings()
    serve: ServeSettings = ServeSettings()
    catalog: CatalogSettings = CatalogSettings()
    checkpoints: CheckpointSettings = CheckpointSettings()
    federation: FederationSettings = FederationSettings()

    @field_validator("lake")
    @classmethod
    def _not_empty(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("a lake has a directory or an address")
        return value

    @property
    def is_remote(self) -> bool:
        """Whether the lake is reached over HTTP."""
        return self.lake.startswith(("http://", "https://"))

    @property
    def directory(self) -> Path:
        """The lake's directory."""
        return Path(self.lake)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before environment; the lake's TOML file is merged in below both by :func:`load`."""
        return init_settings, env_settings


def load(**arguments: Any) -> Settings:
    """The settings of a lake.

    Args:
        arguments: What was said explicitly; ``None`` means not said.

    Raises:
        SettingsError: A value is impossible, or ``lakegraph.toml`` cannot be read.
    """
    said = {name: value for name, value in arguments.items() if value is not None}
    try:
        first = Settings(**said)
        file = first.directory / TOML_NAME
        if first.is_remote or not file.is_file():
            return first
        return Settings(**_merge(_toml(file), _merge(_environment(), said)))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise SettingsError(
            f"The setting {name} is impossible: {fault['msg']}.",
            where=name,
            hint="docs/reference/settings.md lists them.",
        ) from error


def _environment() -> dict[str, Any]:
    """What ``LAKEGRAPH_*`` says, read by the same rules as the settings themselves."""
    return Settings().model_dump(exclude_unset=True)


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        both = isinstance(under, dict) and isinstance(value, dict)
        merged[name] = _merge(under, value) if both and isinstance(under, dict) else value
    return merged


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{TOML_NAME} cannot be read: {error}", where=str(file)) from error
