"""A run that did harm says so, and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.train.conftest import run_settings
from vidcolor.train.outcome import Ends
from vidcolor.train.settings import TrainSettings

SETTINGS = run_settings(Path("data"), Path("run"), None)


def row(step: int, error: float) -> dict[str, Any]:
    return {"step": step, "error": error, "grey_error": 12.0, "gain_db": 0.0, "strength": 1.0}


def warned(settings: TrainSettings, *rows: dict[str, Any]) -> str:
    return " ".join(Ends.of(rows, rows[-1]["step"]).warnings(settings))


def test_a_run_that_made_things_better_says_nothing() -> None:
    assert warned(SETTINGS, row(0, 14.0), row(9, 11.0)) == ""


def test_a_run_that_ended_worse_than_grey_or_than_it_began_says_what_to_do() -> None:
    words = warned(SETTINGS, row(0, 14.0), row(9, 13.0))
    assert "worse than grey (12.00): chroma error 13.00 of 255 after 9 steps" in words
    assert "it began" not in words
    for remedy in ("Train longer", "--init vidcolor-base", "keep those"):
        assert remedy in words
    begun = replace(SETTINGS, init="mine.safetensors")
    words = warned(begun, row(0, 10.0), row(9, 11.0))
    assert "worse than it began (10.00): chroma error 11.00" in words
    assert "grey" not in words
    assert "Keep the weights it began with (mine.safetensors)" in words
    both = warned(begun, row(0, 12.5), row(9, 13.0))
    assert "worse than it began (12.50) and worse than grey (12.00)" in both


def test_an_adversary_may_cost_some_accuracy() -> None:
    settings = replace(SETTINGS, recipe="gan+l1", init="mine.safetensors")
    assert warned(settings, row(0, 10.0), row(9, 10.3)) == ""
    assert "worse than it began" in warned(settings, row(0, 10.0), row(9, 10.5))


def test_the_figures_are_those_of_the_weights_that_are_kept() -> None:
    rows = [row(0, 14.0), row(5, 10.0), row(7, 11.0), row(9, 13.0)]
    ends = Ends.of(rows, 7)
    assert (ends.began, ends.ended, ends.best) == (rows[0], rows[2], rows[1])


def test_a_run_that_an_older_version_began_has_no_beginning() -> None:
    rows = [row(500, 11.0), row(600, 11.5)]
    assert Ends.of(rows, 600).began is None
    assert warned(SETTINGS, *rows) == ""


@pytest.mark.parametrize("steps", [0, -1])
def test_a_run_of_no_steps_is_refused(steps: int) -> None:
    from vidcolor.errors import UsageError

    with pytest.raises(UsageError, match="--steps must be at least 1"):
        replace(SETTINGS, steps=steps)
    with pytest.raises(UsageError, match="--hours must be above 0"):
        replace(SETTINGS, steps=None, hours=float(steps))
