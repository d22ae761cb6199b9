"""Facts about the machine and the Python that a run used."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from importlib import metadata

# Libraries that decide what a run computes, by the module they are imported as. Only those already loaded are named.
_LIBRARIES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "sklearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "statsmodels": "statsmodels",
    "torch": "torch",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "jax": "jax",
    "transformers": "transformers",
    "pyspark": "pyspark",
    "dask": "dask",
}


def environment() -> dict[str, str]:
    """The environment of this process as an ``Environment`` document: Python, system, hardware, host, libraries."""
    found = ", ".join(f"{name} {version}" for name, version in libraries())
    return {**_fixed(), "description": found} if found else dict(_fixed())


@cache
def _fixed() -> dict[str, str]:
    python = ".".join(platform.python_version_tuple()[:2])
    return {
        "title": f"Python {python} / {platform.system()}",
        "version": f"{platform.python_implementation()} {platform.python_version()}",
        "operatingSystem": platform.platform(),
        "hardware": _hardware(),
        "hostName": platform.node(),
    }


def _hardware() -> str:
    parts = [platform.machine(), f"{os.cpu_count()} processors"]
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not every system tells
        memory = 0
    if memory > 0:
        parts.append(f"{memory / 2**30:.1f} GiB memory")
    return ", ".join(part for part in parts if part)


def libraries() -> list[tuple[str, str]]:
    """Name and version of the loaded libraries that decide what a run computes."""
    loaded = [name for module, name in _LIBRARIES.items() if module in sys.modules]
    return [(name, version) for name in loaded if (version := version_of(name))]


def software(module: str) -> dict[str, str]:
    """The library that *module* (dotted) belongs to, as a ``Software`` document."""
    root = module.partition(".")[0]
    name = _LIBRARIES.get(root, root)
    version = version_of(name)
    return {"title": name, "version": version} if version else {"title": name}


def version_of(distribution: str) -> str | None:
    """The installed version of a distribution, or ``None``."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
