"""A film taken apart at keyframes and surveyed in parts is cut as it is in one go."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.scenes import SAMPLES
from vidcolor.media.clip import ClipInfo
from vidcolor.media.legs import legs_of
from vidcolor.media.probe import probe
from vidcolor.run.blocks import BORDER, Block, blocks, cut_on, put_together
from vidcolor.run.film import Film, SegmentLimits
from vidcolor.run.own import OwnColor
from vidcolor.run.segment import Cutting, Segment, segments
from vidcolor.run.settled import Surveyed

LIMITS = SegmentLimits(shortest=4, enough=8, longest=16, overlap=3)
SHOTS = (("nosferatu", 0, 6), ("nasa", 20, 9), ("vtest", 0, 24), ("nosferatu", 120, 10))
SIZE = 96, 64
# Groups of pictures closed and open, with and without frames that are shown later than decoded.
KINDS = {
    "h264.mp4": ("libx264", {"g": "9", "bf": "2", "preset": "ultrafast"}),
    "open.mkv": ("libx264", {"g": "7", "bf": "3", "x264-params": "open-gop=1:b-pyramid=normal"}),
    "mpeg2.mkv": ("mpeg2video", {"g": "6", "bf": "2"}),
    "mpeg4.avi": ("mpeg4", {"g": "8"}),
    "vp9.webm": ("libvpx-vp9", {"g": "10", "deadline": "realtime", "cpu-used": "8"}),
    "intra.mov": ("mjpeg", {}),
}


def pictures() -> list[av.VideoFrame]:
    frames = []
    for sample, first, count in SHOTS:
        with av.open(str(SAMPLES / f"{sample}.mp4")) as container:
            found = list(itertools.islice(container.decode(video=0), first + count))
        frames += [frame.reformat(*SIZE, "yuv420p") for frame in found[first:]]
    third = sum(count for *_, count in SHOTS[:2])
    return [*frames[:third], *map(painted, frames[third : third + SHOTS[2][2]]), *frames[-10:]]


def painted(frame: av.VideoFrame) -> av.VideoFrame:
    """A frame with colour of its own."""
    planes = frame.to_ndarray()
    chroma = planes[SIZE[1] :].reshape(2, SIZE[1] // 2, SIZE[0] // 2)
    chroma[:] = 128
    chroma[0, 4:20, 5:20], chroma[1, 4:20, 5:20], chroma[0, 12:28, 25:40] = 88, 178, 173
    return av.VideoFrame.from_ndarray(planes, "yuv420p")


@pytest.fixture(scope="module")
def frames() -> list[av.VideoFrame]:
    return pictures()


@pytest.fixture(scope="module", params=KINDS)
def clip(request, frames, tmp_path_factory) -> ClipInfo:
    path = tmp_path_factory.mktemp("kinds") / request.param
    codec, options = KINDS[request.param]
    form = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE, form
        for index, frame in enumerate(frames):
            one = frame.reformat(format=form)
            one.pts, one.time_base, one.pict_type = index, Fraction(1, 24), 0
            container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    return probe(path)


def in_one_go(view: Film) -> list[Surveyed]:
    own = OwnColor(view)
    made = []
    for segment in segments(LIMITS, own.survey(view.first), view.first):
        found = own.find(segment)
        made.append(Surveyed(replace(segment, own=tuple(found)), found))
    return made


def in_parts(view: Film, made: Sequence[Block]) -> list[Surveyed]:
    """Blocks that were made in any order, as a cluster does it."""
    cutting, found = Cutting(LIMITS, view.first), []
    for block in made:
        parts, cutting = cut_on(cutting, block.sketches, ended=block is made[-1])
        found += parts
    firsts = [block.first for block in made]
    return [
        put_together(part, firsts, [b.luma for b in made], [b.chroma for b in made])
        for part in found
    ]


def assert_alike(found: Sequence[Surveyed], expected: Sequence[Surveyed]) -> None:
    def plan(parts: Sequence[Surveyed]) -> list[Segment]:
        return [replace(part.segment, luma=len(part.segment.luma)) for part in parts]

    assert [vars(segment) for segment in plan(found)] == [vars(one) for one in plan(expected)]
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.segment.luma, other.segment.luma)
        assert list(one.own) == list(other.own)
        assert all(np.array_equal(one.own[shot], other.own[shot]) for shot in one.own)


def apart(view: Film, legs: Sequence[range]) -> list[Block]:
    made = [next(blocks(view, leg, len(leg))) for leg in reversed(legs)][::-1]
    for before, after in itertools.pairwise(made):
        assert before.border.follows == after.border.begins
    return made


def test_a_film_in_parts_is_cut_as_in_one_go_wherever_it_is_taken_apart(clip: ClipInfo) -> None:
    view = Film.whole(clip, 64)
    whole = range(clip.frame_count)
    expected = in_one_go(view)
    assert len(expected) > 3
    assert any(part.segment.cuts for part in expected)
    assert any(part.segment.lead for part in expected)
    assert any(part.own for part in expected)
    legs, why = legs_of(clip, whole, least=BORDER, most=100)
    assert not why
    assert len(legs) > 4
    assert_alike(in_parts(view, apart(view, legs)), expected)
    for key in clip.keys[1:]:
        both = [range(key), range(key, clip.frame_count)]
        assert_alike(in_parts(view, apart(view, both)), expected)


@pytest.mark.parametrize("length", [1, 2, 5, 100])
def test_one_worker_gives_the_same_in_blocks_of_any_length(clip: ClipInfo, length: int) -> None:
    view = Film.whole(clip, 64)
    made = list(blocks(view, range(clip.frame_count), length))
    assert_alike(in_parts(view, made), in_one_go(view))


def test_a_part_of_a_film_too(clip: ClipInfo) -> None:
    view = Film(clip, 64, 5, clip.frame_count - 9)
    legs, _ = legs_of(clip, range(5, clip.frame_count - 4), least=4, most=100)
    assert (legs[0].start, legs[-1].stop) == (5, clip.frame_count - 4)
    assert min(map(len, legs)) >= 4
    assert_alike(in_parts(view, apart(view, legs)), in_one_go(view))


def test_decoding_that_begins_earlier_gives_the_same_frames(clip: ClipInfo) -> None:
    view, leg = Film.whole(clip, 64), range(20, 30)
    late, early = (next(blocks(view, leg, len(leg), start)) for start in (None, 0))
    assert np.array_equal(late.luma, early.luma)
    assert late.border == early.border
