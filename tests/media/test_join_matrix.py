"""Every encoder in every container that is promised: segments of one frame, varying times, a late
start. What the joined film holds is read by PyAV alone."""

import itertools
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import pytest

from tests.media.conftest import decoded_lumas, seconds
from tests.media.test_mux import rejoin
from vidcolor.errors import OutputError
from vidcolor.media.encode import choose_encoder
from vidcolor.media.probe import probe

CODECS = {
    "h264": "libx264",
    "hevc": "libx265",
    "av1": "libsvtav1",
    "vp9": "libvpx-vp9",
    "ffv1": "ffv1",
}
REFUSED = [("h264", ".webm"), ("hevc", ".webm"), ("ffv1", ".webm"), ("av1", ".mov")]
PAIRS = [(name, suffix) for name in CODECS for suffix in (".mp4", ".mkv")]
# Whole milliseconds, so that mkv can hold them.
MILLISECONDS = (1700, 1717, 1760, 1761, 1900, 1933, 1999, 2400, 2433, 2466, 2500, 2533, 2613, 3000)
EVERY_FRAME = tuple(range(len(MILLISECONDS)))
ONE_THEN_MANY = (0, 1, 2, 12)


@dataclass(frozen=True)
class Packet:
    pts: Fraction
    dts: Fraction | None
    duration: Fraction
    payload: bytes


def packets(path):
    with av.open(str(path)) as container:
        base = Fraction(container.streams.video[0].time_base)
        return [
            Packet(p.pts * base, p.dts and p.dts * base, p.duration * base, bytes(p))
            for p in container.demux(video=0)
            if p.size
        ]


def check_stamps(path, wanted, last):
    """Decode stamps rise and are never late; each packet lasts until the next picture is shown."""
    found = packets(path)
    shown = sorted(p.pts for p in found)
    assert shown == wanted
    decoded = [p.dts for p in found if p.dts is not None]  # mkv stores none; PyAV guesses some
    assert all(a < b for a, b in itertools.pairwise(decoded))
    assert all(p.dts <= p.pts for p in found if p.dts is not None)
    assert path.suffix == ".mkv" or len(decoded) == len(found)
    until = dict(zip(shown, [*shown[1:], shown[-1] + last], strict=True))
    assert all(p.duration > 0 for p in found)
    if path.suffix == ".mkv":  # from mp4 FFmpeg reads steps of dts instead
        assert [p.duration for p in found] == [until[p.pts] - p.pts for p in found]


@pytest.mark.parametrize("cuts", [EVERY_FRAME, ONE_THEN_MANY], ids=["every-frame", "one-then-many"])
@pytest.mark.parametrize(("name", "suffix"), PAIRS)
def test_the_join_holds_the_same_frames_at_the_same_times(film, tmp_path, name, suffix, cuts):
    recipe = {"width": 96, "height": 80, "time_base": Fraction(1, 1000)}
    source = film("in.mkv", frames=len(MILLISECONDS), pts=MILLISECONDS, **recipe)
    output = tmp_path / f"out{suffix}"
    clip, parts = rejoin(source, output, cuts, CODECS[name], lossless=False)
    wanted = [Fraction(ms, 1000) for ms in MILLISECONDS]
    assert seconds(source) == seconds(output) == wanted
    check_stamps(output, wanted, (clip.end_pts - int(clip.pts[-1])) * clip.time_base)
    assert [p.payload for p in packets(output)] == [p.payload for s in parts for p in packets(s)]
    alone = [luma for part in parts for luma in decoded_lumas(part)]
    joined = decoded_lumas(output)
    assert len(joined) == len(MILLISECONDS)
    assert all(np.array_equal(a, b) for a, b in zip(alone, joined, strict=True))
    assert probe(output).codec == name


@pytest.mark.parametrize(("name", "suffix"), REFUSED)
def test_what_a_container_does_not_allow_is_refused_beforehand(film, tmp_path, name, suffix):
    clip = probe(film(frames=2))
    with pytest.raises(OutputError, match=rf"No encoder holds .* in {suffix} .*Use .*\.mkv"):
        choose_encoder(clip, tmp_path / f"out{suffix}", CODECS[name])
