"""What the nodes of a cluster do for a job: colour on a device, blend, write, see the storage."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor import __version__
from vidcolor.color.pale import Tally
from vidcolor.errors import VidcolorError
from vidcolor.infer.predictor import LumaBatch, Prediction, Predictor
from vidcolor.network import registry
from vidcolor.run.identity import Identity, identify
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment, write_segment
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.settled import Surveyed, blended_shots, parted, settled_shots
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
    """

    description: str
    version: str
    model_hash: str


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
        model_hash = registry.verified_hash(registry.find_model(self._settings.model))
        return Introduction(self._loaded().description, __version__, model_hash)

    def predict(self, luma: LumaBatch, hints: FloatArray | None, vividness: float) -> Prediction:
        """See `Predictor.predict`."""
        return self._loaded().vivid(vividness).predict(luma, hints)

    def chroma(
        self, plan: Plan, surveyed: Surveyed, before: FloatArray | None
    ) -> tuple[list[FloatArray], tuple[float, tuple[Reach, ...]]]:
        """Chroma of all that a segment shows, by shots; seconds that took, and `Made.reached`."""
        timings = Timings()
        reached: list[Reach] = []
        network = self._loaded()
        with timings.measure("colour"):
            shots = list(settled_shots(plan, surveyed, network, before, told=reached.append))
        return shots, (timings.seconds["colour"], tuple(reached))


def blend(
    shots: Sequence[FloatArray], lead: int, count: int, before: FloatArray | None
) -> tuple[list[FloatArray], FloatArray | None]:
    """A segment's own chroma in parts, blended with what the one before saw of it; its tail."""
    parts = list(parted(blended_shots(shots, lead, before), count))
    return [part for part, _ in parts], parts[-1][1]


def write(
    plan: Plan, segment: Segment, parts: Sequence[FloatArray], path: Path
) -> tuple[dict[str, float], Tally]:
    """Decode, enlarge and encode a segment: seconds by stage, and how much colour it got."""
    timings = Timings()
    tally = write_segment(plan, segment, iter(parts), path, timings, lambda: None)
    return timings.seconds, tally


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
