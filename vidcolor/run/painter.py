"""What the nodes of a cluster do: survey, colour on a device, blend, write, see the storage."""

from __future__ import annotations

import importlib
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor import __version__
from vidcolor.color.pale import Tally
from vidcolor.errors import VidcolorError
from vidcolor.infer.predictor import LumaBatch, Prediction, Predictor
from vidcolor.network import registry
from vidcolor.run.blocks import Border, blocks, put_together
from vidcolor.run.identity import Identity, identify
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment, save_tail, write_segment
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.settled import blended_shots, parted, shots_looked_at
from vidcolor.run.stages import Timings
from vidcolor.steady.people import Reach

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Introduction:
    """What a painter says of itself.

    Attributes:
        description: device, backend and precision.
        version: of this program.
        model_hash: sha256 of the weights.
        node: Ray's name of the machine.
    """

    description: str
    version: str
    model_hash: str
    node: str


@dataclass(frozen=True)
class Colored:
    """What is to be said of a segment that has its chroma.

    Attributes:
        seconds: that it took.
        reached: as that of `Made`.
        own: as that of `Segment`.
    """

    seconds: float
    reached: tuple[Reach, ...]
    own: tuple[range, ...]


@dataclass(frozen=True)
class Sighting:
    """What is to be said of a block that was surveyed.

    Attributes:
        border: what it saw at its ends.
        seconds: that it took.
    """

    border: Border
    seconds: float


def introduction(settings: ColorizeSettings, description: str) -> Introduction:
    """What a worker says that colours by such settings, and is so described."""
    model_hash = registry.verified_hash(registry.find_model(settings.model))
    node = importlib.import_module("ray").get_runtime_context().get_node_id()
    return Introduction(description, __version__, model_hash, node)


class Painter:
    """The model on one device; it lives in a worker of the cluster.

    Args:
        settings: what `load_predictor` wants; the device is the one that Ray gave this worker.
        cpus: threads for all that is not the network.
    """

    def __init__(self, settings: ColorizeSettings, cpus: int) -> None:
        self._settings, self._cpus = settings, cpus
        self._predictor: Predictor | None = None

    def _loaded(self) -> Predictor:
        import cv2

        from vidcolor.run.loading import load

        if self._predictor is None:
            cv2.setNumThreads(self._cpus)
            self._predictor = load(
                replace(self._settings, threads=self._settings.threads or self._cpus)
            )
        return self._predictor

    def introduce(self) -> Introduction:
        """Load the model and say what works here."""
        return introduction(self._settings, self._loaded().description)

    def predict(self, luma: LumaBatch, hints: FloatArray | None, vividness: float) -> Prediction:
        """See `Predictor.predict`."""
        return self._loaded().vivid(vividness).predict(luma, hints)

    def chroma(
        self,
        plan: Plan,
        segment: Segment,
        handed: bool,
        before: FloatArray | None,
        firsts: Sequence[int],
        *seen: Any,
    ) -> tuple[list[FloatArray], Colored]:
        """Chroma of all that a segment shows, by shots, and what is to be said of it.

        Args:
            plan: what is to be done.
            segment: without its luma.
            handed: as that of `Surveyed`.
            before: what the segment before saw of it, if that is the first thing said about it.
            firsts: the first frames of the blocks that it lies in.
            seen: all of their small luma, then all of their small chroma.
        """
        timings = Timings()
        reached: list[Reach] = []
        network = self._loaded()
        with timings.measure("colour"):
            found = put_together(segment, firsts, seen[: len(firsts)], seen[len(firsts) :])
            found = replace(found, handed=handed)
            looked_at = shots_looked_at(plan, found, network, before, told=reached.append)
            shots = [settle() for settle in looked_at]
        return shots, Colored(timings.seconds["colour"], tuple(reached), found.segment.own)


def blend(
    shots: Sequence[FloatArray], lead: int, count: int, before: FloatArray | None
) -> tuple[list[FloatArray], FloatArray | None]:
    """A segment's own chroma in parts, blended with what the one before saw of it; its tail."""
    parts = list(parted(blended_shots(shots, lead, before), count))
    return [part for part, _ in parts], parts[-1][1]


def write(
    plan: Plan,
    segment: Segment,
    colored: Colored,
    parts: Sequence[FloatArray],
    tail: FloatArray,
    path: Path,
) -> tuple[dict[str, float], Tally]:
    """Decode, enlarge and encode a segment: seconds by stage, and how much colour it got."""
    timings = Timings()
    whole = replace(segment, own=colored.own)
    tally = write_segment(plan, whole, iter(parts), path, timings, lambda: None)
    save_tail(path, tail)
    return timings.seconds, tally


def survey_leg(plan: Plan, leg: range) -> tuple[Any, ...]:
    """A leg as one block: luma, chroma, sketches and a `Sighting`."""
    return tuple(survey_on(plan, leg, leg.start, len(leg)))


def survey_on(plan: Plan, frames: range, start: int, length: int) -> Iterator[Any]:
    """Frames in blocks, each as four things that follow each other; arguments as of `blocks`."""
    began = time.perf_counter()
    for block in blocks(plan.film, frames, length, start):
        seconds = time.perf_counter() - began
        yield block.luma  # and no `yield from`: Ray sends to what it is given
        yield block.chroma
        yield block.sketches
        yield Sighting(block.border, seconds)
        began = time.perf_counter()


def sees(source: Path, identity: Identity, token: Path) -> Path | None:
    """The first of source and output folder that this node does not see as it should be."""
    with suppress(OSError):
        if token.read_text() == token.name:
            beside = token.with_suffix(f".{secrets.token_hex(8)}.part")
            beside.touch()
            beside.unlink()
            with suppress(VidcolorError):
                return None if identify(source) == identity else source
            return source
    return token.parent
