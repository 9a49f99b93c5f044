"""What every executor promises: missing frames of a film go in, files of segments come out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.pale import Tally
from vidcolor.infer.predictor import Predictor
from vidcolor.run.meter import Meter
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment
from vidcolor.run.settled import Surveyed
from vidcolor.run.stages import Timings
from vidcolor.run.survey import Survey
from vidcolor.steady.kept import Keep, keep_nothing
from vidcolor.steady.people import Reach

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Frames in a row that are missing.

    Attributes:
        segments: of them, as they are found.
        before: what an earlier run's segment before them saw of the first, float32 (frames, 2,
            height, width); None for nothing.
    """

    segments: Generator[Surveyed]
    before: FloatArray | None


@dataclass(frozen=True, eq=False)
class Made:
    """A segment whose file is in its place, and beside it what it saw of the next one.

    Attributes:
        segment: with or without its luma.
        tally: how much colour it got.
        reached: how far dots on its frames reach.
    """

    segment: Segment
    tally: Tally
    reached: tuple[Reach, ...]


@dataclass(frozen=True)
class Reports:
    """Where an executor says what it is doing.

    Attributes:
        timings: seconds by stage.
        meter: told of frames that are coloured; of those that are written `written` tells it.
        begun: called with a segment before any of its frames is written.
        written: called with a number of frames that are encoded.
    """

    timings: Timings
    meter: Meter
    begun: Callable[[Segment], None]
    written: Callable[[int], None]


class Joining(Protocol):
    """A film that is joined as its segments are finished."""

    def add(self, segment: Path, offset_pts: int) -> None:
        """Have the next segment joined; on another machine that is not waited for.

        Args:
            segment: its file, which stays as it is.
            offset_pts: pts of its first frame.

        Raises:
            OutputError: writing failed, of this segment or one before.
            MachineError: a machine was lost, again and again.
        """

    def finish(self) -> tuple[str, ...]:
        """Let the film appear, once all its segments were added; errors as of `add`.

        Returns:
            sentences on what could not be joined.
        """

    def close(self) -> None:
        """Throw away what is joined of a film that has not appeared."""


class Executor(Predictor, Protocol):
    """What colours: photographs by `predict`, films by `survey`, `make` and `joining`."""

    @property
    def crew(self) -> str:
        """Who is at work, in words; "" if it is this machine alone."""

    def survey(self, plan: Plan, timings: Timings) -> Survey:
        """What finds segments for `make`."""

    def make(
        self,
        plan: Plan,
        stretches: Iterable[Stretch],
        place: Callable[[Segment], Path],
        reports: Reports,
        keep: Keep = keep_nothing,
    ) -> Generator[Made]:
        """Have segments coloured and written.

        Args:
            plan: what is to be done.
            stretches: of the film, rising, no two of which touch; each is taken up when the one
                before is handed out.
            place: where each segment's file is to be.
            reports: told on the way, `begun` and `written` by the thread that asks for segments.
            keep: what keeps motion between runs; other machines keep none.

        Yields:
            each segment in order, once its file is complete. Closing this generator leaves nobody
            at work.

        Raises:
            InputError: the source went away, or cannot be decoded.
            OutputError: writing failed.
            MachineError: a machine was lost, or cannot do it.
        """

    def joining(self, plan: Plan, film: Path) -> Joining:
        """What joins a film's segments with the source's other streams.

        Args:
            plan: what is to be done.
            film: appears when it is complete.
        """
