"""The model that scores what the rules leave: its parameters, where they are kept, and how Splink is told of them.

What belongs here: the parameters (how often each level occurs among records of one person, and of two), their versions, the thresholds,
and the settings for Splink that follow. What does not: estimating them (`training.py`), scoring (`scoring.py`).

A model is one JSON document. The one that the project ships lies in `models/`; a city that trains its own keeps it in the register, and the
newest there is in force.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import TongchouError
from warehouse.identity.comparisons import COMPARISONS, PLACE, SYSTEM, SYSTEM_PAIR, Level, over_suffixes
from warehouse.register import Register

SHIPPED = Path(__file__).resolve().parent / "models"
KIND = "fellegi-sunter"
# By level, `m` and `u`.
Shares = dict[str, dict[str, float]]
# No slip of one person's is rarer than one in two thousand, for another month's clerk makes others.
LEAST_SLIP = 0.0005


class MatchModelError(TongchouError):
    """A matching model cannot be read or trained."""


@dataclass(frozen=True)
class MatchModel:
    """A trained model.

    Attributes:
        version: its name.
        parameters: by comparison and level, `m` (share among pairs of one person) and `u` (share among pairs of two).
        accept: from this probability on, two records are one person without a reviewer.
        review: from this probability on, a reviewer is asked.
        trained_on: what it was estimated from, in numbers.
    """

    version: str
    parameters: dict[str, Shares]
    accept: float
    review: float
    trained_on: dict[str, Any]

    def as_json(self) -> str:
        """The document."""
        return json.dumps(
            {
                "kind": KIND,
                "version": self.version,
                "accept": self.accept,
                "review": self.review,
                "trained_on": self.trained_on,
                "parameters": self.parameters,
            },
            ensure_ascii=False,
            indent=1,
            sort_keys=True,
        )

    @property
    def sha256(self) -> str:
        """Checksum of the document."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str, where: str) -> MatchModel:
        """Read a document.

        Raises:
            MatchModelError: it is no model, or one of other comparisons than this program makes.
        """
        try:
            found = json.loads(text)
            model = cls(found["version"], found["parameters"], found["accept"], found["review"], found["trained_on"])
        except (ValueError, KeyError, TypeError) as error:
            message = (
                f"{where}: no matching model can be read from it ({type(error).__name__}: {error}); train one with `tongchou match train`"
            )
            raise MatchModelError(message) from error
        for comparison in COMPARISONS:
            levels = {level.code for level in comparison.levels if not level.is_missing}
            if set(model.parameters.get(comparison.code, {})) != levels:
                message = (
                    f"{where}: the matching model {model.version} weighs {comparison.code} by other levels than this program compares; "
                    "train a new one with `tongchou match train`"
                )
                raise MatchModelError(message)
        return model


def _written_level(level: Level, condition: str | None, share: dict[str, float] | None) -> dict[str, Any]:
    """A level as Splink wants it; without a share it says nothing."""
    written: dict[str, Any] = {"sql_condition": over_suffixes(condition) if condition else "ELSE", "label_for_charts": level.code}
    if share is None:
        return {**written, "is_null_level": True}
    written |= {"m_probability": share["m"], "u_probability": share["u"], "fix_m_probability": True, "fix_u_probability": True}
    if level.frequency is not None:
        written |= {"tf_adjustment_column": level.frequency, "tf_adjustment_weight": 1.0, "disable_tf_exact_match_detection": True}
    return written


def shipped_model() -> MatchModel:
    """The newest model that the project ships."""
    path = sorted(SHIPPED.glob("*.json"))[-1]
    return MatchModel.from_json(path.read_text(encoding="utf-8"), path.name)


def model_in_force(register: Register) -> MatchModel:
    """The newest model of the register, else the one that the project ships."""
    rows = [row for row in register.rows("match_models") if row["kind"] == KIND]
    if not rows:
        return shipped_model()
    newest = rows[-1]
    return MatchModel.from_json(str(newest["parameters"]), f"{register.path.name}, match_models, {newest['model_version']}")


def splink_settings(model: MatchModel, prior: float, systems: dict[str, Shares]) -> dict[str, Any]:
    """The settings that make Splink weigh as the model does.

    Args:
        model: the parameters.
        prior: share of pairs of one person among all pairs of the city's records.
        systems: by level of the place, the shares of each two systems.
    """
    comparisons = [
        {
            "output_column_name": comparison.code,
            "comparison_levels": [
                _written_level(level, level.condition, None if level.is_missing else model.parameters[comparison.code][level.code])
                for level in comparison.levels
            ],
        }
        for comparison in COMPARISONS
        if comparison is not SYSTEM
    ]
    # Two systems at each level of the place; of all the first that holds.
    two = SYSTEM.levels[0]
    levels = [
        _written_level(two, " and ".join(f"({part})" for part in (place.condition, f"{SYSTEM_PAIR} = '{pair}'") if part), share)
        for place in PLACE.levels
        for pair, share in systems[place.code].items()
    ]
    levels.append({"sql_condition": "ELSE", "label_for_charts": "other", "is_null_level": True})
    comparisons.append({"output_column_name": SYSTEM.code, "comparison_levels": levels})
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "record_key",
        "probability_two_random_records_match": prior,
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": False,
        "blocking_rules_to_generate_predictions": ["l.record_key = r.record_key"],
        "comparisons": comparisons,
    }
