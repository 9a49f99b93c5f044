"""One segment through the rooms: small luma to settled chroma, then full frames to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL
from vidcolor.color.pale import Tally
from vidcolor.color.raised import raised_chroma, raised_luma
from vidcolor.color.upscale import colored_planes
from vidcolor.files import finished_file
from vidcolor.media.clip import Frame
from vidcolor.media.decode import read_frames
from vidcolor.media.mux import JoinPlan
from vidcolor.media.planes import plane_shapes, turn_back
from vidcolor.run.film import SegmentLimits, SmallLuma
from vidcolor.run.picture_files import segment_writer
from vidcolor.run.plan import Plan
from vidcolor.run.stages import Timings, ahead, side_by_side
from vidcolor.steady.shots import Sketch, cuts_among, sketch

FRAMES_AHEAD = 4
UPSCALE_THREADS = 2

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Segment:
    """Frames that are coloured and encoded together.

    Attributes:
        first: index of its first frame in the clip.
        count: how many frames it has.
        luma: uint8 (frames, height, width): its small luma with some before and behind it where a
            shot was split; (frames, 0, 0) where that is elsewhere.
        lead: how many frames of `luma` come before its first. What comes behind its last is its
            tail: frames that belong to the next segment.
        cuts: indexes in `luma` at which shots begin, without 0.
        shared: how many frames before its end the next segment sees too, as its lead.
        own: shots that are in colour already, as places in `luma`.
        tail: how many frames of `luma` come behind its last.
    """

    first: int
    count: int
    luma: SmallLuma
    lead: int
    cuts: tuple[int, ...]
    shared: int
    own: tuple[range, ...] = ()
    tail: int = 0

    def beginnings(self) -> list[int]:
        """Those of its own frames with which shots begin, by their indexes in the clip, rising."""
        return beginnings(self.first, self.count, self.lead, self.cuts)

    def shot_lengths(self) -> list[int]:
        """How many frames of `luma` each shot has."""
        return [stop - start for start, stop in pairwise([0, *self.cuts, len(self.luma)])]

    def own_frames(self) -> list[range]:
        """Its frames that are in colour already, by their indexes in the clip."""
        start, stop = self.first, self.first + self.count
        shift = start - self.lead
        inside = (range(max(start, s.start + shift), min(stop, s.stop + shift)) for s in self.own)
        return [frames for frames in inside if frames]


def beginnings(first: int, count: int, lead: int, cuts: tuple[int, ...]) -> list[int]:
    """Frames with which shots begin, rising; arguments as those of `Segment`."""
    places = cuts if lead else (0, *cuts)
    return [first - lead + place for place in places if lead <= place < lead + count]


@dataclass
class Cutting:
    """Cuts a film into segments of whole shots, splitting shots that are too long.

    Where a shot is split, both sides see some of each other's frames, so that colour can be blended
    from the one to the other. What it knows of a film can be handed on between machines.

    Attributes:
        limits: how long segments may be.
        first: where the next one begins: the first frame of all, or behind any segment.
        lead: how many frames before it the segment before shared.
        waiting: sketches of frames from `first - lead` on.
    """

    limits: SegmentLimits
    first: int
    lead: int = 0
    waiting: list[Sketch] = field(default_factory=list)

    def next(self, ended: bool) -> Segment | None:
        """The next segment, its `luma` without height and width; None where frames are wanting.

        Args:
            ended: whether no more frames come.
        """
        lead, overlap = self.lead, self.limits.overlap
        most = lead + self.limits.longest + overlap
        window = self.waiting[:most]
        available = len(window) - lead
        if available <= 0 or (len(window) < most and not ended):
            return None
        cuts = [cut - lead for cut in cuts_among(window)]
        count, whole = _extent(available, cuts, self.limits, len(window) < most)
        tail = 0 if whole else min(overlap, available - count)
        inside = tuple(lead + cut for cut in cuts if -lead < cut < count + tail)
        kept = min(overlap, lead + count) if tail else 0
        shown = np.empty((lead + count + tail, 0, 0), np.uint8)
        segment = Segment(self.first, count, shown, lead, inside, kept, tail=tail)
        del self.waiting[: lead + count - kept]
        self.first, self.lead = self.first + count, kept
        return segment


def segments(
    limits: SegmentLimits, frames: Iterable[SmallLuma], first: int, lead: int = 0
) -> Iterator[Segment]:
    """Segments of small luma, each as soon as its frames are there.

    Args:
        limits: how long they may be.
        frames: small luma from frame `first - lead` on.
        first: as that of `Cutting`.
        lead: likewise.
    """
    cutting = Cutting(limits, first, lead)
    waiting: list[SmallLuma] = []
    coming = iter(frames)
    ended = False
    while not ended:
        frame = next(coming, None)
        if frame is None:
            ended = True
        else:
            waiting.append(frame)
            cutting.waiting.append(sketch(frame))
        while (segment := cutting.next(ended)) is not None:
            yield replace(segment, luma=np.stack(waiting[: len(segment.luma)]))
            del waiting[: len(waiting) - len(cutting.waiting)]


def _extent(
    available: int, cuts: list[int], limits: SegmentLimits, ended: bool
) -> tuple[int, bool]:
    """How many of the frames at hand a segment takes, and whether it ends with a shot."""
    usable = [cut for cut in cuts if limits.shortest <= cut <= limits.longest]
    for cut in usable:
        if cut >= limits.enough:
            return cut, True
    if ended and available <= limits.longest:
        return available, True
    return (usable[-1], True) if usable else (limits.longest, False)


def write_segment(
    plan: Plan,
    segment: Segment,
    shots: Iterator[FloatArray],
    path: Path,
    timings: Timings,
    written: Callable[[], None],
) -> Tally:
    """Decode a segment again, give every frame its colour, encode it.

    Args:
        plan: what is to be done.
        segment: which frames.
        shots: the segment's chroma in one or more parts, float32 (frames, 2, h, w) on 0..255, of
            the upright picture; each is taken when the frames before it are encoded.
        path: where the encoded segment appears when it is complete.
        timings: told how long each stage took.
        written: called after every frame.

    Returns:
        how much colour its frames got, and how many were damaged.
    """
    tally = Tally()
    source = ahead(timings.each("decode", _frames(plan, segment)), FRAMES_AHEAD, "decode")
    left = segment.count
    with closing(source), segment_writer(plan, path) as writer:
        while left:
            chroma = next(shots)
            left -= len(chroma)
            color = partial(_colored, plan, segment, timings)
            work = (partial(color, next(source), upright) for upright in chroma)
            with closing(side_by_side(work, UPSCALE_THREADS, FRAMES_AHEAD, "upscale")) as waiting:
                for frame, counted in waiting:
                    with timings.measure("encode"):
                        writer.write(frame)
                    tally.include(counted)
                    written()
    return tally


def tail_of(path: Path) -> Path:
    """Where that lies which a segment at `path` saw of the next one's first frames."""
    return path.with_suffix(".tail.npy")


