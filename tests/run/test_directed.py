"""Stills and dots through a whole job: they rule their shot, and only what they reach is redone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from tests.direct.conftest import LENGTH, film_of, save, shot, tinted  # noqa: F401
from vidcolor.direct.prepare import Request, prepare
from vidcolor.infer.choose import load_predictor
from vidcolor.media.probe import probe
from vidcolor.run import here
from vidcolor.run.here import Here
from vidcolor.run.job import JobFolder, Told, run_job
from vidcolor.run.plan import make_plan
from vidcolor.run.settings import ColorizeSettings


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.4)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.75)


class Job:
    """Runs of one command with other stills and hints."""

    def __init__(self, source: Path, model: Path, monkeypatch) -> None:
        self.source, self.output = source, source.with_name("out.mkv")
        self.settings = ColorizeSettings(model=str(model), render_size=96, lossless=True)
        self.predictor = load_predictor(str(model), "cpu", "openvino", threads=1)
        self.written: list[int] = []
        real = here.write_segment

        def counted(plan, segment, *rest):
            self.written.append(segment.first)
            return real(plan, segment, *rest)

        monkeypatch.setattr(here, "write_segment", counted)

    def run(self, request: Request) -> list[int]:
        """First frames of the segments that were coloured."""
        self.written.clear()
        plan = make_plan(probe(self.source), self.output, self.settings, threads=1)
        if request:
            plan = replace(plan, direction=prepare(request, plan.film))
        folder = JobFolder(plan, "test")
        run_job(plan, Here(self.predictor), folder, Told(), keep=True)
        return sorted(self.written)

    def chroma(self) -> np.ndarray:
        """(frames, 2): mean Cb and Cr."""
        with av.open(str(self.output)) as container:
            frames = [f.to_ndarray(format="yuv444p") for f in container.decode(video=0)]
        return np.array([f[1:].mean(axis=(1, 2)) for f in frames])


@pytest.fixture
def job(film_of, tiny_model, monkeypatch) -> Job:  # noqa: F811
    return Job(film_of(), tiny_model, monkeypatch)


def dots(path: Path, frame: int, color: str) -> Path:
    dot = {"frame": frame, "points": [[64, 48]], "radius": 8, "colour": color}
    path.write_text(json.dumps({"version": 1, "hints": [dot]}))
    return path


def test_a_still_is_law_for_its_shot_and_for_no_other(job, tmp_path):
    job.run(Request())
    plain = job.chroma()
    still = save(tmp_path / f"ref_{LENGTH + 2:06d}.png", tinted(shot(2)[2], 150, 100))
    job.run(Request((still,)))
    ruled = job.chroma()
    assert np.abs(ruled[LENGTH : 2 * LENGTH] - (150, 100)).max() < 4
    assert np.array_equal(ruled[:LENGTH], plain[:LENGTH])
    assert np.array_equal(ruled[2 * LENGTH :], plain[2 * LENGTH :])


def test_only_the_shots_that_a_change_reaches_are_coloured_anew(job, tmp_path):
    assert job.run(Request()) == [0, LENGTH, 2 * LENGTH]
    first = dots(tmp_path / "a.json", 3, "red")
    assert job.run(Request(hints=(first,))) == [0]
    assert job.run(Request(hints=(first,))) == []
    second = dots(tmp_path / "b.json", 2 * LENGTH + 3, "blue")
    assert job.run(Request(hints=(first, second))) == [2 * LENGTH]
    before = job.output.read_bytes()
    dots(tmp_path / "a.json", 3, "green")
    assert job.run(Request(hints=(first, second))) == [0]
    assert job.run(Request()) == [0, 2 * LENGTH]
    dots(tmp_path / "a.json", 3, "red")
    assert job.run(Request(hints=(first, second))) == [0, 2 * LENGTH]
    assert job.output.read_bytes() != before


def test_a_redone_film_is_the_film_made_at_once(job, tmp_path):
    hints = dots(tmp_path / "a.json", LENGTH + 3, "red")
    job.run(Request())
    job.run(Request(hints=(hints,)))
    redone = job.chroma()
    job.output = job.source.with_name("again.mkv")
    job.run(Request(hints=(hints,)))
    assert np.array_equal(job.chroma(), redone)


def test_a_still_reaches_the_rest_of_a_shot_that_was_split(
    film_of,  # noqa: F811
    tiny_model,
    monkeypatch,
    tmp_path,
):
    job = Job(film_of(seeds=(1,), frames=60), tiny_model, monkeypatch)
    still = save(tmp_path / "ref_000002.png", tinted(shot(1, 60)[2], 150, 100))
    assert len(job.run(Request())) > 2
    plain = np.abs(job.chroma() - (150, 100)).sum(axis=1)
    assert len(job.run(Request((still,)))) > 2
    # The camera moves on: half of the last frames is new.
    ruled = np.abs(job.chroma() - (150, 100)).sum(axis=1)
    assert ruled[:20].max() < 12
    assert (ruled < 0.6 * plain).all()


@pytest.mark.parametrize("longest_s", [0.75, 30])
def test_a_still_reaches_the_shots_it_is_let_reach(
    film_of,  # noqa: F811
    tiny_model,
    monkeypatch,
    tmp_path,
    longest_s,
):
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", longest_s)
    job = Job(film_of(seeds=(1, 2, 1)), tiny_model, monkeypatch)
    still = save(tmp_path / "ref_000002.png", tinted(shot(1)[2], 150, 100))
    job.run(Request((still,)))
    shot_alone = job.chroma()
    job.run(Request((still,), reach="scene"))
    scene = job.chroma()
    again = slice(2 * LENGTH, 3 * LENGTH)
    assert np.abs(shot_alone[again] - (150, 100)).min() > 4
    assert np.abs(scene[again] - (150, 100)).max() < 10
    assert np.array_equal(scene[LENGTH : 2 * LENGTH], shot_alone[LENGTH : 2 * LENGTH])
