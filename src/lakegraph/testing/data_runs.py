"""Made-up ingests and processes: sources, versions, splits, and data that models make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lakegraph.testing.words import FIELDS, STEPS, Field
from lakegraph.testing.world import LEVELS, Document, Source, Version, World

_JSON = "application/json"
_TABLES = ("text/csv", "application/vnd.apache.parquet")
_LICENSES = ("CC-BY-4.0", "CC0-1.0", "PDDL-1.0", "Apache-2.0")
_METAFEATURES = (
    "numberOfInstances", "numberOfAttributes", "numberOfClasses", "numberOfMissingValues", "numberOfNumericAttributes"
)  # fmt: skip


class DataRuns:
    """Makes documents of the data zone.

    Args:
        world: What there is; what the documents make is added.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._draws = world.draws

    # -- ingest -------------------------------------------------------------------------------------------------------

    def ingest(self) -> Document:
        """Data brought in: from a new source, or the next delivery of a known one."""
        world, draws = self._world, self._draws
        fresh = not world.sources or draws.chance(0.35)
        source = self._new_source() if fresh else draws.popular(world.sources)
        title = source.raw.title if source.raw and draws.chance(0.7) else world.name_dataset(source.field)
        made = self._ingested(title, source)
        source.raw = made
        world.datasets.append(made)
        described = self._described(made, metafeatures=fresh)
        return {
            **world.run("Ingest", 90),
            "title": f"Ingest {title}",
            "description": described.pop("description"),
            "runStatus": "succeeded",
            "ingestionMode": draws.popular(("batch", "real-time", "hybrid")),
            "ingestedBy": described["administrator"],
            "executes": {"title": "ingest.py", "sourceCodeURL": f"git/sources/{source.described['owner']['id']}.py"},
            "environment": {"title": "Python 3.12 / Linux"},
            "ingestFrom": source.described if fresh else source.described["title"],
            "ingestTo": [described],
        }

    def _ingested(self, title: str, source: Source) -> Version:
        """What comes in is mostly raw: documents whose columns nobody has described."""
        draws, about = self._draws, source.field
        media = _JSON if draws.chance(0.7) else draws.popular(_TABLES)
        number, columns = self._world.next_version(title), media != _JSON or draws.chance(0.2)
        return Version(title, number, about, source.level, source.license, media, about.personal, columns)

    def _new_source(self) -> Source:
        world, draws = self._world, self._draws
        about = draws.popular(FIELDS)
        slug, name = about.owner
        described: Document = {
            "title": world.title(draws.one(about.nouns), "of", name),
            "description": world.sentence(about.subject),
            "datasetType": "unstructured" if about.tag in ("image", "text") else "structured",
            "owner": {"type": "Organization", "id": slug, "name": name},
            "landingPage": f"https://data.example.org/{slug}/{world.count}",
            "created": f"{2000 + draws.number(20)}-01-01",
            "license": f"https://spdx.org/licenses/{draws.one(_LICENSES)}",
        }
        source = Source(described, about, 2 if about.personal else draws.number(2), described["license"])
        world.sources.append(source)
        return source

    # -- process ------------------------------------------------------------------------------------------------------

    def process(self) -> Document:
        """Data made from data: the next version, a join, a split, or what a model says of them."""
        draws, world = self._draws, self._world
        kind = draws.between(0, 1)
        if kind < 0.15:
            return self._split()
        if kind < 0.25 and world.models:
            return self._score()
        return self._join() if kind < 0.45 else self._refine()

    def _input(self) -> Version:
        """A data set to work on: what was made lately, or what everybody uses."""
        draws, datasets = self._draws, self._world.datasets
        return draws.popular(datasets) if draws.chance(0.5) else draws.recent(datasets)

    def _refine(self) -> Document:
        source = self._input()
        latest = self._world.newest[source.title] == source.number
        title = source.title if latest else self._world.name_dataset(source.field)
        return self._processed([source], [self._made(title, [source])])

    def _join(self) -> Document:
        sources = list(dict.fromkeys(self._input() for _ in range(2 + self._draws.number(2))))
        title = self._world.name_dataset(sources[0].field)
        return self._processed(sources, [self._made(title, sources)])

    def _score(self) -> Document:
        """Predictions: a model feeds data, from which other models learn."""
        model, source = self._draws.recent(self._world.models), self._input()
        title = self._world.title("predictions of", model.field.subject)
        made = replace(self._made(title, [source]), level=max(model.level, source.level))
        return {**self._processed([source], [made]), "appliesModel": [model.name]}

    def _split(self) -> Document:
        """A data set in two parts, for training and for test."""
        source, world = self._input(), self._world
        world.count += 1
        training, test = (self._made(f"{source.title} {world.count} {role}", [source]) for role in ("training", "test"))
        training, test = replace(training, columns=source.columns), replace(test, columns=source.columns)
        document = self._processed([source], [training, test], keep=False)
        for part, role in zip(document["targetData"], ("training", "test"), strict=True):
            part["type"], part["splitRole"] = "DataSplit", role
            part.pop("hasEntityClass", None)
        world.splits.append(replace(training, test=test.name))
        return document

    def _processed(self, sources: Sequence[Version], made: Sequence[Version], *, keep: bool = True) -> Document:
        world, draws = self._world, self._draws
        if keep:
            world.datasets.extend(made)
        steps = draws.some(STEPS, 1 + draws.number(2))
        return {
            **world.run("Process", 240),
            "title": f"{draws.one(('Clean', 'Prepare', 'Refresh', 'Derive'))} {made[0].title}",
            "description": world.sentence(made[0].field.subject),
            "runStatus": "succeeded",
            "processedBy": world.person(),
            "executes": world.program(),
            "environment": world.environment(),
            "sourceData": [s.name for s in sources],
            "hasOperation": [{"operationType": kind, "description": what} for kind, what in steps],
            "targetData": [self._described(m) for m in made],
        }

    # -- data sets ----------------------------------------------------------------------------------------------------

    def _made(self, title: str, sources: Sequence[Version]) -> Version:
        """The next version of *title*, made from *sources*: as protected as the most protected of them."""
        first, number = sources[0], self._world.next_version(title)
        level, personal = max(s.level for s in sources), any(s.personal for s in sources)
        media = self._draws.one(_TABLES) if first.media == _JSON and self._draws.chance(0.7) else first.media
        columns = media != _JSON or self._draws.chance(0.25)
        return Version(title, number, first.field, level, first.license, media, personal, columns)

    def _described(self, made: Version, *, metafeatures: bool = False) -> Document:
        world, draws = self._world, self._draws
        path = f"lake/{made.field.tag}/{made.title.replace(' ', '-')}/{made.number}"
        said: Document = {
            "type": "SemiStructuredDataset" if made.media == _JSON else "StructuredDataset",
            "title": made.title,
            "version": str(made.number),
            "description": world.sentence(made.field.subject),
            "administrator": world.person(),
            "securityLevel": LEVELS[made.level],
            "license": made.license,
            "hasTag": made.field.tag,
            "distribution": world.file(path, made.media),
        }
        if made.number > 1:
            said["previousVersion"] = f"{made.title}@{made.number - 1}"
        if made.personal:
            said |= {"hasData": "PseudonymisedData", "hasLegalBasis": "Consent", "hasPurpose": "ResearchAndDevelopment"}
        if made.columns:
            said["hasEntityClass"] = self._columns(made.field)
        if metafeatures:
            said["metafeatures"] = {draws.one(_METAFEATURES): 1 + draws.number(5000)}
        return said

    def _columns(self, about: Field) -> Document:
        numeric = [{"type": "NumericAttribute", "title": name} for name in about.numeric[: 1 + self._draws.number(2)]]
        nominal = {"type": "NominalAttribute", "title": about.nominal[0]}
        return {"title": about.row, "hasAttribute": [*numeric, nominal]}
