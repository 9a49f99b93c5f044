"""How far a run has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        step: steps of the optimiser that are done.
        samples: pictures that all processes together have seen.
        seconds: spent on training, without validation.
        waited: of these, seconds in which the loop waited for data.
        smoothed: the loss, smoothed over steps; 0 before the first.
        phase: name of the phase the networks are set up for.
    """

    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    smoothed: float = 0.0
    phase: str = ""
