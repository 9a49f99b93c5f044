"""A film whose job is kept: what is said of one shot costs that shot alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.scenes import SAMPLES
from vidcolor.cli.main import run as command
from vidcolor.direct.prepare import Request, prepare
from vidcolor.infer.choose import load_predictor
from vidcolor.media.probe import probe
from vidcolor.run import here
from vidcolor.run.folder import JobFolder
from vidcolor.run.here import Here
from vidcolor.run.job import Told, run_job
from vidcolor.run.plan import make_plan
from vidcolor.run.settings import ColorizeSettings
from vidcolor.steady.flow import DisFlow, FineFlow, QuickFlow

SHOTS = (("nosferatu", 0), ("nasa", 20), ("vtest", 0), ("nosferatu", 120), ("nasa", 200))
LENGTH = 10
THIRD = range(2 * LENGTH, 3 * LENGTH)
WIDTH, HEIGHT = 160, 96


def shot(sample: str, first: int) -> list[np.ndarray]:
    with av.open(str(SAMPLES / f"{sample}.mp4")) as container:
        frames = []
        for index, frame in enumerate(container.decode(video=0)):
            if first <= index < first + LENGTH:
                frames.append(frame.reformat(WIDTH, HEIGHT, "gray").to_ndarray())
        return frames


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five shots of three films, with sound, the first frame late."""
    path = tmp_path_factory.mktemp("five") / "five.mkv"
    luma = [frame for sample, first in SHOTS for frame in shot(sample, first)]
    with av.open(str(path), "w") as container:
        film = container.add_stream("ffv1", rate=25)
        film.width, film.height, film.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        noise = np.random.default_rng(0).integers(-9000, 9000, (len(luma), 1, 320), np.int16)
        for index, (plane, heard) in enumerate(zip(luma, noise, strict=True)):
            grey = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
            grey[:HEIGHT] = plane
            frame = av.VideoFrame.from_ndarray(grey, "yuv420p")
            frame.pts, frame.time_base = index + 3, Fraction(1, 25)
            container.mux(film.encode(frame))
            block = av.AudioFrame.from_ndarray(heard, "s16", "mono")
            block.sample_rate, block.pts, block.time_base = 8000, 320 * index, Fraction(1, 8000)
            container.mux(sound.encode(block))
        container.mux(film.encode(None))
    return path


class Counting:
    """A network that counts the frames it sees."""

    description = "test"

    def __init__(self, model: Path) -> None:
        self.predictor = load_predictor(str(model), "cpu", "openvino", threads=1)
        self.frames = 0

    def predict(self, luma, hints=None):
        self.frames += len(luma)
        return self.predictor.predict(luma, hints)


class Job:
    def __init__(self, source: Path, output: Path, model: Path, monkeypatch) -> None:
        self.source, self.output = source, output
        self.settings = ColorizeSettings(model=str(model), render_size=96, lossless=True)
        self.network = Counting(model)
        self.read: list[int] = []
        self.written: list[int] = []
        self._count(monkeypatch)

    def _count(self, monkeypatch) -> None:
        from vidcolor.media.decode import read_frames

        real = here.write_segment

        def wrote(plan, segment, *rest):
            self.written += range(segment.first, segment.first + segment.count)
            return real(plan, segment, *rest)

        def read(*given):
            for frame in read_frames(*given):
                self.read.append(frame.index)
                yield frame

        monkeypatch.setattr(here, "write_segment", wrote)
        monkeypatch.setattr("vidcolor.run.own.read_frames", read)

    def run(self, *hints: Path, keep: bool = True) -> dict[str, int]:
        self.network.frames = 0
        self.read.clear(), self.written.clear()
        plan = make_plan(probe(self.source), self.output, self.settings, threads=1)
        if hints:
            plan = replace(plan, direction=prepare(Request(hints=hints), plan.film))
        run_job(plan, Here(self.network), JobFolder(plan, "test"), Told(), keep)
        return {"network": self.network.frames, "encoder": len(self.written)}


@pytest.fixture
def job(five: Path, tmp_path: Path, tiny_model: Path, monkeypatch) -> Job:
    return Job(five, tmp_path / "out.mkv", tiny_model, monkeypatch)


def dot(path: Path, frame: int, color: str = "#c04020") -> Path:
    said = {"frame": frame, "points": [[80, 48]], "radius": 8, "colour": color}
    path.write_text(json.dumps({"version": 1, "hints": [said]}))
    return path


