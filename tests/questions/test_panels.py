"""The four panels of Figure 4, read back field by field from what the worked example recorded."""

from __future__ import annotations

import pytest
from lakes import BASE, TestLake

from lakegraph.questions import ask, bind, library
from lakegraph.rdf.terms import value

DATASET = {
    ("Properties", "name"): {"Diabetes"},
    ("Properties", "source"): {"https://archive.ics.uci.edu/"},
    ("Properties", "location"): {"usr/Bob/data/medicine/diabetesV0.csv"},
    ("Properties", "creationDate"): {"2024-02-25"},
    ("Properties", "description"): {"Diabetes patient records were obtained from two sources…"},
    ("Properties", "size"): {"1.3GB"},
    ("Properties", "administrator"): {"Bob"},
    ("Meta-data", "tag"): {"healthcare", "Time-Series"},
    ("Meta-data", "numberOfInstances"): {"2358"},
    ("Meta-data", "numberOfAttributes"): {"45"},
    ("Meta-data", "meanMeansOfNumericFeas"): {"0.4124"},
    ("Meta-data", "meanStdDevOfNumericFeas"): {"5.3582"},
}
MODEL = {
    ("Properties", "name"): {"Diabet Predictor"},
    ("Properties", "modelPath"): {"usr/cf/diabetesPrediction/modelDP.pkl"},
    ("Properties", "description"): {"This is a trained model for diabetes prediction based on…."},
    ("Properties", "creationDate"): {"2024-04-17"},
    ("Properties", "administrator"): {"Tim"},
    ("Meta-data", "algorithm"): {"support vector machine"},
    ("Meta-data", "evaluationMeasure"): {"accuracy"},
    ("Meta-data", "evaluationResult"): {"0.9354"},
    ("Meta-data", "trainingMethod"): {"5-fold cross validation"},
    ("Meta-data", "hyperparameter kernel"): {"rbf"},
    ("Meta-data", "hyperparameter C"): {"2.3"},
    ("Meta-data", "sourceCodeURL"): {"usr/Tim/diabetesPrediction/modelDP.py"},
}


@pytest.mark.parametrize(
    ("path", "panels"), [("dataset/diabetes/0", DATASET), ("model/diabet-predictor/1", MODEL)], ids=["dataset", "model"]
)
def test_panels(worked: TestLake, path: str, panels: dict[tuple[str, str], set[str]]) -> None:
    """Every field of the slide is there with its value, and nothing else."""
    question = library().get("panels")
    result = ask(worked.graph, question, bind(question, {"about": f"{BASE}id/{path}"}))
    found: dict[tuple[str, str], set[str]] = {}
    for row in result:
        found.setdefault((value(row["panel"] or ""), value(row["field"] or "")), set()).add(value(row["value"] or ""))
    assert found == panels


def test_each_field_names_its_statement(worked: TestLake) -> None:
    """A row says which thing carries the field with which property, so that it can be followed into the graph."""
    question = library().get("panels")
    for path in ("dataset/diabetes/0", "model/diabet-predictor/1"):
        for row in ask(worked.graph, question, bind(question, {"about": f"{BASE}id/{path}"})):
            assert list(worked.graph.match(row["thing"], row["property"])), row
