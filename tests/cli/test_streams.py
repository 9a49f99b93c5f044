"""--stream: every command takes the same stream for the film."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest
from av.stream import Disposition

from tests.media.test_films import DEFAULT, NONE, together
from vidcolor.cli.main import run


@pytest.fixture
def two(film, tmp_path: Path) -> Path:
    """A small film that is the default one, and a large, longer one."""
    films = [film("small.mp4", frames=6), film("large.mp4", frames=9, width=128, height=96)]
    return together(tmp_path / "two.mkv", films, [DEFAULT, NONE])


def packets(path: Path, index: int) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(container.streams[index]) if p.size]


def widths(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [stream.width for stream in container.streams.video]


@pytest.mark.parametrize(("wish", "chosen"), [([], 0), (["--stream", "1"], 1)])
def test_the_chosen_film_is_coloured_and_the_other_copied(
    two, tmp_path, tiny_model, capsys, wish, chosen
):
    output = tmp_path / "out.mkv"
    words = ["--model", str(tiny_model), "--json", *wish]
    assert run(["colorize", str(two), str(output), *words]) == 0
    made = json.loads(capsys.readouterr().out)
    other = 1 - chosen
    assert made["frames"] == (6, 9)[chosen]
    assert f"stream {chosen} (h264" in " ".join(made["notes"])
    assert f"--stream {other} colours it" in " ".join(made["notes"])
    assert widths(output) == [(64, 128)[chosen], (64, 128)[other]]
    assert packets(output, 1) == packets(two, other)
    with av.open(str(output)) as container:
        marks = [stream.disposition & Disposition.default for stream in container.streams]
        chroma = next(container.decode(video=0)).to_ndarray(format="yuv444p")[1:]
    assert marks == [Disposition.default, 0]
    assert np.abs(chroma.astype(int) - 128).max() > 3


def test_shots_preview_stills_and_batch_agree(two, tmp_path, tiny_model, capsys):
    model = ["--model", str(tiny_model), "--stream", "1"]
    assert run(["shots", str(two), "--stream", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 9
    picture = tmp_path / "p.png"
    assert run(["preview", str(two), "--frame", "8", "-o", str(picture), *model]) == 0
    assert PIL.Image.open(picture).size == (128, 96)
    assert run(["stills", str(two), str(tmp_path / "stills"), *model]) == 0
    assert PIL.Image.open(next((tmp_path / "stills").glob("*.png"))).size == (128, 96)
    target = tmp_path / "out"
    assert run(["batch", str(two), str(target), *model]) == 0
    assert widths(target / "two.mkv") == [128, 64]
    capsys.readouterr()


def test_a_stream_that_is_not_there_is_a_matter_of_usage(two, tmp_path, tiny_model, capsys):
    words = ["--model", str(tiny_model), "--stream", "5"]
    assert run(["colorize", str(two), str(tmp_path / "out.mkv"), *words]) == 2
    assert "0 (h264, 64x48) or 1 (h264, 128x96)" in capsys.readouterr().err


def test_another_stream_is_another_job(two, tmp_path, tiny_model):
    from vidcolor.media.probe import probe
    from vidcolor.run.plan import make_plan
    from vidcolor.run.settings import ColorizeSettings

    prints = []
    for stream in (0, 1):
        settings = ColorizeSettings(model=str(tiny_model), stream=stream)
        plan = make_plan(probe(two, stream), tmp_path / "out.mkv", settings, 1)
        prints.append(plan.fingerprint("here")["settings"])
    assert prints[0] != prints[1]
