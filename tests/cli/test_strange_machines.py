"""Machines as they are: containers, network drives, closed streams, pipes, links, odd names."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest

import tests
from vidcolor.cli.main import cli, run

Maker = Callable[..., Path]
MAIN = "from vidcolor.cli.main import main; main()"
NO_NAME = "import pwd\ndef nobody(_): raise KeyError\npwd.getpwuid = nobody\n"
NO_TEMPORARY = (
    "import tempfile\ndef none(): raise FileNotFoundError('No usable temporary directory')\n"
    "tempfile.gettempdir = none\n"
)
FOLDERS = ("HOME", "VIDCOLOR_CACHE", "XDG_CACHE_HOME")


def vidcolor(
    *arguments: object, before: str = "", env: dict[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, after a few lines that make its machine strange."""
    env = dict(os.environ) if env is None else env
    return subprocess.run(
        [sys.executable, "-c", before + MAIN, *map(str, arguments)],
        env=env | {"OMP_NUM_THREADS": "1"},
        **{"capture_output": True, "text": True} | options,
    )


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "in.png"
    samples = np.random.default_rng(0).integers(30, 220, (64, 80)).astype(np.uint8)
    PIL.Image.fromarray(samples).save(path)
    return path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("home", [None, "/dev/null/nowhere"])
def test_no_home_is_no_hindrance(
    home: str | None, picture: Path, tmp_path: Path, tiny_model: Path
) -> None:
    env = {name: value for name, value in os.environ.items() if name not in FOLDERS}
    env |= {"HOME": home} if home else {}
    arguments = ["colorize", picture, tmp_path / "out.png", "--model", tiny_model]
    done = vidcolor(*arguments, before=NO_NAME, env=env)
    assert done.returncode == 0, done.stderr
    assert names(tmp_path) == {"in.png", "out.png"}


def test_models_are_found_and_missed_without_a_home(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, film: Maker
) -> None:
    import pwd

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "TORCH_HOME", "VIDCOLOR_MODELS"):
        monkeypatch.delenv(name, raising=False)
    source, out = str(film("in.mp4", frames=3)), str(tmp_path / "out.mp4")
    assert run(["colorize", source, out, "--model", "nonesuch"]) == 7
    assert "vidcolor-base" in capsys.readouterr().err
    assert run(["colorize", source, out, "--flow", "raft"]) == 7
    assert "TORCH_HOME" in capsys.readouterr().err


def test_a_film_needs_no_temporary_folder(film: Maker, tmp_path: Path, tiny_model: Path) -> None:
    source, output = film("in.mp4", frames=4, sound=True), tmp_path / "out.mp4"
    assert run(["colorize", str(source), str(tmp_path / "a.mp4"), "--model", str(tiny_model)]) == 0
    done = vidcolor("colorize", source, output, "--model", tiny_model, before=NO_TEMPORARY)
    assert done.returncode == 0, done.stderr
    assert names(tmp_path) == {"in.mp4", "a.mp4", "out.mp4"}


def test_where_torch_wants_a_temporary_folder_that_is_said(
    picture: Path, tmp_path: Path, tiny_model: Path
) -> None:
    env = os.environ | {"VIDCOLOR_CACHE": "/dev/null/nowhere"}
    arguments = ["colorize", picture, tmp_path / "out.png", "--model", tiny_model]
    assert vidcolor(*arguments, before=NO_TEMPORARY, env=env).returncode == 0
    (tmp_path / "out.png").unlink()
    done = vidcolor(*arguments, "--backend", "torch", before=NO_TEMPORARY, env=env)
    assert done.returncode == 6
    assert "TMPDIR" in done.stderr
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == {"in.png"}


