"""A join of a few frames and packets before the work, so that the real one does not fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from vidcolor.errors import OutputError
from vidcolor.files import trial_folder
from vidcolor.media.clip import ClipInfo, EncoderSettings, Frame
from vidcolor.media.codecs import segment_suffix
from vidcolor.media.heard import RUNS_WRONG, difference, hear
from vidcolor.media.mux import join
from vidcolor.media.planes import neutral_chroma, plane_shapes
from vidcolor.media.sample import Sample
from vidcolor.media.source import media_url, open_source
from vidcolor.media.streams import StreamPlan
from vidcolor.media.writer import SegmentWriter

_FRAMES = 4
_STUB = EncoderSettings("libx264", "yuv420p", options=(("bf", "0"), ("preset", "ultrafast")))
_WEBM_STUB = EncoderSettings("libvpx", "yuv420p", options=(("deadline", "realtime"),))


class Trial:
    """Joins a few frames of the picture's kind with samples of other streams.

    Args:
        clip: the source.
        suffix: of the output's container.
        sample: of the source's other streams.
        folder: where to write, for as long as this is used.
        settings: how the film is encoded; None for a small film that stands for it.

    Attributes:
        source: the open source.
    """

    def __init__(
        self,
        clip: ClipInfo,
        suffix: str,
        sample: Sample,
        folder: Path,
        settings: EncoderSettings | None = None,
    ) -> None:
        self.source = sample.source
        self._sample, self._suffix, self._folder = sample, suffix, folder
        chosen = settings or (_WEBM_STUB if suffix == ".webm" else _STUB)
        self._clip = _beginning(clip) if settings else _small(_beginning(clip))
        self._segment = folder / f"film{segment_suffix(chosen.codec)}"
        with SegmentWriter(self._segment, self._clip, chosen) as writer:
            for frame in _blank(self._clip, chosen.pixel_format):
                writer.write(frame)

    def fault(self, plans: Sequence[StreamPlan]) -> str | None:
        """Why streams cannot be carried as planned together; None if they can.

        What is copied must sound as in the source, and all sound begin and go on in time.
        """
        output = self._folder / f"try{self._suffix}"
        first = int(self._clip.pts[0])
        try:
            said = join([self._segment], [first], self._clip, output, plans, sample=self._sample)
            return said[0] if said else self._heard(output, [p for p in plans if p.kind == "audio"])
        except OutputError as error:
            return str(error.__cause__ or error.sentence)
        except (av.error.FFmpegError, ValueError) as error:
            return str(error)

    def _heard(self, output: Path, plans: Sequence[StreamPlan]) -> str | None:
        carried = [p for p in plans if p.action != "leave"]
        carried = [p for p in plans if p.action != "leave"]
        with av.open(media_url(output)) as made:
            if len(made.streams.audio) != len(carried):
                return "its sound is lost"
            shift = self._begins(made) - float(self._clip.pts[0] * self._clip.time_base)
        for place, plan in enumerate(carried):
            before = hear(self._sample.packets(plan.index))
            with av.open(media_url(output)) as made:
                after = hear(made.demux(made.streams.audio[place]))
            copied = plan.action == "copy"
            if before and copied and self._clip.container == "avi" and not before.runs_true:
                return RUNS_WRONG
            if before and (fault := difference(before, after, shift, copied)):
                return fault
        return None

    def _begins(self, made: InputContainer) -> float:
        """When the film begins; avi knows no start, and FFmpeg guesses H.264's a frame late."""
        return 0.0 if self._suffix == ".avi" else next(made.decode(video=0)).time or 0.0


def try_join(
    clip: ClipInfo, output: Path, settings: EncoderSettings, plans: Sequence[StreamPlan]
) -> None:
    """Join the first packets of everything as the finished film will be.

    Raises:
        OutputError: it cannot be joined.
    """
    indexes = [p.index for p in plans if p.action in ("copy", "convert")]
    with open_source(clip.path) as source, trial_folder(output) as folder:
        trial = Trial(clip, output.suffix.lower(), Sample(source, indexes), folder, settings)
        fault = trial.fault(plans)
    if fault:
        raise OutputError(
            f"{output.suffix.lower()} cannot hold the film with its other streams ({fault}).",
            "Use .mkv, or leave the sound out with `sound=none`.",
        )


@contextmanager
def small_trial(clip: ClipInfo, output: Path, suffix: str) -> Iterator[Trial]:
    """A trial of all other streams, with a small film in place of the picture."""
    indexes = [o.index for o in clip.other_streams if o.kind not in ("data", "attachment")]
    with open_source(clip.path) as source, trial_folder(output) as folder:
        yield Trial(clip, suffix, Sample(source, indexes), folder)


def _beginning(clip: ClipInfo) -> ClipInfo:
    count = min(_FRAMES, clip.frame_count)
    return replace(clip, pts=clip.pts[:count], end_pts=clip.frame_end(count - 1))


def _small(clip: ClipInfo) -> ClipInfo:
    return replace(
        clip,
        width=64,
        height=64,
        depth=8,
        working_format="yuv420p",
        field_order="progressive",
        display_matrix=None,
    )


def _blank(clip: ClipInfo, pixel_format: str) -> Iterator[Frame]:
    chroma = neutral_chroma(pixel_format, clip.width, clip.height)
    shape = plane_shapes(pixel_format, clip.width, clip.height)[0]
    luma = np.full(shape, chroma[0].flat[0], chroma[0].dtype)
    for index, pts in enumerate(clip.pts):
        yield Frame(index, int(pts), (luma, *chroma))
