"""Makes shapes out of the shapes graph, and refuses what is not well-formed before any record is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lakegraph.errors import DataFileError
from lakegraph.rdf.namespaces import OWL, RDF, RDFS, SH, Namespace
from lakegraph.rdf.terms import is_blank, is_iri, is_literal, lexical, local_name
from lakegraph.validation.constraints import PARAMETERS, bounded_form
from lakegraph.validation.paths import Path, parse_path
from lakegraph.validation.reader import Reader
from lakegraph.validation.shape import Built, Constraint, Environment, Shape, Targets
from lakegraph.validation.shapes_graph import ShapesGraph

# https://www.w3.org/TR/shacl/#core-components, and what describes a shape without judging anything.
_COMPANIONS = frozenset({"flags", "ignoredProperties", "qualifiedValueShape", "qualifiedValueShapesDisjoint"})
_TARGETS = frozenset({"targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf", "target"})
_DESCRIPTIVE = frozenset(
    {
        "path", "property", "severity", "message", "deactivated", "name", "description", "order", "group",
        "defaultValue", "declare", "prefixes", "rule", "shapesGraph", "suggestedShapesGraph",
    }
)  # fmt: skip
# SHACL-SPARQL and the advanced features: found here, and handed to pySHACL.
_HANDED_OVER = {"sparql": "SPARQL", "expression": "Expression", "js": "JS"}
_LAKESH = Namespace("lakesh")


class Parser:
    """Reads all shapes of a graph; each shape is read once.

    Args:
        graph: The shapes graph.
    """

    def __init__(self, graph: ShapesGraph) -> None:
        self._graph = graph
        self._shapes: dict[str, Shape] = {}
        self._open: list[str] = []
        self._custom = self._custom_parameters()

    def targeted(self) -> list[Shape]:
        """Every shape that is about something by itself, in the order of the files.

        Raises:
            DataFileError: A shape is not well-formed, contains itself, or uses what is refused.
        """
        if any(self._graph.objects(node, SH.entailment) for node in self._graph.nodes()):
            raise DataFileError("The shapes ask for an entailment regime, which is not supported.")
        for shape in self._declared():
            self.shape(shape)
        nodes = [node for node in self._graph.nodes() if self._has_target(node)]
        return [shape for shape in map(self.shape, nodes) if shape.targets and not self._is_off(shape.node)]

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Every shape that was read, by its node."""
        return self._shapes

    def _declared(self) -> Sequence[str]:
        """The shapes that are declared as such, read even without a target, so that their mistakes are found."""
        kinds = (SH.NodeShape, SH.PropertyShape)
        return list(dict.fromkeys(node for kind in kinds for node in self._graph.subjects(RDF.type, kind)))

    def _has_target(self, node: str) -> bool:
        return any(self._graph.objects(node, SH[name]) for name in _TARGETS) or self._is_class(node)

    def _is_class(self, node: str) -> bool:
        types = set(self._graph.objects(node, RDF.type))
        return bool(types & {RDFS.Class, OWL.Class}) and bool(types & {SH.NodeShape, SH.PropertyShape})

    def _is_off(self, node: str) -> bool:
        return self._reader(node, None).is_true(self._graph.one(node, SH.deactivated))

    def shape(self, node: str) -> Shape:
        """The shape *node*.

        Raises:
            DataFileError: It is not well-formed, or contains itself.
        """
        if node in self._shapes:
            return self._shapes[node]
        if node in self._open:
            raise self._graph.error(
                node, "contains itself, directly or through others", "Recursion in shapes has no defined meaning."
            )
        if is_literal(node):
            raise self._graph.error(self._open[-1] if self._open else node, f"names {node} where a shape is wanted")
        self._open.append(node)
        try:
            self._shapes[node] = self._read(node)
        finally:
            self._open.pop()
        return self._shapes[node]

    def _read(self, node: str) -> Shape:
        path = self._path(node)
        reader = self._reader(node, path)
        off = self._is_off(node)
        self._check_names(node)
        severity = self._graph.one(node, SH.severity) or SH.Violation
        return Shape(
            node=node,
            path=path,
            targets=self._targets(reader),
            constraints=() if off else tuple(self._constraints(reader)),
            properties=() if off else tuple(self._properties(reader)),
            severity=reader.iri("severity", severity),
            messages=tuple(reader.values("message")),
            origin=self._graph.origin(node),
            notes=self._notes(node),
        )

    def _reader(self, node: str, path: Path | None) -> Reader:
        return Reader(self._graph, node, path, self.shape)

    def _path(self, node: str) -> Path | None:
        written = self._graph.one(node, SH.path)
        if written is None:
            if SH.PropertyShape in self._graph.objects(node, RDF.type):
                raise self._graph.error(node, "is a property shape without sh:path")
            return None
        return parse_path(self._graph, node, written)

    def _check_names(self, node: str) -> None:
        known = {*PARAMETERS, *_COMPANIONS, *_TARGETS, *_DESCRIPTIVE, *_HANDED_OVER}
        if self._graph.subjects(SH.sparql, node):
            known |= {"select", "ask"}  # A shape can be its own SPARQL constraint.
        space = SH[""][:-1]
        for predicate in self._graph.predicates(node):
            if predicate.startswith(space) and local_name(predicate) not in known and predicate not in self._custom:
                raise self._graph.error(node, f"uses sh:{local_name(predicate)}, which is no term of SHACL for a shape")

    def _properties(self, reader: Reader) -> list[Shape]:
        shapes = [self.shape(node) for node in reader.values("property")]
        for shape in shapes:
            if shape.path is None:
                raise self._graph.error(shape.node, "is used with sh:property and has no sh:path")
        return shapes

    def _targets(self, reader: Reader) -> Targets:
        classes = [reader.iri("targetClass", c) for c in reader.values("targetClass")]
        if self._is_class(reader.node):
            classes.append(reader.node)
        return Targets(
            classes=tuple(dict.fromkeys(classes)),
            nodes=tuple(reader.values("targetNode")),
            subjects_of=tuple(reader.iri("targetSubjectsOf", p) for p in reader.values("targetSubjectsOf")),
            objects_of=tuple(reader.iri("targetObjectsOf", p) for p in reader.values("targetObjectsOf")),
            other=tuple(reader.values("target")),
        )

    def _constraints(self, reader: Reader) -> list[Constraint]:
        found: list[Constraint | None] = []
        for name, parameter in PARAMETERS.items():
            values = reader.values(name)
            if len(values) > 1 and not parameter.several:
                raise reader.error(f"has {len(values)} values for sh:{name}; it can have one")
            if values and parameter.property_only and reader.path is None:
                raise reader.error(f"has sh:{name}, which needs a sh:path")
            found += [parameter.read(reader, value) for value in values]
        counts = (*reader.values("qualifiedMinCount"), *reader.values("qualifiedMaxCount"))
        if reader.values("qualifiedValueShape") and not counts:
            raise reader.error("has sh:qualifiedValueShape without a count")
        for name, component in _HANDED_OVER.items():
            found += [self._handed_over(reader, name, component, node) for node in reader.values(name)]
        if any(predicate in self._custom for predicate in self._graph.predicates(reader.node)):
            found.append(Constraint(SH.ConstraintComponent, {}, _never, engine="pyshacl"))
        return [constraint for constraint in found if constraint is not None]

    def _handed_over(self, reader: Reader, name: str, component: str, node: str) -> Constraint | None:
        """A constraint that pySHACL checks, or its compiled equal when it names one."""
        if reader.is_true(self._graph.one(node, SH.deactivated)):
            return None
        messages = tuple(self._graph.objects(node, SH.message))
        form = self._graph.one(node, _LAKESH.boundedForm) or self._graph.one(reader.node, _LAKESH.boundedForm)
        build: Callable[[Environment], Built] = _never
        if form is not None and name == "sparql":
            build = bounded_form(reader, node, lexical(form))
        return Constraint(
            component=SH[f"{component}ConstraintComponent"],
            parameters={},
            build=build,
            engine="pyshacl" if build is _never else "bounded",
            messages=messages,
            source=node,
        )

    def _custom_parameters(self) -> frozenset[str]:
        """The parameters of constraint components that the shapes themselves declare."""
        graph = self._graph
        validators = [SH[name] for name in ("validator", "nodeValidator", "propertyValidator")]
        components = [n for n in graph.nodes() if any(graph.objects(n, v) for v in validators)]
        parameters = [p for n in components for p in graph.objects(n, SH.parameter)]
        return frozenset(path for p in parameters for path in graph.objects(p, SH.path))

    def _notes(self, node: str) -> dict[str, tuple[str, ...]]:
        space = SH[""][:-1]
        predicates = [p for p in self._graph.predicates(node) if not p.startswith(space) and p != RDF.type]
        said = {p: tuple(o for o in self._graph.objects(node, p) if not is_blank(o)) for p in predicates}
        names = {p: tuple(self._graph.objects(node, p)) for p in (SH.name, SH.description)}
        return {p: values for p, values in {**said, **names}.items() if values}


def _never(_: Environment) -> Built:
    raise AssertionError("this constraint is pySHACL's")


def check_terms(graph: ShapesGraph, closed: Mapping[str, frozenset[str]]) -> None:
    """Refuse shapes that use a term of a closed namespace which is not among its terms.

    Args:
        graph: The shapes graph.
        closed: Namespace (a bare IRI) to the tokens of its terms.

    Raises:
        DataFileError: The term, the shape, the file and the line are named.
    """
    for triple in graph.triples:
        for token in triple:
            for space, terms in closed.items():
                if is_iri(token) and token.startswith(f"<{space}") and token not in terms and token != f"<{space}>":
                    raise graph.error(
                        triple[0], f"names {graph.shorten(token)}, which the ontology does not declare", "Misspelt?"
                    )