def save_tail(path: Path, chroma: FloatArray) -> None:
    """Keep it, if it is anything: float32 (frames, 2, height, width)."""
    if len(chroma):
        with finished_file(tail_of(path)) as temporary, temporary.open("wb") as stream:
            np.save(stream, chroma)


def load_tail(path: Path) -> FloatArray:
    """What `save_tail` kept."""
    return np.asarray(np.load(tail_of(path)), np.float32)


def _frames(plan: Plan, segment: Segment) -> Iterator[Frame]:
    return read_frames(plan.clip, segment.first, segment.count, plan.settings.threads)


def _colored(
    plan: Plan, segment: Segment, timings: Timings, frame: Frame, upright: FloatArray
) -> tuple[Frame, Tally]:
    """A frame in colour, of its small chroma, and how much colour it got."""
    with timings.measure("upscale"):
        clip, spec, target = plan.clip, plan.film.spec, plan.encoded_spec
        shapes = plane_shapes(plan.encoder.pixel_format, clip.width, clip.height)
        tally = Tally(damaged=int(frame.repeated))
        luma = raised_luma(frame.luma, spec, target)
        look = plan.direction.looks.at(frame.index)
        if len(frame.planes) > 1 and _stays(plan, segment, frame.index):
            _, *own = frame.planes
            cb, cr = raised_chroma((own[0], own[1]), shapes[1], clip.chroma_location, spec, target)
            return replace(frame, planes=(luma, cb, cr)), tally
        saturation = np.float32(plan.looking(look).saturation)
        strong = (upright - np.float32(NEUTRAL)) * saturation + np.float32(NEUTRAL)
        tally.add(strong, frame.luma, spec)
        lying = np.stack([turn_back(plane, clip.rotation, clip.flipped) for plane in strong])
        cb, cr = colored_planes(lying, luma, shapes[1], clip.chroma_location, target)
        return replace(frame, planes=(luma, cb, cr)), tally


def _stays(plan: Plan, segment: Segment, index: int) -> bool:
    """Whether a frame keeps the colour that it has."""
    look = plan.direction.looks.at(index)
    if look and look.leave:
        return True
    return plan.settings.keeps_own and any(index in frames for frames in segment.own_frames())


def join_plan(plan: Plan, film: Path) -> JoinPlan:
    """How a film's segments are joined.

    Args:
        plan: what is to be done.
        film: appears when it is complete.
    """
    clip, last = plan.clip, plan.first + plan.count - 1
    return JoinPlan(
        clip,
        film,
        plan.streams,
        start_pts=int(clip.pts[plan.first]) if plan.is_part else None,
        end_pts=clip.frame_end(last) if plan.is_part else None,
        tag=plan.tag,
    )
