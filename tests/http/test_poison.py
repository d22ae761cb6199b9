"""A served lake outlives ten clients that send what would take a server down, and goes on answering beside them."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlsplit

import lakegraph
from tests.benchmarks.poison import POISON, poison
from tests.conftest import BASE, examples
from tests.http.serving import running

SECONDS = float(os.environ.get("LAKEGRAPH_POISON_SECONDS", "4"))
"""A minute is the long form."""
SMALL = "SELECT ?s WHERE { ?s a <https://w3id.org/lakegraph/ns#Model> } LIMIT 1"
REFUSED = {"free path", "2,200 braces"}


def answered(url: str) -> bool:
    """Whether a small question is answered; one that finds every worker taken is not, and may be asked again."""
    try:
        with urllib.request.urlopen(f"{url}/sparql?query={quote(SMALL)}", timeout=30) as answer:
            return bool(json.loads(answer.read())["results"]["bindings"])
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return False


def test_poison(tmp_path: Path) -> None:
    """The server is not restarted, every poison query ends in an error of its own, and small questions are answered."""
    directory = tmp_path / "lake"
    with lakegraph.init(directory, base=BASE) as lake:
        for document in examples():
            lake.record(document)
    (directory / "lakegraph.toml").write_text(f"[limits]\nquery_seconds = 1\nquery_memory = {512 * 2**20}\n")
    with running(directory) as (url, _):
        owner = json.loads((directory / "lock").read_text())["pid"]
        said: dict[str, dict[str, object]] = {}
        port = urlsplit(url).port or 0
        sender = threading.Thread(target=lambda: said.update(poison(port, SECONDS)))
        sender.start()
        time.sleep(SECONDS / 4)
        small = []
        while sender.is_alive():
            small.append(answered(url))
            time.sleep(0.02)
        sender.join()
        assert json.loads((directory / "lock").read_text())["pid"] == owner
        assert answered(url)
    assert set(said) == set(POISON)
    for name, met in said.items():
        statuses = met["statuses"]
        assert isinstance(statuses, dict)
        allowed = {"400"} if name in REFUSED else {"400", "503", "504"}
        assert set(statuses) <= allowed, (name, statuses)
    # Before the poison is known, in the first second or two, it does take workers; later it cannot.
    assert sum(small) > len(small) / 3, f"{sum(small)} of {len(small)}"
    shutil.rmtree(directory)
