"""Documents of the analysis zone (Figure 3): studies, tasks, trainings, evaluations, models and their measures."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from lakegraph.model.agents import TagRefs, UserRef
from lakegraph.model.base import ConceptOf, Day, Identity, IriValue, Many, RefTo, Scalar, Thing, Typed, pairs, reference
from lakegraph.model.data import AttributeRef, DatasetRef, Distribution, Measured
from lakegraph.model.run import Program, Run


class Study(Thing):
    """A project: analyses that share a subject (Fig. 3, class Study)."""

    identity: ClassVar[Identity] = "titled"
    type: Literal["Study"] = "Study"
    study_type: str | None = None
    has_analysis: Many[Annotated[str, RefTo("Analysis")]] = ()
    has_sub_study: Many[Annotated[str, RefTo("Study")]] = ()
    has_tag: TagRefs = ()


class Task(Thing):
    """What an analysis is to achieve (Fig. 3, class Task)."""

    identity: ClassVar[Identity] = "titled"
    type: Literal["Task"] = "Task"
    task_type: Annotated[str | None, ConceptOf("TaskType")] = None
    defined_by: Annotated[str | None, ConceptOf("EvaluationMeasure")] = None


class Algorithm(Thing):
    """A method that the vocabulary of algorithms does not have (Fig. 3, class Algorithm)."""

    identity: ClassVar[Identity] = "titled"
    type: Literal["Algorithm"] = "Algorithm"


class Software(Thing):
    """A library or tool and its version (Fig. 3, class Software)."""

    identity: ClassVar[Identity] = "content"
    type: Literal["Software"] = "Software"
    version: str | None = None


class Implementation(Program):
    """Code that implements an algorithm (Fig. 3, class Implementation)."""

    type: Literal["Implementation", "Landmarker"] = "Implementation"  # type: ignore[assignment]
    uses_algorithm: Annotated[Any, reference(Algorithm)] | None = None
    has_parameter: Many[Annotated[str, RefTo("Parameter")]] = ()
    uses_software: Many[Annotated[Any, reference(Software)]] = ()


class ParameterSetting(Thing):
    """The value that one hyperparameter had in a run (Fig. 3, class ParameterSetting)."""

    key_fields: ClassVar[tuple[str, ...]] = ("ofParameter",)
    type: Literal["ParameterSetting"] = "ParameterSetting"
    of_parameter: Annotated[str, RefTo("Parameter")]
    has_value: Scalar | Typed


class EvaluationSpecification(Thing):
    """How a model was evaluated (Fig. 3)."""

    identity: ClassVar[Identity] = "content"
    type: Literal["EvaluationSpecification"] = "EvaluationSpecification"
    has_procedure: Annotated[str | None, ConceptOf("EvaluationProcedure")] = None
    folds: int | None = Field(default=None, ge=2)


class ModelEvaluation(Measured):
    """One score of a model (Fig. 3, class ModelEvaluation)."""

    type: Literal["ModelEvaluation"] = "ModelEvaluation"
    is_measurement_of: Annotated[str, ConceptOf("EvaluationMeasure")]
    computed_on: Annotated[str | None, RefTo("Model")] = None
    evaluated_on: Annotated[str | None, RefTo("ModellakeDataset")] = None
    has_specification: Annotated[Any, reference(EvaluationSpecification)] | None = None


class Model(Thing):
    """One immutable version of a trained model (Fig. 3, class Model)."""

    identity: ClassVar[Identity] = "versioned"
    first_version: ClassVar[int] = 1
    type: Literal["Model"] = "Model"
    version: str | None = None
    created: Day | None = None
    administrator: UserRef | None = None
    has_artifact: Many[Annotated[Any, reference(Distribution)]] = ()
    lifecycle_stage: Annotated[str | None, ConceptOf("LifecycleStage")] = None
    security_level: Annotated[str | None, ConceptOf("SecurityLevel")] = None
    license: Annotated[str | None, IriValue()] = None
    access_rights: Annotated[str | None, IriValue()] = None
    previous_version: Annotated[str | None, RefTo("Model")] = None
    has_tag: TagRefs = ()


ModelRef = Annotated[Any, reference(Model)]
Evaluations = Annotated[
    tuple[ModelEvaluation, ...], BeforeValidator(pairs("isMeasurementOf", "value")), RefTo("ModelEvaluation")
]
Settings = Annotated[
    tuple[ParameterSetting, ...], BeforeValidator(pairs("ofParameter", "hasValue")), RefTo("ParameterSetting")
]


class Analysis(Run):
    """Work on data sets to learn something from them (Fig. 3, class Analysis)."""

    type: Literal["Analysis", "ExplorationRun", "RealtimeAnalysis"] = "Analysis"
    analysis_type: Annotated[str | None, ConceptOf("AnalysisType")] = None
    analyzes: Many[DatasetRef] = ()
    analyzed_by: UserRef | None = None
    study: Annotated[Any, reference(Study)] | None = None
    has_task: Many[Annotated[Any, reference(Task)]] = ()
    target_attribute: AttributeRef | None = None
    uses_feature: Many[AttributeRef] = ()
    has_evaluation: Evaluations = ()
    applies_model: Many[Annotated[str, RefTo("Model")]] = ()
    has_implementation: Annotated[Any, reference(Implementation)] | None = None
    has_parameter_setting: Settings = ()
    random_seed: int | None = None


class TrainingRun(Analysis):
    """A model made from data (Fig. 3; paper, section 3.2)."""

    type: Literal["TrainingRun"] = "TrainingRun"  # type: ignore[assignment]
    training_data: Many[DatasetRef] = ()
    validation_data: Many[DatasetRef] = ()
    test_data: Many[DatasetRef] = ()
    has_output_model: Many[ModelRef] = ()


class FineTuningRun(TrainingRun):
    """A model made from another model (paper, section 3.2: "fine-tuning steps")."""

    type: Literal["FineTuningRun"] = "FineTuningRun"  # type: ignore[assignment]
    base_model: Annotated[str | None, RefTo("Model")] = None


class EvaluationRun(Analysis):
    """A model measured on data it was not trained on."""

    type: Literal["EvaluationRun"] = "EvaluationRun"  # type: ignore[assignment]
    evaluates_model: Annotated[str | None, RefTo("Model")] = None
    test_data: Many[DatasetRef] = ()
