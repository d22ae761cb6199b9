"""``python -m tests.benchmarks.poison PORT SECONDS``: ten clients, each asking a query that would take a server down.

Each asks again as soon as it is answered, but waits for as long as ``Retry-After`` says. What comes back is printed as
JSON: for each query its statuses, and the longest that one took.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Final
from urllib.parse import urlencode

_CROSS: Final = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
POISON: Final = {
    "cross product": f"SELECT (COUNT(*) AS ?n) WHERE {{ {_CROSS} }}",
    "sorted cross product": f"SELECT * WHERE {{ {_CROSS} }} ORDER BY ?a ?i",
    "distinct cross product": f"SELECT DISTINCT ?a ?e ?i WHERE {{ {_CROSS} }} ORDER BY ?i",
    "grouped cross product": f"SELECT ?a ?f (COUNT(*) AS ?n) WHERE {{ {_CROSS} }} GROUP BY ?a ?f",
    "regex": f"SELECT * WHERE {{ {_CROSS} FILTER(REGEX(CONCAT(STR(?a), STR(?d)), '(x+x+)+y')) }}",
    "paths": "SELECT (COUNT(*) AS ?n) WHERE { ?s a ?c . ?s (!<urn:p>)+ ?b . ?t (!<urn:p>)+ ?b . ?t (!<urn:q>)+ ?s }",
    "free path": "SELECT * WHERE { ?a <urn:p>* ?b }",
    "memory": "SELECT (STRLEN(?x31) AS ?n) WHERE { BIND('aaaaaaaa' AS ?x0) "
    + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(31))
    + " }",
    "deep nesting": "SELECT (COUNT(*) AS ?n) WHERE "
    + "".join(f"{{ ?a{n} ?b{n} ?c{n} . " for n in range(60))
    + "}" * 60,
    "2,200 braces": "SELECT * WHERE " + "{" * 2200 + "}" * 2200,
}


def poison(port: int, seconds: float) -> dict[str, dict[str, object]]:
    """Ask every query over and over, each in a thread of its own; what came back."""
    said: dict[str, dict[str, object]] = {}
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=_ask, args=(port, name, end, said)) for name in POISON]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def _ask(port: int, name: str, end: float, said: dict[str, dict[str, object]]) -> None:
    path = "/sparql?" + urlencode({"query": POISON[name]})
    statuses: dict[str, int] = {}
    longest = 0.0
    while time.monotonic() < end:
        start = time.monotonic()
        status, wait = _once(port, path)
        longest = max(longest, time.monotonic() - start)
        statuses[str(status)] = statuses.get(str(status), 0) + 1
        time.sleep(max(wait, 0.05))
    said[name] = {"statuses": statuses, "longest": longest}


def _once(port: int, path: str) -> tuple[int, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        while response.read(1 << 16):
            pass
        return response.status, float(response.headers.get("Retry-After", 0))
    except (OSError, http.client.HTTPException):
        return 0, 0.5
    finally:
        connection.close()


if __name__ == "__main__":
    print(json.dumps(poison(int(sys.argv[1]), float(sys.argv[2]))))
