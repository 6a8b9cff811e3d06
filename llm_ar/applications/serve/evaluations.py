"""What ``llm-ar evaluate`` found about a model, for the page: figures and the confusion matrix."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llm_ar.errors import ConfigError
from llm_ar.evaluation.report.report import RESULTS_FILE


@dataclass(frozen=True)
class Evaluated:
    """An evaluation on test clips of C classes.

    Args:
        dataset: its name.
        protocol: which clips trained and which tested.
        clips: that tested.
        top1: accuracy in percent.
        labels: the C names.
        confusion: counts (C, C): row = true class, column = answer.
    """

    dataset: str
    protocol: str
    clips: int
    top1: float
    labels: list[str]
    confusion: list[list[int]]

    def summary(self) -> dict[str, Any]:
        """The figures without the matrix."""
        return {
            "dataset": self.dataset,
            "protocol": self.protocol,
            "clips": self.clips,
            "top1": self.top1,
        }


def read_evaluations(folders: Mapping[str, Path]) -> dict[str, Evaluated]:
    """The evaluations of the models that have one, by the models' names.

    An evaluation lies in the model's folder, or where ``llm-ar evaluate`` writes it by itself.

    Args:
        folders: of the models.

    Raises:
        ConfigError: a file is no evaluation.
    """
    found: dict[str, Evaluated] = {}
    for name, folder in folders.items():
        places = (folder, Path("evaluations") / folder.resolve().name)
        file = next((place / RESULTS_FILE for place in places if _there(place)), None)
        if file is not None:
            found[name] = read_evaluation(file)
    return found


def _there(folder: Path) -> bool:
    return (folder / RESULTS_FILE).is_file()


def read_evaluation(file: Path) -> Evaluated:
    """An evaluation out of its file.

    Raises:
        ConfigError: it is none.
    """
    try:
        data = json.loads(file.read_text("utf-8"))
        labels = [str(label) for label in data["labels"]]
        confusion = [[int(count) for count in row] for row in data["confusion"]]
        if [len(row) for row in confusion] != [len(labels)] * len(labels):
            raise ValueError("its matrix has another size than its names")
        return Evaluated(
            str(data["dataset"]),
            str(data["protocol"]),
            int(data["clips"]),
            float(data["top1"]),
            labels,
            confusion,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{file}: is no evaluation ({error}); run llm-ar evaluate again or remove it"
        ) from None
