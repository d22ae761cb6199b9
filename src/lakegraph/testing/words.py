"""What a made-up lake speaks of: its fields of work, people, programs, algorithms and everyday words."""

from __future__ import annotations

from dataclasses import dataclass

Settings = dict[str, tuple[str | int | float, ...]]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of work.

    Attributes:
        subject: What its studies are about.
        tag: Its tag in the vocabulary.
        row: What one row of its tables stands for.
        nouns: What its data sets are called.
        numeric: Columns of numbers.
        nominal: Columns of categories; the first is what models predict.
        owner: Who owns its sources: slug and name.
        personal: Whether its data are about people.
    """

    subject: str
    tag: str
    row: str
    nouns: tuple[str, ...]
    numeric: tuple[str, ...]
    nominal: tuple[str, ...]
    owner: tuple[str, str]
    personal: bool = False


FIELDS = (
    Field("wind power", "energy", "measurement",
          ("turbine logs", "wind speeds", "power curves", "gearbox vibrations"),
          ("speed", "power", "temperature", "pitch"), ("fault", "site"), ("north-wind", "North Wind")),
    Field("machine maintenance", "industry", "cycle",
          ("spindle currents", "press cycles", "bearing vibrations", "oil samples"),
          ("current", "vibration", "pressure", "temperature"), ("failure", "machine"), ("press-works", "Press Works")),
    Field("diabetes care", "healthcare", "patient record",
          ("glucose readings", "patient records", "insulin doses", "clinic visits"),
          ("glucose", "insulin", "bmi", "age"), ("outcome", "ward"), ("uci", "UCI Machine Learning Repository"), True),
    Field("traffic", "transport", "count",
          ("loop detectors", "bus positions", "trip tables", "parking counts"),
          ("flow", "speed", "occupancy", "delay"), ("congestion", "road"), ("city-traffic", "City Traffic Office")),
    Field("power demand", "energy", "hour",
          ("meter readings", "load profiles", "tariff tables", "outage reports"),
          ("load", "temperature", "price", "hour"), ("peak", "region"), ("grid-company", "Grid Company")),
    Field("credit risk", "finance", "loan",
          ("loan applications", "repayment histories", "credit files", "arrears"),
          ("amount", "income", "term", "rate"), ("default", "purpose"), ("credit-bank", "Credit Bank"), True),
    Field("air quality", "environment", "hour",
          ("particle counts", "ozone levels", "station logs", "pollen counts"),
          ("pm10", "ozone", "humidity", "wind"), ("alert", "station"), ("air-agency", "Air Agency")),
    Field("quality inspection", "image", "part",
          ("surface pictures", "weld scans", "paint inspections", "x-ray pictures"),
          ("width", "height", "roughness", "offset"), ("defect", "line"), ("body-shop", "Body Shop")),
    Field("customer letters", "text", "letter",
          ("complaint letters", "support tickets", "chat protocols", "survey answers"),
          ("length", "score", "replies", "age"), ("topic", "language"), ("service-desk", "Service Desk"), True),
    Field("cardiology", "healthcare", "examination",
          ("ecg traces", "blood pressure series", "heart examinations", "stress tests"),
          ("pressure", "rate", "age", "duration"), ("diagnosis", "sex"), ("heart-centre", "Heart Centre"), True),
    Field("card fraud", "finance", "transaction",
          ("card transactions", "merchant profiles", "chargebacks", "terminal logs"),
          ("amount", "hour", "distance", "count"), ("fraud", "channel"), ("card-house", "Card House"), True),
    Field("learning progress", "education", "course",
          ("course grades", "exercise logs", "attendance lists", "exam answers"),
          ("points", "attempts", "hours", "age"), ("passed", "school"), ("school-board", "School Board"), True),
)  # fmt: skip

PEOPLE = (
    "ada", "alan", "amara", "anna", "barbara", "bo", "bob", "carl", "chen", "clara", "dana", "donald", "edsger",
    "elena", "emmy", "erik", "fatima", "frances", "george", "grace", "hedy", "hiro", "ines", "ivan", "jana", "joan",
    "john", "katherine", "kofi", "lars", "leila", "lin", "margaret", "mary", "mei", "niklaus", "olga", "omar",
    "paula", "petra", "radia", "ravi", "rosa", "sam", "sofia", "tim", "tomas", "uma", "vera", "yuki",
)  # fmt: skip

PLACES = (
    "berlin", "clinic", "coast", "dresden", "east", "factory", "field", "harbour", "hill", "island", "lab", "lake",
    "leipzig", "london", "madrid", "market", "milan", "north", "oslo", "paris", "plant", "porto", "prague", "river",
    "south", "station", "stuttgart", "tokyo", "valley", "vienna", "warehouse", "west", "yard", "zurich",
)  # fmt: skip

QUALITIES = (
    "archived", "audited", "blended", "bounded", "calibrated", "coarse", "compressed", "daily", "dense", "detailed",
    "early", "extended", "filtered", "fine", "frozen", "hourly", "joined", "labelled", "late", "live", "matched",
    "merged", "monthly", "normalised", "open", "partial", "pooled", "raw", "recent", "reduced", "regional", "sampled",
    "scaled", "seasonal", "secondary", "shared", "smoothed", "sorted", "sparse", "stable", "synthetic", "trimmed",
    "unified", "validated", "weekly", "weighted", "wide", "yearly",
)  # fmt: skip

STEPS = (
    ("cleaning", "remove rows that were entered twice"),
    ("missing-values", "impute missing values by the median"),
    ("incorrect-data", "drop values outside of the range of the sensor"),
    ("filtering", "keep the rows of the last three years"),
    ("transformation", "scale numeric attributes to unit variance"),
    ("converting", "convert units and time zones"),
    ("aggregation", "aggregate to one row an hour"),
    ("calculation", "calculate ratios and moving means"),
    ("join", "join the reference tables by key"),
    ("merge", "merge the deliveries of all sites"),
    ("feature-selection", "keep the attributes with information about the target"),
    ("instance-selection", "draw a balanced sample"),
    ("structuring", "parse nested fields into columns"),
)

ALGORITHMS: dict[str, tuple[str, Settings]] = {
    "svm": ("scikit-learn", {"kernel": ("rbf", "linear", "poly"), "C": (0.1, 1.0, 2.3, 10.0), "gamma": (0.001, 0.01)}),
    "random-forest": ("scikit-learn", {"trees": (100, 200, 500), "depth": (4, 8, 16), "features": ("sqrt", "log2")}),
    "gradient-boosting": ("scikit-learn", {"rate": (0.01, 0.05, 0.1), "trees": (100, 300), "depth": (3, 5)}),
    "xgboost": ("xgboost", {"eta": (0.05, 0.1, 0.3), "depth": (4, 6, 8), "subsample": (0.7, 0.9)}),
    "lightgbm": ("lightgbm", {"leaves": (31, 63, 127), "rate": (0.02, 0.1), "bagging": (0.8, 1.0)}),
    "logistic-regression": ("scikit-learn", {"C": (0.1, 1.0, 10.0), "penalty": ("l1", "l2"), "steps": (100, 500)}),
    "k-nearest-neighbors": ("scikit-learn", {"neighbours": (3, 5, 15), "weights": ("even", "distance"), "p": (1, 2)}),
    "naive-bayes": ("scikit-learn", {"smoothing": (1e-9, 1e-6), "prior": ("fitted", "uniform"), "bins": (8, 16)}),
    "neural-network": ("pytorch", {"layers": (2, 3, 4), "width": (64, 256), "rate": (0.0001, 0.001)}),
    "lstm": ("pytorch", {"hidden": (64, 128), "steps": (24, 168), "dropout": (0.1, 0.3)}),
    "resnet": ("pytorch", {"depth": (18, 50), "rate": (0.0003, 0.001), "epochs": (20, 90)}),
    "transformer": ("pytorch", {"heads": (4, 8), "layers": (2, 6), "rate": (0.00005, 0.0003)}),
}  # fmt: skip
"""Notation of the algorithm to the library that has it and the values that its parameters take."""

MEASURES = ("accuracy", "f1", "auc", "precision", "recall", "kappa")

EVERYDAY = (
    "account", "after", "alarm", "answer", "baseline", "before", "budget", "campaign", "capacity", "change", "check",
    "compare", "control", "customer", "decision", "delivery", "demand", "department", "deviation", "early", "effect",
    "estimate", "event", "experiment", "failure", "forecast", "group", "growth", "handover", "impact", "improve",
    "incident", "limit", "manual", "margin", "measure", "meeting", "migration", "monitor", "night", "number",
    "objective", "order", "pattern", "pilot", "planning", "prediction", "priority", "process", "project", "quarter",
    "question", "reason", "reduce", "release", "report", "request", "response", "result", "review", "risk", "sample",
    "schedule", "season", "service", "shift", "signal", "standard", "supplier", "support", "survey", "target", "team",
    "threshold", "training", "trend", "update", "usage", "variance", "warning", "weekend", "window", "winter",
    "workload", "yield",
)  # fmt: skip
