"""Which module has which command, and what each is for: what ``--help`` lists without loading any of them.

Together the modules load most of the package: 0.9 s of processor time, which ``lakegraph --version`` and each command
would spend. A test compares this list with the commands themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

_SUMMARIES: Mapping[str, Mapping[str, str]] = {
    "record": {
        "init": "Make a new lake in the directory that --lake names.",
        "record": "Record runs: JSON documents, JSON lines (.jsonl) or RDF (.ttl .nt .nq .trig .jsonld .rdf); - reads a"
        " document.",
        "supersede": "Correct RECORD: the document in FILE takes its place; both stay in the journal.",
        "withdraw": "Take RECORD back: what it said leaves the graph; that it was said stays in the journal.",
        "rollback": "Make VERSION, such as Diabetes@0, the current one by a new record, until a newer one is recorded.",
    },
    "ask": {
        "ask": 'Ask QUESTION, with its parameters as options: lakegraph ask 5w1h --about "Diabet Predictor".',
        "lineage": "What THING came from, and what came of it: an IRI, slug, title, title@version, or the path of a"
        " file.",
        "why": "The paths between A and B, each as a sentence.",
        "impact": "What rests on THING, down to deployments: what breaks if it is withdrawn.",
        "search": "Find things by words in their titles, descriptions and paths.",
        "query": "Run a SPARQL query: the text itself, @FILE, or - for standard input.",
        "show": "Everything that is said of THING, as RDF.",
    },
    "compare": {
        "diff": "What differs between A, B and MORE: runs, models or data sets, and what comes with the change of a"
        " metric.",
        "history": "The versions of THING, a data set or model, and what changed from each to the next.",
        "gaps": "What nobody has said: of THING, or of the newest things; with the field that would say it.",
        "reproduce": "What is needed to make MODEL, or a data set, again, and exactly what is missing; exits 1 if"
        " anything is.",
    },
    "learn": {
        "schema": "The JSON Schema of every record document.",
        "ontology": "The ontology: its terms explained, its consistency checked, its documentation.",
        "shapes": "The shapes that records are held to.",
    },
    "evidence": {
        "coverage": "Which of the documentation that a law or a custom asks for is recorded of THING, clause by"
        " clause.",
        "export": "The story of THINGS, or of the whole lake, in a form that other tools read.",
        "bundle": "Write the sealed evidence for THINGS: records, proofs, checkpoint, and a verifier that needs no"
        " lake.",
        "verify": "Verify an evidence bundle: exits 0 where everything agrees, 1 where it was altered, 2 where it"
        " cannot tell.",
        "audit": "Check the whole lake against itself: journal, ledger, checkpoints, and the graph against the"
        " journal.",
        "checkpoint": "Sign a checkpoint over everything that is recorded now, and print it.",
        "anchor": "Put a signed checkpoint in TARGET: a file, a folder, a git repository or an https address that"
        " others keep.",
        "keys": "The keys that sign for this lake.",
    },
    "federate": {
        "peers": "Other catalogs that this lake asks, each a record of it.",
        "mappings": "Which terms of other vocabularies say what terms of ours.",
        "federate": "Put QUERY to this lake and to its peers: SPARQL, @FILE, - for standard input, or a question --with"
        " parameters.",
    },
    "harvest": {
        "harvest": "Copy what PEER says of its data sets and models into the lake; exits 4 if it did not tell"
        " everything.",
    },
    "administer": {
        "status": "What this lake is and holds.",
        "log": "The journal: what was recorded when and by whom; of THING, or of the whole lake.",
        "rebuild": "Make the graph and the index again from the journal alone.",
        "validate": "Check the whole lake again by its shapes; exits 1 if anything violates them.",
        "swamp": "Things that are invisible, inaccessible or incomprehensible, with a score each.",
        "people": "The directory of people: names and mail addresses, kept out of the journal so that they can be"
        " erased.",
        "erase": "Erase for good what RECORD says, or the one revision whose graph is named; that it was recorded stays"
        " proved.",
        "dump": "Write every quad of the graph to a file, as N-Quads.",
    },
    "serve": {"serve": "Serve the lake over HTTP until interrupted."},
    "token": {"token": "Tokens for the lake over HTTP. A running server learns of changes at once."},
    "demo": {"demo": "Make a lake from real runs, show what it answers, and serve it."},
    "bench": {"bench": "Data to measure with."},
    "reference": {"reference": "Write the reference pages into FOLDER."},
}
_HIDDEN = ("reference",)
MODULES: Mapping[str, str] = {name: module for module, said in _SUMMARIES.items() for name in said}
"""The module of each command."""


def listed() -> dict[str, click.Command]:
    """Every command by name, as far as a list of them shows it."""
    summaries = {name: text for said in _SUMMARIES.values() for name, text in said.items()}
    return {name: click.Command(name, help=text, hidden=name in _HIDDEN) for name, text in summaries.items()}


def loaded(name: str) -> click.Command | None:
    """The command *name* itself; None where there is none."""
    if name not in MODULES:
        return None
    module = import_module(f"lakegraph.cli.{MODULES[name]}")
    found: click.Command = next(command for command in module.COMMANDS if command.name == name)
    return found
