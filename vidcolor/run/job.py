"""A film from plan to file: segments coloured, encoded, kept in a folder, and joined."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor.errors import OutputError
from vidcolor.infer.predictor import Predictor
from vidcolor.media.codecs import segment_suffix
from vidcolor.media.mux import join
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment, segments, small_luma, write_segment
from vidcolor.run.stages import Timings, ahead
from vidcolor.steady.settle import colorize_shots
from vidcolor.steady.windows import crossfade

SMALL_FRAMES_AHEAD = 16
PLAN = "plan.json"

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Finished:
    """What a job did.

    Attributes:
        frames: of the film.
        resumed: frames that an earlier run had made.
        timings: seconds by stage.
    """

    frames: int
    resumed: int
    timings: Timings


class JobFolder:
    """The folder beside the output that holds finished segments until the film is joined.

    Raises:
        OutputError: it holds a job with other settings, or cannot be made.
    """

    def __init__(self, plan: Plan, machine: str, restart: bool = False) -> None:
        self.path = plan.output.with_name(plan.output.name + ".vidcolor")
        fingerprint = json.loads(json.dumps(plan.fingerprint(machine)))
        if restart:
            self.remove()
        stored = self._stored()
        if stored is not None and stored != fingerprint:
            changed = sorted(k for k in fingerprint if stored.get(k) != fingerprint[k])
            raise OutputError(
                f"{self.path} holds an unfinished job whose {', '.join(changed)} differ.",
                "Give --restart to begin anew, or the options of that job to go on with it.",
            )
        try:
            self.path.mkdir(exist_ok=True)
            if stored is None:
                written = self.path / f"{PLAN}.part"
                written.write_text(json.dumps(fingerprint, indent=2))
                written.replace(self.path / PLAN)
        except OSError as problem:
            raise OutputError(
                f"The folder {self.path} cannot be made: {problem.strerror}.",
                "Choose an output in a folder that may be written to.",
            ) from problem
        self._suffix = segment_suffix(plan.encoder.codec)

    def segment(self, segment: Segment) -> Path:
        """Where a segment's file is or will be."""
        return self.path / f"{segment.first:09d}-{segment.count:06d}{self._suffix}"

    def save_tail(self, segment: Segment, chroma: FloatArray) -> None:
        """Keep what a segment found for the next one's first frames, before it counts as done."""
        if len(chroma):
            path = self._tail(segment)
            written = path.with_suffix(".part")
            with written.open("wb") as stream:
                np.save(stream, chroma)
            written.replace(path)

    def load_tail(self, segment: Segment) -> FloatArray | None:
        """What `save_tail` kept, None where there was nothing to keep."""
        path = self._tail(segment)
        return np.asarray(np.load(path), np.float32) if path.exists() else None

    def _tail(self, segment: Segment) -> Path:
        return self.segment(segment).with_suffix(".tail.npy")

    def remove(self) -> None:
        """Take the folder away with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _stored(self) -> dict[str, object] | None:
        try:
            loaded: dict[str, object] = json.loads((self.path / PLAN).read_text())
        except (OSError, ValueError):
            return None
        return loaded


def run_job(
    plan: Plan,
    predictor: Predictor,
    folder: JobFolder,
    progress: Callable[[float, str], None],
) -> Finished:
    """Colour a film.

    What an earlier, interrupted run finished is not done again.

    Args:
        plan: what is to be done.
        predictor: what colours.
        folder: of this job.
        progress: called with frames done (in halves: coloured, then encoded) and the stage that
            is the limit so far.
    """
    timings = Timings()
    files: list[Path] = []
    offsets: list[int] = []
    resumed = 0

    def step(frames: float) -> None:
        progress(frames, timings.busiest())

    colored = ahead(_colored_segments(plan, predictor, folder, timings, step), 1)
    try:
        for segment, chroma in colored:
            path = folder.segment(segment)
            if chroma is None:
                resumed += segment.count
            else:
                write_segment(plan, segment, chroma, path, timings, lambda: step(0.5))
            files.append(path)
            offsets.append(int(plan.clip.pts[segment.first]))
    finally:
        colored.close()
    with timings.measure("join"):
        _join(plan, files, offsets)
    folder.remove()
    return Finished(plan.count, resumed, timings)


def _colored_segments(
    plan: Plan,
    predictor: Predictor,
    folder: JobFolder,
    timings: Timings,
    step: Callable[[float], None],
) -> Iterator[tuple[Segment, FloatArray | None]]:
    luma = ahead(timings.each("survey", small_luma(plan)), SMALL_FRAMES_AHEAD)
    seen_before: FloatArray | None = None
    try:
        for segment in segments(plan, luma):
            if folder.segment(segment).exists():
                step(segment.count)
                seen_before = folder.load_tail(segment)
                yield segment, None
                continue
            with timings.measure("colour"):
                chroma = colorize_shots(
                    segment.luma, predictor, plan.settings.steady, list(segment.cuts)
                )[segment.lead :]
            if seen_before is not None:
                shared = min(len(seen_before), len(chroma))
                chroma[:shared] = crossfade(seen_before[:shared], chroma[:shared])
            seen_before = chroma[segment.count :]
            folder.save_tail(segment, seen_before)
            step(segment.count / 2)
            yield segment, chroma[: segment.count]
    finally:
        luma.close()


def _join(plan: Plan, files: list[Path], offsets: list[int]) -> None:
    clip = plan.clip
    last = plan.first + plan.count - 1
    join(
        files,
        offsets,
        clip,
        plan.output,
        plan.streams,
        start_pts=int(clip.pts[plan.first]) if plan.is_part else None,
        end_pts=clip.frame_end(last) if plan.is_part else None,
        tag=plan.tag,
    )
