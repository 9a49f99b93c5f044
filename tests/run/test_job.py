from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.captions import captioned, captions
from tests.media.conftest import decoded_lumas, seconds
from tests.run.threads import is_main_thread
from vidcolor.errors import OutputError
from vidcolor.infer.choose import load_predictor
from vidcolor.media.probe import probe
from vidcolor.run.here import Here
from vidcolor.run.job import JobFolder, Told, run_job
from vidcolor.run.plan import Plan, make_plan
from vidcolor.run.settings import ColorizeSettings

Maker = Callable[..., Path]


def color(source: Path, output: Path, model: Path, **settings: object) -> Plan:
    plan = make_plan(
        probe(source), output, ColorizeSettings(model=str(model), **settings), threads=1
    )
    predictor = load_predictor(str(model), "cpu", "openvino", threads=1)
    run_job(plan, Here(predictor), JobFolder(plan, "test"), Told())
    return plan


def video_packets(path: Path) -> list[tuple[int, bytes]]:
    with av.open(str(path)) as container:
        return [(p.pts, bytes(p)) for p in container.demux(video=0) if p.size]


def sound_hash(path: Path) -> str:
    with av.open(str(path)) as container:
        payload = b"".join(bytes(p) for p in container.demux(audio=0) if p.size)
    return hashlib.sha256(payload).hexdigest()


def chroma_spread(path: Path) -> float:
    with av.open(str(path)) as container:
        frames = [f.to_ndarray(format="yuv444p") for f in container.decode(video=0)]
    return float(np.mean([np.abs(f[1:].astype(int) - 128).mean() for f in frames]))


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
def test_lossless_keeps_luma_bit_by_bit_and_adds_colour(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
    pix_fmt: str,
    full_range: bool,
) -> None:
    source = film("in.mkv", frames=10, pix_fmt=pix_fmt, full_range=full_range)
    output = tmp_path / "out.mkv"
    color(source, output, tiny_model, lossless=True)
    before, after = decoded_lumas(source), decoded_lumas(output)
    assert len(before) == len(after) == 10
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    assert chroma_spread(output) > 2


def test_stamps_of_variable_rate_with_a_late_start_are_kept_and_so_is_sound(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
) -> None:
    pts = [19200, 20200, 21900, 22000, 25000, 25100, 29000, 30000]
    source = film("in.mp4", frames=8, pts=pts, sound=True)
    output = tmp_path / "out.mp4"
    color(source, output, tiny_model)
    assert seconds(output) == seconds(source)
    assert sound_hash(output) == sound_hash(source)


def test_a_rotated_anamorphic_film_stays_so(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
) -> None:
    from fractions import Fraction

    source = film("in.mp4", frames=4, turn=(90, False), aspect=Fraction(4, 3))
    output = tmp_path / "out.mp4"
    plan = color(source, output, tiny_model)
    made = probe(output)
    assert made.rotation == plan.clip.rotation != 0
    assert made.sample_aspect_ratio == Fraction(4, 3)
    height, width = plan.film.working_shape
    assert height > width


@pytest.mark.parametrize("joined", [False, True], ids=["one-clock", "clock-set-anew"])
def test_a_killed_run_goes_on_and_ends_with_the_same_packets(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    joined: bool,
) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.5)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.2)
    source = film("in.mp4", frames=60)
    if joined:
        halves = [film(f"{half}.ts", frames=30, sound=True) for half in "ab"]
        source = tmp_path / "in.ts"
        source.write_bytes(b"".join(half.read_bytes() for half in halves))
    straight, stopped = tmp_path / "a.mp4", tmp_path / "b.mp4"
    color(source, straight, tiny_model)
    plan = make_plan(probe(source), stopped, ColorizeSettings(model=str(tiny_model)), threads=1)
    predictor = load_predictor(str(tiny_model), "cpu", "openvino", threads=1)
    folder = JobFolder(plan, "test")
    written = 0

    class KilledError(BaseException):
        pass

    def kill(frames: float, stage: str) -> None:
        nonlocal written
        written += is_main_thread()
        if written == 30:
            raise KilledError

    with pytest.raises(KilledError):
        run_job(plan, Here(predictor), folder, Told(kill))
    assert not stopped.exists()
    done = run_job(plan, Here(predictor), JobFolder(plan, "test"), Told())
    assert done.resumed > 0
    assert video_packets(stopped) == video_packets(straight)
    assert len(plan.clip.clock.leaps) == joined
    assert len(video_packets(stopped)) == 60
    assert not folder.path.exists()


def test_a_job_with_other_settings_is_not_mixed_in(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
) -> None:
    source = film("in.mp4", frames=3)
    output = tmp_path / "out.mp4"
    plan = make_plan(probe(source), output, ColorizeSettings(model=str(tiny_model)), threads=1)
    other = ColorizeSettings(model=str(tiny_model), saturation=2.0)
    JobFolder(plan, "test")
    with pytest.raises(OutputError, match="settings"):
        JobFolder(make_plan(probe(source), output, other, threads=1), "test")
    JobFolder(make_plan(probe(source), output, other, threads=1), "test", restart=True)


def test_a_part_is_coloured_and_begins_at_zero(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
) -> None:
    source = film("in.mp4", frames=24, sound=True)
    output = tmp_path / "out.mp4"
    color(source, output, tiny_model, start_s=0.25, duration_s=0.5, lossless=True)
    before, after = decoded_lumas(source), decoded_lumas(output)
    assert len(after) == 12
    assert all((a == b).all() for a, b in zip(before[6:18], after, strict=True))
    assert seconds(output)[0] == 0


def test_saturation_zero_is_grey(film: Maker, tmp_path: Path, tiny_model: Path) -> None:
    source, output = film("in.mp4", frames=3), tmp_path / "out.mp4"
    color(source, output, tiny_model, saturation=0.0, lossless=True)
    assert chroma_spread(output) == 0


def test_closed_captions_go_with_their_frames(
    film: Maker, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.5)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.2)
    source, output = captioned(film("in.h264", frames=40)), tmp_path / "out.mp4"
    plan = color(source, output, tiny_model)
    assert not any("aptions" in note for note in plan.notes)
    assert captions(output) == captions(source)
    assert chroma_spread(output) > 2
