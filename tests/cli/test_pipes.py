"""Film and photographs through standard input and output, in processes of their own."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import PIL.Image
import pytest

from tests.media.conftest import decoded_lumas
from vidcolor.cli.main import run
from vidcolor.media.decode import read_frames
from vidcolor.media.probe import probe
from vidcolor.media.y4m import write_y4m

Maker = Callable[..., Path]
Piped = Callable[..., "subprocess.CompletedProcess[bytes]"]
VARYING = (0, 1000, 2500, 3000, 7000, 8000)


@pytest.fixture
def piped(tmp_path: Path, tiny_model: Path) -> Piped:
    """Runs `colorize`, its cache in a folder of its own."""

    def runs(*arguments: object, sent: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        words = [sys.executable, "-m", "vidcolor", "colorize", *map(str, arguments)]
        cache = {"OMP_NUM_THREADS": "1", "VIDCOLOR_CACHE": str(tmp_path / "cache")}
        return subprocess.run(
            [*words, "--model", str(tiny_model)],
            input=sent,
            capture_output=True,
            env=os.environ | cache,
        )

    return runs


def as_y4m(path: Path) -> bytes:
    stream = io.BytesIO()
    write_y4m(probe(path), stream)
    return stream.getvalue()


def kept(tmp_path: Path, data: bytes, name: str) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def pictures(path: Path) -> list[bytes]:
    return [b"".join(p.tobytes() for p in f.planes) for f in read_frames(probe(path))]


def leftovers(tmp_path: Path) -> list[str]:
    return [p.name for p in (tmp_path / "cache").glob("pipe-*")]


def test_what_goes_through_pipes_is_what_files_give(
    film: Maker, tmp_path: Path, piped: Piped
) -> None:
    source = film("in.mkv", codec="ffv1", options={})
    whole = tmp_path / "whole.mkv"
    assert piped(source, whole, "--codec", "ffv1").returncode == 0
    done = piped("-", "-", sent=as_y4m(source))
    assert done.returncode == 0, done.stderr
    through = kept(tmp_path, done.stdout, "through.mkv")
    assert pictures(through) == pictures(whole)
    assert probe(through).average_rate == 24
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("made", "header"),
    [
        ({}, b"W64 H48 F24:1 Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED"),
        ({"pix_fmt": "yuv422p10le"}, b"C422p10"),
        ({"full_range": True, "aspect": Fraction(16, 11)}, b"A16:11 C420mpeg2 XCOLORRANGE=FULL"),
    ],
)
def test_y4m_out_has_the_sources_luma_and_says_what_it_is(
    made: dict[str, object], header: bytes, film: Maker, tmp_path: Path, piped: Piped
) -> None:
    source = film("in.mp4", sound=True, **made)
    done = piped(source, "-", "--container", "y4m", "--verbose")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"YUV4MPEG2 ")
    assert header in done.stdout.split(b"\n", 1)[0]
    assert b"sound and all other streams are left out" in done.stderr
    there = decoded_lumas(kept(tmp_path, done.stdout, "out.y4m"))
    assert all(np.array_equal(*pair) for pair in zip(there, decoded_lumas(source), strict=True))


def test_a_stream_of_mkv_keeps_its_sound(film: Maker, tmp_path: Path, piped: Piped) -> None:
    source = film("in.mkv", sound=True)
    done = piped("-", "-", sent=source.read_bytes())
    assert done.returncode == 0, done.stderr
    with av.open(io.BytesIO(done.stdout)) as out, av.open(str(source)) as before:
        sound = [b"".join(bytes(p) for p in c.demux(audio=0)) for c in (out, before)]
    assert sound[0] == sound[1]


@pytest.mark.parametrize(("container", "kind"), [(None, "PNG"), ("jpg", "JPEG")])
def test_a_photograph_goes_through(
    container: str | None, kind: str, tmp_path: Path, piped: Piped
) -> None:
    buffer = io.BytesIO()
    grey = np.kron(np.arange(60, 180, 12), np.ones((64, 8))).astype(np.uint8)
    PIL.Image.fromarray(grey).save(buffer, "PNG")
    more = ["--container", container] if container else []
    done = piped("-", "-", *more, sent=buffer.getvalue())
    assert done.returncode == 0, done.stderr
    image = PIL.Image.open(io.BytesIO(done.stdout))
    assert (image.format, image.size) == (kind, (80, 64))


def test_the_same_bytes_go_on_with_an_unfinished_job(
    film: Maker, tmp_path: Path, piped: Piped
) -> None:
    sent, output = film("in.mkv").read_bytes(), tmp_path / "out.mkv"
    assert piped("-", output, "--keep-job", sent=sent).returncode == 0
    output.unlink()
    again = piped("-", output, sent=sent)
    assert again.returncode == 0, again.stderr
    assert b"24 of 24 frames" in again.stderr


def test_what_cannot_be_is_said(film: Maker, tmp_path: Path, piped: Piped) -> None:
    source = film("in.mp4")
    uneven = film("uneven.mp4", frames=6, pts=VARYING)
    cases: dict[str, tuple[list[object], bytes, int]] = {
        "Nothing came through": (["-", tmp_path / "o.mp4"], b"", 3),
        "Standard input is not a media file": (["-", tmp_path / "o.mp4"], b"words" * 99, 3),
        "--json and the film": ([source, "-", "--json"], b"", 2),
        "--container is for standard output": ([source, "o.mp4", "--container", "mkv"], b"", 2),
        "no suffix of a film container": ([source, "-", "--container", "xyz"], b"", 4),
        "frame rate varies": ([uneven, "-", "--container", "y4m"], b"", 4),
    }
    for words, (arguments, sent, code) in cases.items():
        done = piped(*arguments, sent=sent)
        assert done.returncode == code, done.stderr
        assert words in done.stderr.decode()
        assert done.stdout == b""
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="has no such terminals")
def test_a_terminal_is_no_film(
    film: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, terminal = os.openpty()
    with os.fdopen(terminal) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert run(["colorize", "-", str(tmp_path / "o.mp4")]) == 2
    assert "keyboard" in capsys.readouterr().err


def test_a_reader_that_goes_away_ends_in_a_sentence(
    film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    source = film("in.mp4", frames=12, width=640, height=480)
    words = [sys.executable, "-m", "vidcolor", "colorize", str(source), "-"]
    cache = {"VIDCOLOR_CACHE": str(tmp_path / "cache")}
    process = subprocess.Popen(
        [*words, "--model", str(tiny_model)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | cache,
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    said = process.stderr.read().decode()
    assert process.wait() == 4
    assert "could not be written to its end" in said
    assert leftovers(tmp_path) == []


def test_a_pipe_leaves_room_on_the_disk(
    film: Maker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sent = io.BytesIO(film("in.mp4").read_bytes())
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=sent, isatty=lambda: False))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    assert run(["colorize", "-", str(tmp_path / "o.mp4")]) == 4
    said = capsys.readouterr().err
    assert "is full" in said and "VIDCOLOR_CACHE" in said
    assert leftovers(tmp_path) == []


def test_what_a_killed_process_left_goes_with_the_next(
    film: Maker, tmp_path: Path, piped: Piped
) -> None:
    old = tmp_path / "cache" / "pipe-old"
    old.mkdir(parents=True)
    (old / "standard-input").write_bytes(b"much")
    assert piped("-", tmp_path / "out.mkv", sent=film("in.mkv").read_bytes()).returncode == 0
    assert leftovers(tmp_path) == []
