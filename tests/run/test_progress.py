"""How far a batch is: frames weigh, what an earlier run made does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import PIL.Image
import pytest

from vidcolor.errors import InputError
from vidcolor.media.count import frames_by_header
from vidcolor.run import progress
from vidcolor.run.inputs import Pair, Search
from vidcolor.run.progress import Gauge, Scales, Weight, weigh

Maker = Callable[..., Path]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_a_header_says_how_many_frames_there_are(film: Maker, name: str) -> None:
    assert frames_by_header(film(name, frames=31)) == pytest.approx(31, abs=1)


def test_photographs_weigh_one_and_films_their_frames(film: Maker, tmp_path: Path) -> None:
    PIL.Image.new("L", (16, 16)).save(tmp_path / "b.png")
    (tmp_path / "c.mp4").write_bytes(b"no film")
    film("a.mp4", frames=31)
    pairs = Search([str(tmp_path)], tmp_path / "out").find().pairs
    scales = Scales(pairs, lambda pair: weigh(pair, restart=False))
    for pair in pairs:
        scales.put(pair)
    scales.stop()
    weights = [scales.of(tmp_path / name) for name in ("a.mp4", "b.png", "c.mp4")]
    assert weights == [Weight(31), Weight(1), Weight(0)]


def scales_of(weights: dict[str, Weight | None]) -> Scales:
    """Scales that know some files, and never get to the others."""

    def known(pair: Pair) -> Weight:
        weight = weights[pair.source.name]
        if weight is None:
            raise InputError("No.", "No.")
        return weight

    scales = Scales([], known)
    for name, weight in weights.items():
        if weight is not None:
            scales.put(Pair(Path(name), Path(name)))
    return scales


def test_the_whole_is_in_frames_and_files_not_yet_weighed_count_as_the_mean() -> None:
    names = ("long", "short", "unknown")
    scales = scales_of({"long": Weight(900), "short": Weight(100), "unknown": None})
    gauge = Gauge(scales, [Path(name) for name in names])
    assert gauge.read().left == 1500
    gauge.moved(Path("long"), 0.5)
    assert (gauge.read().made, gauge.read().left) == (450, 1050)
    gauge.ended(Path("long"), 900)
    assert gauge.read().made == 900
    gauge.ended(Path("short"), 0)
    assert gauge.read().made == 900


def test_a_film_that_turns_out_shorter_than_its_header_says_is_no_jump_back() -> None:
    scales = scales_of({"cut": Weight(1000), "next": Weight(100)})
    gauge = Gauge(scales, [Path("cut"), Path("next")])
    scales.correct(Path("cut"), 100)
    gauge.moved(Path("cut"), 1.0)
    before = gauge.read()
    gauge.ended(Path("cut"), 100)
    assert before.share == gauge.read().share == 0.5


def test_frames_of_an_earlier_run_are_no_work() -> None:
    gauge = Gauge(scales_of({"half": Weight(200, 100)}), [Path("half")])
    gauge.moved(Path("half"), 0.5)
    assert (gauge.read().made, gauge.read().left) == (0, 100)
    gauge.moved(Path("half"), 0.75)
    assert (gauge.read().made, gauge.read().left) == (50, 50)


def test_time_left_is_by_the_rate_of_this_run(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    gauge = Gauge(scales_of({"film": Weight(1000)}), [Path("film")])
    assert gauge.read().remaining_s is None
    left = []
    for second in range(1, 21):
        now = float(second)
        gauge.moved(Path("film"), second / 100)
        left.append(gauge.read().remaining_s)
    assert left[0] is None
    assert left[-1] == pytest.approx(80)
