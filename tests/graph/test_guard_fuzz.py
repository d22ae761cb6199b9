"""Mutated queries: whatever the engine would call out for, the guard refuses. A listener on loopback is the judge.

LAKEGRAPH_MUTANTS says how many are made (9,000 when left out; 500,000 take some ten minutes).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from graph_data import Canary

from lakegraph.errors import LakegraphError
from lakegraph.graph import Limits, guard, inspect_query, inspect_update
from lakegraph.graph.plain import plain_form

MUTANTS = int(os.environ.get("LAKEGRAPH_MUTANTS", "9000"))
STEP = 20_000
OPEN = """
SELECT * { SERVICE PEER {?a ?b ?c} }
SELECT * { ?s ?p 20 SERVICE PEER {?a ?b ?c} }
SELECT * { ?s ?p ex: SERVICE PEER {?a ?b ?c} }
SELECT * { ?s ?p p:a.b SERVICE PEER {?a ?b ?c} }
SELECT * { ?s ?p ?o FILTER(1<2) SERVICE PEER {?a ?b ?c} }
SELECT * { ?s ?p "x"@en SERVICE SILENT PEER {?a ?b ?c} }
SELECT * { VALUES ?x {PEER} SERVICE ?x {?a ?b ?c} }
ASK { ?s ?p true SERVICE s: {?a ?b ?c} }
SELECT * { ?s ?p '''x''' , \"\"\"x\"\"\" SERVICE PEER {?a ?b ?c} }
SELECT * { ?s ?p ?o FILTER EXISTS { SERVICE PEER {?a ?b ?c} } }
LOAD PEER
CLEAR ALL ; LOAD SILENT PEER
INSERT { ?a ?b ?c } WHERE { SERVICE PEER {?a ?b ?c} }
""".strip().splitlines()
HIDDEN = """
SELECT * { ?s ?p "x SERVICE PEER {?a ?b ?c} " }
SELECT * { ?s ?p 'x SERVICE PEER {?a ?b ?c} ' }
SELECT * { ?s ?p \"\"\"x SERVICE PEER {?a ?b ?c} \"\"\" }
SELECT * { ?s ?p ?o # SERVICE PEER {?a ?b ?c} \\n }
SELECT * { ?s ?p ?o FILTER(1 < 2 # ) SERVICE PEER {?a ?b ?c} \\n ) }
SELECT * { ?s ?p ?o FILTER(1 < <http://x#y> # ) SERVICE PEER {?a ?b ?c} \\n) }
SELECT * { ?s ?p ?o FILTER(<urn:x#y> < 3 # ) SERVICE PEER {?a ?b ?c} \\n) }
SELECT * { ?s p:SERVICE PEER . {?a ?b ?c} }
SELECT * { VALUES (?o ?z) { ("" "x ) } SERVICE PEER {?a ?b ?c} # ") } }
SELECT * { ?s ?p ('' ' ) SERVICE PEER {?a ?b ?c} #' ) }
INSERT DATA { <urn:a> <urn:b> "; LOAD PEER" }
""".strip().splitlines()
PLAIN = """
SELECT * { ?s ?p ?o }
SELECT ?s { ?s ?p "x y" ; ex:p 'z' , <http://h/a#b> . FILTER(?s > 2 || ?p = <urn:x#y>) } # ) comment
# first \\n ASK { ?s a [] . ( 1 2 ) ex:p ?x }
DESCRIBE <http://h/a> ex:a
CONSTRUCT { ?s ?p ?o } WHERE { { ?s ?p ?o } UNION { ?s ex:p/ex:q ?o OPTIONAL { ?s ^ex:p ?o } } } ORDER BY ?s LIMIT 10
""".strip().splitlines()
WORDS = (Path(__file__).parent / "fuzz_pieces.txt").read_text().split()
SPACES = [" ", "\n", "\r", "\t", "\u1680", "\u00a0", "\u2028", "\u0085", "\ufeff", "\x0b", "\u200c"]
PIECES = [*WORDS, *SPACES]
PROLOGUE = "PREFIX ex: <http://h:80> PREFIX p: <urn:x:> PREFIX : <urn:y:> PREFIX s: PEER "
DATA = b'<urn:a> <urn:p> "1", <http://h:80>, "", 20, true, ("a" "b"), "x"@en . <urn:x:a> <urn:p> <urn:x:a.b> .'


def mutants(seeds: list[str], count: int, address: str, *, seed: int) -> Iterator[str]:
    """Texts made from *seeds* by adding, moving and joining pieces, with *address* for the peer."""
    chance = random.Random(seed)
    for _ in range(count):
        words = chance.choice(seeds).replace("\\n", "\n").split(" ")
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
            at, kind = chance.randrange(len(words)), chance.random()
            if kind < 0.35:
                words[at] += chance.choice(PIECES)
            elif kind < 0.6:
                words[at] = chance.choice(PIECES) + words[at]
            elif kind < 0.8:
                words.insert(at, chance.choice(PIECES))
            elif kind < 0.9 and at + 1 < len(words):
                words[at] += words.pop(at + 1)
            else:
                words[at] = chance.choice(words)
        text = " ".join(words).replace("PEER", address)
        yield PROLOGUE.replace("PEER", address) + text if chance.random() < 0.8 else text


def ask(text: str, *, update: bool) -> bool:
    """Have the engine run *text* over a small store; whether it could."""
    store = ox.Store()
    store.load(DATA, ox.RdfFormat.TURTLE)
    try:
        if update:
            store.update(text)
        else:
            found = store.query(text)
            if not isinstance(found, ox.QueryBoolean):
                list(found)
    except (SyntaxError, OSError, RuntimeError, ValueError):
        return False
    return True


@pytest.mark.parametrize(
    ("seeds", "count"), [(OPEN, MUTANTS // 3), (HIDDEN, MUTANTS - MUTANTS // 3)], ids=["open", "hidden"]
)
def test_nothing_let_through_calls_out(listener: Canary, seeds: list[str], count: int) -> None:
    """Of thousands of mutants, none that the guard lets through reaches the listener, though many others do."""
    address = f"<{listener.url}>"
    let_through = answered = reached = 0
    for number, text in enumerate(mutants(seeds, count, address, seed=len(seeds)), 1):
        if number % STEP == 0:
            print(f"{number:,} of {count:,}: {let_through:,} let through, {reached:,} called out", flush=True)
        update = any(word in text for word in ("LOAD", "CLEAR", "INSERT"))
        try:
            (inspect_update if update else inspect_query)(text)
            harmless = True
        except LakegraphError:
            harmless = False
        before = listener.hits
        done = ask(text, update=update)
        reached += listener.hits > before
        if harmless:
            let_through += 1
            answered += done
            assert listener.hits == before, f"let through, and called out: {text!r}"
    if seeds is OPEN:
        assert reached > count // 60, "the listener was hardly reached: this test would not notice a hole"
    else:
        assert answered > count // 12, "hardly anything was let through: this test would not notice a hole"
    assert let_through
    print(f"{count:,} mutants: {let_through:,} let through, {answered:,} of them answered; {reached:,} called out")


def test_plain_queries_are_what_reading_in_full_finds() -> None:
    """Whatever is told at a glance is what the tokens say, which refuse nothing of it either."""
    plain = kinds = 0
    for text in (*PLAIN, *mutants(PLAIN, MUTANTS, "<http://h:80/>", seed=7)):
        form = plain_form(text, depth=3, steps=4)
        if form is None:
            continue
        plain += 1
        kinds += form != "select"
        found = guard._read(text, frozenset(), Limits(depth=3, steps=4))
        assert found == guard.Inspected(form, dataset=False, services=()), text
    assert plain > MUTANTS // 50
    assert kinds > MUTANTS // 200
