"""Documents of the data zone (Figure 2): sources, data set versions, their files, columns and measurements."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from lakegraph.model.agents import AgentRef, TagRefs, UserRef
from lakegraph.model.base import ConceptOf, Day, Identity, IriValue, Many, RefTo, Scalar, Thing, pairs, reference

Concept = str
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15,
          "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}  # fmt: skip
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGTP]?I?B)\s*", re.IGNORECASE)
_DIGEST = re.compile(r"(md5|sha1|sha224|sha256|sha384|sha512):([0-9a-fA-F]+)")


class Checksum(Thing):
    """The digest of a file (spdx:Checksum, the choice of DCAT 3)."""

    type: Literal["Checksum"] = "Checksum"
    algorithm: Annotated[str, IriValue("spdx:checksumAlgorithm_")] = "sha256"
    checksum_value: str


def _read_checksum(given: Any) -> Any:
    match = _DIGEST.fullmatch(given) if isinstance(given, str) else None
    return {"algorithm": match[1], "checksumValue": match[2].lower()} if match else given


class Distribution(Thing):
    """A file or address at which a thing's bytes lie (dcat:Distribution)."""

    type: Literal["Distribution"] = "Distribution"
    storage_path: str | None = None
    download_url: Annotated[str | None, IriValue()] = None
    media_type: Annotated[str | None, IriValue("media-type:")] = None
    byte_size: int | None = Field(default=None, ge=0)
    size_label: str | None = None
    checksum: Annotated[Checksum | None, BeforeValidator(_read_checksum), RefTo("Checksum")] = None

    @model_validator(mode="before")
    @classmethod
    def _read_size(cls, given: Any) -> Any:
        """``"1.3GB"`` is kept as said and also becomes a number of bytes (Figure 4)."""
        size = given.get("byteSize", "") if isinstance(given, dict) else ""
        match = _SIZE.fullmatch(size) if isinstance(size, str) else None
        if not match:
            return given
        count = int(Decimal(match[1]) * _UNITS[match[2].upper()])
        return {"sizeLabel": str(size).strip(), **given, "byteSize": count}


class Measured(Thing):
    """A measured value: of what, by which metric, how much (dqv:QualityMeasurement)."""

    key_fields: ClassVar[tuple[str, ...]] = ("isMeasurementOf",)
    value: Scalar


class MetafeatureValue(Measured):
    """One metafeature of a data set or column (Fig. 2, class DatasetMetafeatures)."""

    type: Literal["MetafeatureValue"] = "MetafeatureValue"
    is_measurement_of: Annotated[Concept, ConceptOf("Metafeature")]


class QualityValue(Measured):
    """One quality measurement (Fig. 2, classes QualityMeasurement, Metric and Dimension)."""

    type: Literal["QualityValue"] = "QualityValue"
    is_measurement_of: Annotated[Concept, ConceptOf("QualityMetric")]
    in_dimension: Annotated[str | None, ConceptOf("QualityDimension")] = None


Metafeatures = Annotated[
    tuple[MetafeatureValue, ...], BeforeValidator(pairs("isMeasurementOf", "value")), RefTo("MetafeatureValue")
]
QualityValues = Annotated[
    tuple[QualityValue, ...], BeforeValidator(pairs("isMeasurementOf", "value")), RefTo("QualityValue")
]


class Attribute(Thing):
    """A column (Fig. 2, class Attribute)."""

    key_fields: ClassVar[tuple[str, ...]] = ("title",)
    type: Literal["Attribute"] = "Attribute"
    security_level: Annotated[str | None, ConceptOf("SecurityLevel")] = None
    derived_from_attribute: Many[Annotated[str, RefTo("Attribute")]] = ()
    metafeatures: Metafeatures = ()


class NumericAttribute(Attribute):
    """A column of numbers (Fig. 2)."""

    type: Literal["NumericAttribute"] = "NumericAttribute"  # type: ignore[assignment]


class NominalAttribute(Attribute):
    """A column of categories (Fig. 2)."""

    type: Literal["NominalAttribute"] = "NominalAttribute"  # type: ignore[assignment]


AttributeRef = Annotated[Any, reference(Attribute, NumericAttribute, NominalAttribute)]


class EntityClass(Thing):
    """A kind of record in a structured data set, with its columns (Fig. 2)."""

    key_fields: ClassVar[tuple[str, ...]] = ("title",)
    type: Literal["EntityClass"] = "EntityClass"
    has_attribute: Many[AttributeRef] = ()


