"""``python -m tests.benchmarks.catalog PORT COUNT``: a made-up catalog of data sets, page by page, to be harvested."""

from __future__ import annotations

import random
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

EACH = 500
_PREFIXES = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    "@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)
_WORDS = (
    "rainfall", "traffic", "air", "noise", "energy", "water", "budget", "tree", "school", "harbour", "bus", "land",
)  # fmt: skip


def described(number: int) -> str:
    """One data set, as catalogs describe them: what, who, when, and where its file is."""
    chance = random.Random(number)
    one, two = chance.choice(_WORDS), chance.choice(_WORDS)
    here = f"https://catalog.example/dataset/{number}"
    return (
        f'<{here}> a dcat:Dataset ; dct:title "{one} and {two}, table {number}" ; dct:identifier "{number}" ;'
        f' dct:description "What was measured of {one} in district {number % 97}, with {two}." ;'
        f' dcat:keyword "{one}", "{two}" ; dct:publisher <https://catalog.example/office/{number % 200}> ;'
        f' dct:issued "20{number % 20:02}-0{1 + number % 9}-1{number % 10}"^^xsd:date ;'
        " dct:license <http://creativecommons.org/licenses/by/4.0/> ;"
        f" dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <{here}.csv> ; dcat:mediaType"
        f' <http://www.iana.org/assignments/media-types/text/csv> ; dcat:byteSize "{chance.randrange(10**9)}"'
        "^^xsd:nonNegativeInteger ] .\n"
        f'<https://catalog.example/office/{number % 200}> a foaf:Organization ; foaf:name "Office {number % 200}" .\n'
    )


def page(number: int, count: int) -> str:
    """The page that begins with a data set, and names the next."""
    end = min(number + EACH, count)
    more = f"<> hydra:next </{end}.ttl> .\n" if end < count else ""
    return _PREFIXES + more + "".join(map(described, range(number, end)))


def main(port: int, count: int) -> None:
    """Serve the catalog until the process is ended."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = urlsplit(self.path).path.strip("/").removesuffix(".ttl")
            said = page(int(number or 0), count).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/turtle")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
