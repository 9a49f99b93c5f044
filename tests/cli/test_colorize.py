"""The command as a user calls it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

Maker = Callable[..., Path]
NO_SUCH_DEVICE = "cuda:63"


def vidcolor(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vidcolor", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def test_a_film_comes_out_and_the_words_say_how(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
) -> None:
    source, output = film("in.mp4", frames=12, sound=True), tmp_path / "out.mp4"
    done = vidcolor("colorize", source, output, "--model", tiny_model, "--json")
    assert done.returncode == 0, done.stderr
    *_, closing = lines = done.stderr.strip().splitlines()
    opening = next(line for line in lines if line.startswith("vidcolor "))
    for word in ("CPU", "OpenVINO", str(tiny_model), "working size"):
        assert word in opening
    for word in ("out.mp4", "12 frames", "fps", "encode"):
        assert word in closing
    result = json.loads(done.stdout)
    assert result["frames"] == 12
    assert result["output"] == str(output)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


def test_a_photograph_comes_out(tmp_path: Path, tiny_model: Path) -> None:
    rng = np.random.default_rng(0)
    smooth = np.kron(rng.integers(30, 220, (8, 10)), np.ones((16, 16))).astype(np.uint8)
    source, output = tmp_path / "in.png", tmp_path / "out.png"
    PIL.Image.fromarray(smooth).save(source)
    done = vidcolor("colorize", source, output, "--model", tiny_model, "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    result = np.asarray(PIL.Image.open(output)).astype(float)
    assert np.ptp(result, axis=2).max() > 10
    luma = result @ [0.299, 0.587, 0.114]
    assert np.abs(luma - smooth).max() < 1.5


def test_what_only_films_have_is_said_of_a_photograph(tmp_path: Path, tiny_model: Path) -> None:
    source = tmp_path / "in.png"
    PIL.Image.fromarray(np.full((64, 64), 90, np.uint8)).save(source)
    film = ["--lossless", "--codec", "ffv1", "--start", "5"]
    done = vidcolor("colorize", source, tmp_path / "out.png", "--model", tiny_model, *film)
    assert done.returncode == 0, done.stderr
    assert "--start, --codec, --lossless mean nothing for a photograph" in done.stderr


def _cases(tmp: Path, model: Path, source: Path) -> dict[str, tuple[list[object], int, str]]:
    (tmp / "words.mp4").write_text("this is no film\n" * 20)
    (tmp / "words.txt").write_text("this is no film\n" * 20)
    (tmp / "empty.mp4").write_bytes(b"")
    (tmp / "folder").mkdir()
    (tmp / "there.mp4").write_bytes(b"precious")
    (tmp / "link.mp4").symlink_to(source)
    (tmp / "html.safetensors").write_text("<html>")
    with_model = ["--model", model]
    out = tmp / "out.mp4"
    return {
        "missing": ([tmp / "no.mp4", out, *with_model], 3, "no.mp4"),
        "folder": ([tmp / "folder", out, *with_model], 3, "folder"),
        "text": ([tmp / "words.txt", out, *with_model], 3, "words.txt"),
        "text named mp4": ([tmp / "words.mp4", out, *with_model], 3, "words.mp4"),
        "empty": ([tmp / "empty.mp4", out, *with_model], 3, "empty"),
        "itself": ([source, source, *with_model, "--overwrite"], 4, "source itself"),
        "itself by link": ([source, tmp / "link.mp4", *with_model, "--overwrite"], 4, "source"),
        "no folder": ([source, tmp / "none" / "out.mp4", *with_model], 4, "none"),
        "exists": ([source, tmp / "there.mp4", *with_model], 4, "--overwrite"),
        "container": ([source, tmp / "out.xyz", *with_model], 4, "xyz"),
        "codec": ([source, out, *with_model, "--codec", "libnothing"], 4, "libnothing"),
        "preset": ([source, out, *with_model, "--preset", "warp9"], 2, "warp9"),
        "crf": ([source, out, *with_model, "--crf", "9000"], 2, "9000"),
        "model": ([source, out, "--model", "nonesuch"], 7, "nonesuch"),
        "html": ([source, out, "--model", tmp / "html.safetensors"], 7, "HTML"),
        "device": ([source, out, *with_model, "--device", NO_SUCH_DEVICE], 6, "CUDA"),
        "size": ([source, out, *with_model, "--render-size", "77"], 2, "77"),
        "start": ([source, out, *with_model, "--start", "999"], 2, "999"),
        "every": ([source, out, *with_model, "--every", "often"], 2, "often"),
        "raft": ([source, out, *with_model, "--flow", "raft"], 7, "TORCH_HOME"),
        "option": ([source, out, "--no-such-option"], 2, "no-such-option"),
    }


def test_bad_input_is_one_sentence_with_its_code_and_writes_nothing(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from vidcolor.cli.main import run

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no such folder"))
    source = film("in.mp4", frames=3)
    original = source.read_bytes()
    cases = _cases(tmp_path, tiny_model, source)
    before = {p.name for p in tmp_path.iterdir()}
    for name, (arguments, code, word) in cases.items():
        found = run(["colorize", *map(str, arguments)])
        said = capsys.readouterr()
        assert found == code, (name, said.err)
        assert word in said.err, (name, said.err)
        assert "Traceback" not in said.err, name
        assert said.out == "", name
        assert {p.name for p in tmp_path.iterdir()} == before, name
    assert source.read_bytes() == original
    assert (tmp_path / "there.mp4").read_bytes() == b"precious"


def test_a_film_without_a_picture_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    import av

    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    done = vidcolor("colorize", path, tmp_path / "out.mp4", "--model", tiny_model)
    assert done.returncode == 3
    assert "audio" in done.stderr or "picture" in done.stderr


def test_help_shows_every_group_and_every_default() -> None:
    done = vidcolor("colorize", "--help")
    assert done.returncode == 0
    for word in ("What to colour", "Colour:", "Steadiness", "Output", "Machine", "default: auto"):
        assert word in done.stdout
    assert "[Colour]" not in done.stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from vidcolor.cli.main import run; run(['--help']);"
        "print(*[m for m in ('torch', 'cv2', 'av', 'numpy') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "colorize" in done.stdout
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("command", ["colorize", "batch"])
def test_a_photograph_names_program_and_settings_unless_told_not_to(
    command: str, tmp_path: Path, tiny_model: Path
) -> None:
    from vidcolor import __version__
    from vidcolor.cli.main import run

    PIL.Image.fromarray(np.full((64, 80), 99, np.uint8)).save(tmp_path / "in.jpg")
    for name, more in {"out": [], "plain": ["--no-tag"]}.items():
        target = tmp_path / name
        target.mkdir()
        output = target if command == "batch" else target / "in.jpg"
        arguments = [str(tmp_path / "in.jpg"), str(output), "--model", str(tiny_model), *more]
        assert run([command, *arguments, "--saturation", "0.75"]) == 0
    with PIL.Image.open(tmp_path / "out" / "in.jpg") as image:
        said = image.getexif()[0x0131]
    for word in (f"Coloured by vidcolor {__version__}", "tiny", "size 256", "saturation 0.75"):
        assert word in said
    with PIL.Image.open(tmp_path / "plain" / "in.jpg") as image:
        assert not image.getexif()