class DatasetSource(Thing):
    """An external data set that is ingested from (Fig. 2, class DatasetSource)."""

    identity: ClassVar[Identity] = "titled"
    type: Literal["DatasetSource"] = "DatasetSource"
    dataset_type: Annotated[str | None, ConceptOf("DatasetType")] = None
    owner: AgentRef | None = None
    landing_page: Annotated[str | None, IriValue()] = None
    storage_path: str | None = None
    created: Day | None = None
    license: Annotated[str | None, IriValue()] = None
    access_rights: Annotated[str | None, IriValue()] = None
    security_level: Annotated[str | None, ConceptOf("SecurityLevel")] = None
    has_data: Many[Annotated[str, IriValue("dpv:")]] = ()
    has_legal_basis: Many[Annotated[str, IriValue("dpv:")]] = ()
    has_purpose: Many[Annotated[str, IriValue("dpv:")]] = ()
    has_tag: TagRefs = ()


class ModellakeDataset(Thing):
    """One immutable version of a data set in the lake (Fig. 2, class ModellakeDataset)."""

    identity: ClassVar[Identity] = "versioned"
    type: Literal["ModellakeDataset"] = "ModellakeDataset"
    version: str | None = None
    created: Day | None = None
    administrator: UserRef | None = None
    security_level: Annotated[str | None, ConceptOf("SecurityLevel")] = None
    lifecycle_stage: Annotated[str | None, ConceptOf("LifecycleStage")] = None
    distribution: Many[Annotated[Any, reference(Distribution)]] = ()
    has_entity_class: Many[Annotated[Any, reference(EntityClass)]] = ()
    source: Many[Annotated[str, IriValue()]] = ()
    access_rights: Annotated[str | None, IriValue()] = None
    license: Annotated[str | None, IriValue()] = None
    previous_version: Annotated[str | None, RefTo("ModellakeDataset")] = None
    has_data: Many[Annotated[str, IriValue("dpv:")]] = ()
    has_legal_basis: Many[Annotated[str, IriValue("dpv:")]] = ()
    has_purpose: Many[Annotated[str, IriValue("dpv:")]] = ()
    retention_until: Day | None = None
    metafeatures: Metafeatures = ()
    quality: QualityValues = ()
    has_tag: TagRefs = ()


class StructuredDataset(ModellakeDataset):
    """A table."""

    type: Literal["StructuredDataset"] = "StructuredDataset"  # type: ignore[assignment]


class SemiStructuredDataset(ModellakeDataset):
    """Documents such as JSON or XML."""

    type: Literal["SemiStructuredDataset"] = "SemiStructuredDataset"  # type: ignore[assignment]


class UnstructuredDataset(ModellakeDataset):
    """Text, pictures, sound."""

    type: Literal["UnstructuredDataset"] = "UnstructuredDataset"  # type: ignore[assignment]


class DataSplit(ModellakeDataset):
    """A part of a data set kept for training, validation or test (paper, section 3.2)."""

    type: Literal["DataSplit"] = "DataSplit"  # type: ignore[assignment]
    split_role: Annotated[str | None, ConceptOf("SplitRole")] = None


_DATASETS = (StructuredDataset, SemiStructuredDataset, UnstructuredDataset, DataSplit)
DatasetRef = Annotated[Any, reference(ModellakeDataset, *_DATASETS)]
AnyDatasetRef = Annotated[Any, reference(ModellakeDataset, *_DATASETS, DatasetSource, to="ModellakeDataset")]
SourceRef = Annotated[Any, reference(DatasetSource)]


class DatasetRelationship(Measured):
    """How two data sets relate, measured (Fig. 2, classes AnalysisDSRelationship and RelationshipDS)."""

    identity: ClassVar[Identity] = "content"
    key_fields: ClassVar[tuple[str, ...]] = ()
    type: Literal["DatasetRelationship"] = "DatasetRelationship"
    with_dataset: Many[Annotated[str, RefTo("ModellakeDataset")]]
    is_measurement_of: Annotated[Concept, ConceptOf("RelationshipMetric")]


class AttributeRelationship(Measured):
    """How two columns relate, measured (Fig. 2, classes AnalysisAttribute and RelationshipAtt)."""

    identity: ClassVar[Identity] = "content"
    key_fields: ClassVar[tuple[str, ...]] = ()
    type: Literal["AttributeRelationship"] = "AttributeRelationship"
    attribute1: Annotated[str, RefTo("Attribute")]
    attribute2: Annotated[str, RefTo("Attribute")]
    is_measurement_of: Annotated[Concept, ConceptOf("RelationshipMetric")]
