"""What a run came to: where it began, where it ended, and whether that is any better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidcolor.train.settings import TrainSettings

FIGURES = ("step", "error", "grey_error", "gain_db", "strength")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What is left of a run when it is over.

    Attributes:
        output: path of the weights.
        run: path of the run's folder.
        report: path of its page.
        steps: of the optimiser, in all parts of the run together.
        samples: pictures that were seen, likewise.
        hours: of training, likewise.
        pictures: that are trained on.
        validation_pictures: that the figures are of.
        began: figures before the first step; None where an older version began the run.
        ended: figures of the weights that are kept.
        best: figures of the validation with the least error.
        notes: what a person should know, a sentence each.
    """

    output: str
    run: str
    report: str
    steps: int
    samples: int
    hours: float
    pictures: int
    validation_pictures: int
    began: dict[str, float] | None
    ended: dict[str, float]
    best: dict[str, float]
    notes: tuple[str, ...]

    def line(self) -> str:
        """One line for people."""
        ways = [f"{self.ended['error']:.2f} of 255 (grey {self.ended['grey_error']:.2f}"]
        if self.began is not None:
            ways.append(f"at the beginning {self.began['error']:.2f}")
        ways.append(f"best {self.best['error']:.2f} at step {self.best['step']:.0f})")
        return (
            f"{self.output}: {self.steps} steps, {self.samples} pictures seen in"
            f" {60 * self.hours:.1f} minutes; chroma error {', '.join(ways)}; {self.report}"
        )


@dataclass(frozen=True)
class Ends:
    """The rows of metrics.jsonl that tell how a run went.

    Attributes:
        began: before the first step, or None.
        ended: of the weights that are kept.
        best: with the least error.
    """

    began: Row | None
    ended: Row
    best: Row

    @classmethod
    def of(cls, rows: Sequence[Row], kept: int) -> Ends:
        """Those of a run whose weights are of step `kept`."""
        ended = [row for row in rows if row["step"] == kept][-1]
        began = rows[0] if rows[0]["step"] == 0 else None
        return cls(began, ended, min(rows, key=lambda row: float(row["error"])))

    def warnings(self, settings: TrainSettings) -> list[str]:
        """A sentence with what to do where the run did harm; else none."""
        error, worse_than = self.ended["error"], []
        # What an adversary teaches costs accuracy, and is worth some: as much as nogan allows.
        allowed = 10 ** (settings.nogan.floor_db / 20) if "adversarial" in settings.weights else 1.0
        if self.began is not None and error > allowed * self.began["error"]:
            worse_than.append(f"it began ({self.began['error']:.2f})")
        if error > allowed * self.ended["grey_error"]:
            worse_than.append(f"grey ({self.ended['grey_error']:.2f})")
        if not worse_than:
            return []
        return [
            f"this run ended worse than {' and worse than '.join(worse_than)}: chroma error"
            f" {error:.2f} of 255 after {self.ended['step']} steps. {_remedy(settings)}"
        ]


def _remedy(settings: TrainSettings) -> str:
    if settings.init is None:
        return (
            "Train longer (from ImageNet weights thousands of steps), or start from --init"
            " vidcolor-base; if you have other weights, keep those."
        )
    return (
        f"Keep the weights it began with ({settings.init}); train longer, or at a lower"
        " --encoder-rate and --decoder-rate."
    )


def figures(row: Row) -> dict[str, float]:
    """The validation's figures alone."""
    return {name: row[name] for name in FIGURES}