def pictures(path: Path) -> tuple[np.ndarray, list[int], str]:
    """(frames, planes), their stamps, and a hash of the sound's packets."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        planes = np.stack([f.to_ndarray(format=f.format.name).ravel() for f in frames])
    with av.open(str(path)) as container:
        packets = [(p.pts, bytes(p)) for p in container.demux(audio=0) if p.size]
    return planes, [f.pts for f in frames], hashlib.sha256(repr(packets).encode()).hexdigest()


def test_a_dot_costs_its_shot_and_changes_no_other(job: Job, tmp_path: Path) -> None:
    whole = job.run(keep=False)
    plain = pictures(job.output)
    assert whole["encoder"] == len(SHOTS) * LENGTH
    job.output.unlink()
    assert job.run() == whole
    kept = pictures(job.output)
    assert all(np.array_equal(one, other) for one, other in zip(plain, kept, strict=True))
    again = job.run(dot(tmp_path / "dots.json", THIRD.start + 3))
    assert job.written == sorted(set(job.read)) == list(THIRD)
    assert again["encoder"] == LENGTH
    assert 0 < again["network"] <= 2 * LENGTH
    planes, stamps, sound = pictures(job.output)
    assert (stamps, sound) == plain[1:]
    changed = (planes != plain[0]).any(axis=1)
    assert changed[THIRD.start : THIRD.stop].all()
    assert not changed[: THIRD.start].any()
    assert not changed[THIRD.stop :].any()
    job.output.unlink()
    job.run()
    assert job.written == list(THIRD)
    assert np.array_equal(pictures(job.output)[0], plain[0])


def test_a_killed_run_whose_job_is_kept_ends_as_one_that_nobody_disturbed(
    job: Job, tmp_path: Path
) -> None:
    said = dot(tmp_path / "dots.json", THIRD.start + 3)
    job.run(said)
    straight = pictures(job.output)
    folder = job.output.with_name("out.mkv.vidcolor")
    job.output.unlink()
    # As after a kill in the second shot while the survey had cut four.
    names = sorted(path.name for path in folder.glob("*.json") if path.name[0] == "0")
    for name in names[1:]:
        (folder / name).unlink()
    (folder / names[4]).with_suffix(".cut").unlink()
    job.run(said)
    assert job.written == list(range(LENGTH, len(SHOTS) * LENGTH))
    assert all(
        np.array_equal(one, o) for one, o in zip(straight, pictures(job.output), strict=True)
    )


def test_a_job_that_was_begun_without_keeping_it_is_gone_on_with(job: Job, tmp_path: Path) -> None:
    job.run()
    plain = pictures(job.output)
    folder = job.output.with_name("out.mkv.vidcolor")
    for name in ("000000020-000010.cut", "000000020-000010.json"):
        (folder / name).write_text("damaged")
    job.run(dot(tmp_path / "dots.json", THIRD.start), keep=False)
    assert job.written == list(range(THIRD.start, len(SHOTS) * LENGTH))
    planes, stamps, sound = pictures(job.output)
    assert (stamps, sound) == plain[1:]
    outside = [index for index in range(len(planes)) if index not in THIRD]
    assert np.array_equal(planes[outside], plain[0][outside])


def colorized(source: Path, output: Path, *options: object) -> int:
    return command(["colorize", *map(str, (source, output, *options))])


def test_a_shot_alone_is_the_shot_of_the_whole_film(
    five: Path, tmp_path: Path, tiny_model: Path
) -> None:
    model, whole, alone = ("--model", tiny_model), tmp_path / "a.mkv", tmp_path / "b.mkv"
    said = ("--lossless", "--hints", dot(tmp_path / "dots.json", THIRD.start + 3), *model)
    assert colorized(five, whole, *said) == 0
    assert colorized(five, alone, "--shot", 3, *said) == 0
    assert colorized(five, tmp_path / "c.mkv", "--start", 0.8, "--duration", 0.4, *said) == 0
    planes, stamps, sound = pictures(alone)
    assert np.array_equal(planes, pictures(whole)[0][THIRD.start : THIRD.stop])
    assert (stamps, sound) == pictures(tmp_path / "c.mkv")[1:]


def test_shots_are_numbered_as_the_stills_are(
    five: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(["stills", str(five), str(tmp_path / "refs"), "--model", str(tiny_model)]) == 0
    names = sorted(path.name for path in (tmp_path / "refs").glob("ref_*.png"))
    assert [int(name[4:10]) // LENGTH for name in names] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--shot", 6), "five.mkv has no shot 6: it has 5. Give a shot from 1 to 5"),
        (("--shot", 2, "--start", "0:01"), "--shot 2 is a part of the film, and so are --start"),
    ],
)
def test_a_shot_that_cannot_be_coloured_is_one_sentence(
    five: Path, tmp_path: Path, tiny_model: Path, capsys, options, words
) -> None:
    output = tmp_path / "out.mkv"
    assert colorized(five, output, "--model", tiny_model, *options) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


@pytest.fixture
def flows(monkeypatch) -> list[str]:
    """Each flow field that is computed, by what computes it."""
    computed: list[str] = []
    for kind in (DisFlow, QuickFlow, FineFlow):
        real = kind.__call__

        def call(self, *planes, real=real):
            computed.append(type(self).__name__)
            return real(self, *planes)

        monkeypatch.setattr(kind, "__call__", call)
    return computed


def test_motion_is_not_found_again_when_a_dot_is_changed(
    job: Job, tmp_path: Path, flows: list[str]
) -> None:
    frame = THIRD.start + 3
    job.run(dot(tmp_path / "dots.json", frame))
    assert flows
    flows.clear()
    job.run(dot(tmp_path / "dots.json", frame, "#2040c0"))
    assert job.written == list(THIRD)
    assert flows == []
    again = pictures(job.output)[0]
    shutil.rmtree(job.output.with_name("out.mkv.vidcolor"))
    job.output.unlink()
    job.run(dot(tmp_path / "dots.json", frame, "#2040c0"))
    assert np.array_equal(pictures(job.output)[0], again)


def test_motion_is_kept_with_a_job_that_is_kept_and_no_other(job: Job, tmp_path: Path) -> None:
    folder = job.output.with_name("out.mkv.vidcolor")
    job.run(dot(tmp_path / "dots.json", THIRD.start))
    assert len(list((folder / "motion").iterdir())) == 1
    job.run(dot(tmp_path / "dots.json", THIRD.start, "blue"), keep=False)
    assert not folder.exists()