@pytest.mark.parametrize("why", [errno.ENOENT, errno.ENOSPC])
def test_a_defect_that_cannot_be_filed_is_printed(
    why: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def none() -> str:
        raise OSError(why, "no room")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    monkeypatch.setattr(cli, "main", lambda *_, **__: 1 // 0)
    assert run(["shots", "film.mp4"]) == 1
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said
    assert said.strip().endswith("Please report it, with the lines above.")


def redirected(how: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """The program with redirections of a shell."""
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {how}', "sh", *command],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def frames_of(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("how", ["2>&-", ">&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_a_film_comes_out_whatever_streams_are_closed(
    how: str, film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    source, output = film("in.mp4", frames=4), tmp_path / "out.mp4"
    done = redirected(how, "colorize", source, output, "--model", tiny_model, "--json")
    assert done.returncode == 0, done.stderr
    assert frames_of(output) == 4
    assert names(tmp_path) == {"in.mp4", "out.mp4"}
    if ">&-" not in how.replace("2>&-", ""):
        assert json.loads(done.stdout)["frames"] == 4


def test_a_batch_and_stills_need_no_stderr(film: Maker, tmp_path: Path, tiny_model: Path) -> None:
    source = film("in.mp4", frames=4)
    done = redirected("2>&-", "batch", source, tmp_path / "out", "--model", tiny_model, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["counts"]["done"] == 1
    assert redirected("2>&-", "stills", source, tmp_path / "st", "--model", tiny_model)
    assert "index.html" in names(tmp_path / "st")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_nobody_at_the_other_end_of_a_pipe(
    stream: str, film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    source, output = film("in.mp4", frames=4), tmp_path / "out.mp4"
    reader, writer = os.pipe()
    os.close(reader)
    others = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "capture_output": False}
    arguments = ["colorize", source, output, "--model", tiny_model, "--json"]
    done = vidcolor(*arguments, **others | {stream: writer})
    os.close(writer)
    assert done.returncode == 0, done.stderr
    assert frames_of(output) == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to lend")
def test_results_that_cannot_be_printed_are_an_error(film: Maker, tmp_path: Path) -> None:
    source = film("in.mp4", frames=4)
    done = redirected(">/dev/full", "shots", source, "--json")
    assert done.returncode == 4
    assert "could not be printed" in done.stderr
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


@pytest.fixture
def special(tmp_path: Path) -> dict[str, Path]:
    """A pipe, a socket and devices, by the word for them."""
    os.mkfifo(tmp_path / "pipe.mp4")
    # The name of a socket may not be long.
    before = Path.cwd()
    os.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.mp4")
    os.chdir(before)
    return {
        "pipe": tmp_path / "pipe.mp4",
        "socket": tmp_path / "socket.mp4",
        "device": Path("/dev/zero"),
    }


def test_what_is_no_file_is_no_source(
    special: dict[str, Path],
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = names(tmp_path)
    reader, writer = os.pipe()
    os.write(writer, b"film")
    sources = {**special, "a pipe, not": Path(f"/dev/fd/{reader}")}
    for word, source in sources.items():
        for name in ("out.mp4", "out.png"):
            arguments = [str(source), str(tmp_path / name), "--model", str(tiny_model)]
            assert run(["colorize", *arguments]) == 3
            said = capsys.readouterr().err
            assert word in said
            assert "to a file first" in said
        assert run(["shots", str(source)]) == 3
        assert run(["compare", str(source), str(source), "-o", str(tmp_path / "c.mp4")]) == 3
    os.close(reader)
    os.close(writer)
    assert run(["shots", "-"]) == 3
    assert "standard input" in capsys.readouterr().err
    assert names(tmp_path) == before


def test_a_pipe_fails_in_a_batch_alone(
    special: dict[str, Path], picture: Path, tmp_path: Path, tiny_model: Path
) -> None:
    target = tmp_path / "out"
    arguments = [str(special["pipe"]), str(picture), str(target), "--model", str(tiny_model)]
    assert run(["batch", *arguments]) == 5
    report = json.loads((target / "report.json").read_text())
    assert report["counts"] == {"done": 1, "skipped": 0, "failed": 1}
    assert "is a pipe" in report["files"][0]["error"]


def test_what_is_no_file_is_no_output_and_stays_what_it_is(
    special: dict[str, Path],
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = film("in.mp4", frames=3)
    modes = {path: path.stat().st_mode for path in special.values()}
    (tmp_path / "link.mp4").symlink_to(special["pipe"])
    for word, output in {**special, "a pipe, not": tmp_path / "link.mp4"}.items():
        arguments = [str(source), str(output), "--overwrite", "--model", str(tiny_model)]
        assert run(["colorize", *arguments]) == 4
        said = capsys.readouterr().err
        assert word in said and "not a file" in said
        assert run(["compare", str(source), str(source), "-o", str(output), "--overwrite"]) == 4
    onnx = tmp_path / "pipe.onnx"
    os.mkfifo(onnx)
    assert run(["export", str(tiny_model), str(onnx), "--overwrite"]) == 4
    assert {path: path.stat().st_mode for path in special.values()} == modes
    assert onnx.is_fifo()


def test_links(
    film: Maker, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = film("in.mp4", frames=3)
    original = source.read_bytes()
    (tmp_path / "folder").mkdir()
    (tmp_path / "way").symlink_to("folder")
    (tmp_path / "link.mp4").symlink_to(source.name)
    (tmp_path / "nothing.mp4").symlink_to("gone.mp4")
    (tmp_path / "round.mp4").symlink_to("round.mp4")
    (tmp_path / "there.mp4").write_bytes(b"precious")
    (tmp_path / "other.mp4").symlink_to("there.mp4")
    os.link(source, tmp_path / "hard.mp4")
    before = names(tmp_path)

    def colorize(start: str, end: str, *more: str) -> tuple[int, str]:
        paths = [str(tmp_path / start), str(tmp_path / end)]
        code = run(["colorize", *paths, "--model", str(tiny_model), "--quiet", *more])
        return code, capsys.readouterr().err

    assert colorize("link.mp4", "way/out.mp4") == (0, "")
    assert names(tmp_path / "folder") == {"out.mp4"}
    for name, word in {"nothing.mp4": "gone.mp4", "round.mp4": "round.mp4"}.items():
        code, said = colorize(name, "new.mp4")
        assert code == 3
        assert f"is a link to {word}, which leads nowhere" in said
    for name, word in {
        "hard.mp4": "the source itself",
        "link.mp4": "the source itself",
        "other.mp4": "is a link to there.mp4",
        "nothing.mp4": "is a link to gone.mp4",
        "round.mp4": "is a link to round.mp4",
    }.items():
        for more in ([], ["--overwrite"]):
            code, said = colorize("in.mp4", name, *more)
            assert code == 4, name
            assert word in said
    assert names(tmp_path) == before
    assert (tmp_path / "there.mp4").read_bytes() == b"precious"
    assert source.read_bytes() == original


def test_compare_takes_names_with_colons(
    film: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film("a:b.mp4", frames=3)
    monkeypatch.chdir(tmp_path)
    assert run(["compare", "a:b.mp4", "a:b.mp4", "-o", "c:d.mp4"]) == 0
    assert frames_of(tmp_path / "c:d.mp4") == 3


def test_compare_spares_its_sources(film: Maker, tmp_path: Path) -> None:
    one, two = film("one.mp4", frames=3), film("two.mp4", frames=3)
    original = two.read_bytes()
    assert run(["compare", str(one), str(two), "-o", str(two), "--overwrite"]) == 4
    assert two.read_bytes() == original


def as_nobody() -> list[str]:
    """What starts a program without root's rights over files."""
    if os.geteuid():
        return []
    way = ["unshare", "-U", "--map-user=12345"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*way, "true"], capture_output=True).returncode
    ):
        pytest.skip("root may read and write everything")
    return way


def test_closed_files_and_folders(
    film: Maker, picture: Path, tmp_path: Path, tiny_model: Path
) -> None:
    source = film("in.mp4", frames=3)
    shut = shutil.copy(source, tmp_path / "shut.mp4")
    still = shutil.copy(picture, tmp_path / "shut.png")
    closed = tmp_path / "closed"
    closed.mkdir()
    for path in (shut, still):
        path.chmod(0)
    closed.chmod(0o555)
    way = as_nobody()
    for start, end, code, word in (
        (shut, tmp_path / "out.mp4", 3, "shut.mp4 may not be read"),
        (still, tmp_path / "out.png", 3, "shut.png may not be read"),
        (source, closed / "out.mp4", 4, "closed may not be written to"),
        (picture, closed / "out.png", 4, "closed may not be written to"),
    ):
        command = [sys.executable, "-m", "vidcolor", "colorize", start, end, "--model", tiny_model]
        done = subprocess.run([*way, *map(str, command)], capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert word in done.stderr
    assert not names(closed)
    closed.chmod(0o755)


@pytest.mark.parametrize("stem", ["a\nb: \"'q", "caf\udce9", "-日本"])
def test_odd_names_on_a_machine_that_knows_ascii_alone(
    stem: str, film: Maker, tmp_path: Path, tiny_model: Path
) -> None:
    film("in.mp4", frames=3).rename(tmp_path / f"{stem}.mp4")
    env = os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    env |= {"PYTHONCOERCECLOCALE": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    model = ["--model", tiny_model]
    for arguments in (
        ["colorize", *model, "--json", "--", f"{stem}.mp4", f"{stem}.mkv"],
        ["preview", *model, "--json", "--frame", "1", "--", f"{stem}.mp4"],
    ):
        done = vidcolor(*arguments, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)["output"]
        assert os.fsencode(Path(said).name).startswith(os.fsencode(stem))
    assert names(tmp_path) == {f"{stem}.mp4", f"{stem}.mkv", f"{stem}-000001.png"}


@pytest.mark.parametrize("letter", ["x", "日"])
def test_names_as_long_as_a_disk_takes(
    letter: str,
    film: Maker,
    picture: Path,
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stem = letter * (251 // len(letter.encode()))
    sources = film("in.mp4", frames=3), picture
    target = tmp_path / "out"
    target.mkdir()
    for source in sources:
        output = target / f"{stem}{source.suffix}"
        assert run(["colorize", str(source), str(output), "--model", str(tiny_model)]) == 0
        assert output.exists()
        capsys.readouterr()
        too_long = target / f"{stem}yyyyy{source.suffix}"
        assert run(["colorize", str(source), str(too_long), "--model", str(tiny_model)]) == 4
        assert "too long" in capsys.readouterr().err
        assert run(["colorize", str(too_long), str(target / "a.mp4")]) == 3
    assert len(names(target)) == 2
    assert run(["colorize", str(sources[0]), str(target / "a.mp4"), "--model", stem * 2]) == 7
    assert (
        run(["stills", str(sources[0]), str(target / (stem * 2)), "--model", str(tiny_model)]) == 4
    )


def test_a_folder_that_is_gone(picture: Path, tmp_path: Path, tiny_model: Path) -> None:
    gone = tmp_path / "gone"
    for command, output, code in (
        ("colorize", tmp_path / "out.png", 0),
        ("colorize", Path("out.png"), 4),
        ("batch", tmp_path / "out", 6),
    ):
        gone.mkdir()
        wanted = [sys.executable, "-m", "vidcolor", command, picture, output, "--model", tiny_model]
        done = subprocess.run(
            ["sh", "-c", 'cd "$0"; rmdir "$0"; exec "$@"', gone, *map(str, wanted)],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(tests.__file__).parent.parent)},
        )
        assert done.returncode == code, (command, done.stderr)
        assert "Traceback" not in done.stderr
