import gc
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.media.conftest import decoded_lumas
from vidcolor.errors import InputError
from vidcolor.media.decode import read_frames, read_luma
from vidcolor.media.probe import probe

GOPS = {"preset": "ultrafast", "bf": "2", "g": "10", "x264-params": "open-gop=1:scenecut=0"}


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts", "film.avi"])
def test_any_range_is_exactly_those_frames(film, name):
    time_base = Fraction(1, 24) if name.endswith("avi") else Fraction(1, 24000)
    path = film(name, frames=40, options=GOPS, time_base=time_base)
    clip, truth = probe(path), decoded_lumas(path)
    assert clip.frame_count == 40
    for first, count in [(0, 40), (0, 1), (9, 3), (10, 1), (11, 12), (19, 21), (39, 1), (5, 0)]:
        frames = list(read_frames(clip, first, count))
        assert [f.index for f in frames] == list(range(first, first + count))
        assert [f.pts for f in frames] == clip.pts[first : first + count].tolist()
        assert all(np.array_equal(f.luma, truth[f.index]) for f in frames)
        assert not any(f.repeated for f in frames)


def test_frames_stay_as_they_were_while_others_are_decoded(film):
    clip = probe(film())
    kept, copies = [], []
    for frame in read_frames(clip):
        kept.append(frame)
        copies.append([p.copy() for p in frame.planes])
    for frame, planes in zip(kept, copies, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(frame.planes, planes, strict=True))


def test_a_frame_goes_from_memory_with_its_last_user(film):
    clip = probe(film("h264.mp4"))
    gc.collect()
    gc.disable()
    try:
        before = frames_in_memory()
        for _ in read_frames(clip, 0, clip.frame_count):
            pass
        assert frames_in_memory() - before < clip.frame_count / 2
    finally:
        gc.enable()


def frames_in_memory() -> int:
    return sum(type(each) is av.VideoFrame for each in gc.get_objects())


def test_luma_alone_is_the_same_luma(film):
    clip = probe(film(pix_fmt="yuv420p10le"))
    both = zip(read_frames(clip, 3, 5), read_luma(clip, 3, 5), strict=True)
    assert all(np.array_equal(f.luma, luma) for f, luma in both)


def test_a_damaged_packet_repeats_the_frame_before_and_shifts_nothing(film):
    intra = {"preset": "ultrafast", "g": "1"}
    path = film("film.mkv", options=intra)
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        place, size = packets[7].pos, packets[7].size
    truth = decoded_lumas(path)
    data = bytearray(path.read_bytes())
    found = data.find(bytes(packets[7])[:64], place)
    data[found : found + size] = bytes(size)
    path.write_bytes(data)
    clip = probe(path)
    frames = list(read_frames(clip))
    assert len(frames) == clip.frame_count == 24
    assert [f.index for f in frames if f.repeated] == [7]
    assert np.array_equal(frames[7].luma, truth[6])
    assert np.array_equal(frames[8].luma, truth[8])
    # The same frame asked for on its own is a repeat too.
    alone = next(iter(read_frames(clip, 7, 1)))
    assert alone.repeated and np.array_equal(alone.luma, truth[6])


def test_a_change_of_size_midway_is_told(film):
    small = film("a.ts", frames=30)
    large = film("b.ts", frames=30, width=80)
    small.write_bytes(small.read_bytes() + large.read_bytes())
    with pytest.raises(InputError, match=r"64x48.*80x48"):
        list(read_frames(probe(small)))


def test_frames_that_are_not_there_are_an_index_error(film):
    clip = probe(film(frames=3))
    for first, count in [(0, 4), (-1, 1), (4, 0)]:
        with pytest.raises(IndexError):
            list(read_frames(clip, first, count))


def test_a_reader_can_be_left_halfway(film):
    clip = probe(film())
    reader = read_frames(clip, threads=4)
    next(reader)
    reader.close()
