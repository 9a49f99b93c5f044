from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.evaluate.conftest import write_clip
from vidcolor.cli.main import run


def plain(color, count=6, height=48, width=64):
    return [np.full((height, width, 3), color, np.uint8)] * count


@pytest.fixture
def films(tmp_path: Path) -> tuple[Path, Path]:
    red = write_clip(tmp_path / "red.mp4", plain((200, 40, 40)))
    return red, write_clip(tmp_path / "blue.mp4", plain((40, 40, 200), count=4))


def with_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=24, options={"crf": "4"})
        video.height, video.width, video.pix_fmt = 48, 64, "yuv420p"
        audio = container.add_stream("aac", rate=16000, layout="mono")
        for frame in plain((40, 200, 40)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(
            np.zeros((1, 4096), np.float32), format="fltp", layout="mono"
        )
        sound.sample_rate, sound.pts, sound.time_base = 16000, 0, Fraction(1, 16000)
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return path


def frames(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_beside_each_other_with_the_first_film_s_frames(films, tmp_path):
    target = tmp_path / "both.mp4"
    assert run(["compare", *map(str, films), "-o", str(target), "--no-labels"]) == 0
    found = frames(target)
    assert len(found) == 6
    assert found[5].shape == (48, 128, 3)
    # The second film is over by then and stands still.
    assert np.abs(found[5][:, :60].mean((0, 1)) - (200, 40, 40)).max() < 12
    assert np.abs(found[5][:, 68:].mean((0, 1)) - (40, 40, 200)).max() < 12


def test_split_screen_keeps_the_size_and_labels_are_drawn(films, tmp_path):
    target = tmp_path / "both.mp4"
    words = ["--labels", "Red", "Blue"]
    arguments = ["compare", *map(str, films), "-o", str(target), "--layout", "split", *words]
    assert run(arguments) == 0
    found = frames(target)[2]
    assert found.shape == (48, 64, 3)
    assert found[4:24, 4:30].min(2).max() > 150  # white letters
    assert np.abs(found[30:, :28].mean((0, 1)) - (200, 40, 40)).max() < 12


def test_times_and_sound_are_kept(films, tmp_path):
    green = with_sound(tmp_path / "green.mp4")
    target = tmp_path / "both.mp4"
    assert run(["compare", str(green), str(films[0]), "-o", str(target)]) == 0
    for kind in ("video", "audio"):
        with av.open(str(green)) as before, av.open(str(target)) as after:
            times = [
                [float(p.pts * p.time_base) for p in film.demux(**{kind: 0}) if p.pts is not None]
                for film in (before, after)
            ]
        assert sorted(times[0]) == pytest.approx(sorted(times[1]))
    # The second film's sound where the first has none.
    assert run(["compare", str(films[0]), str(green), "-o", str(target), "--overwrite"]) == 0
    with av.open(str(target)) as film:
        assert len(film.streams.audio) == 1


def test_what_cannot_be_done(films, tmp_path, capsys):
    red, blue = map(str, films)
    assert run(["compare", red, blue, "-o", blue]) == 4
    assert run(["compare", red, blue, "-o", str(tmp_path / "no" / "a.mp4")]) == 4
    (tmp_path / "text.mp4").write_text("words")
    assert run(["compare", red, str(tmp_path / "text.mp4"), "-o", str(tmp_path / "a.mp4")]) == 3
    assert "text.mp4 cannot be opened" in capsys.readouterr().err
    assert not list(tmp_path.glob("*part*"))
