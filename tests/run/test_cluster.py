"""A Ray of two CPUs on this machine: the same film as without it, whatever dies on the way."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from tests.direct.conftest import save, tinted
from tests.media.conftest import decoded_lumas
from tests.run.test_job import color, video_packets
from tests.run.test_own import OWN
from tests.run.test_own import make as mixed
from vidcolor.cli.main import run
from vidcolor.direct.prepare import Request, prepare
from vidcolor.errors import InputError, MachineError, ModelError, OutputError
from vidcolor.infer.choose import load_predictor
from vidcolor.media.mux import Join
from vidcolor.media.probe import probe
from vidcolor.remedies import install_hint
from vidcolor.run import afield, hands, joiner, nodes, painters
from vidcolor.run import cluster as rooms
from vidcolor.run.cluster import Cluster
from vidcolor.run.folder import JobFolder, job_folder
from vidcolor.run.hands import Hand, Hands
from vidcolor.run.here import Here
from vidcolor.run.identity import identify
from vidcolor.run.job import Finished, Told, run_job
from vidcolor.run.one import Task
from vidcolor.run.painter import Colored, sees, survey_leg, write
from vidcolor.run.painters import Loads, Where
from vidcolor.run.plan import Plan, make_plan
from vidcolor.run.segment import Segment
from vidcolor.run.settings import ColorizeSettings

Maker = Callable[..., Path]
OFTEN = {"preset": "ultrafast", "bf": "2", "g": "12"}
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    ray = pytest.importorskip("ray")
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.fixture(autouse=True)
def no_painters_are_left() -> Iterator[None]:
    """Those of a test hold all CPUs as long as anything refers to them."""
    yield
    gc.collect()


@pytest.fixture
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.5)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.2)
    monkeypatch.setattr(afield, "LEG_FRAMES", 10)


@pytest.fixture
def settings(tiny_model: Path) -> ColorizeSettings:
    return ColorizeSettings(model=str(tiny_model), threads=1)


@pytest.fixture
def plan(film: Maker, tmp_path: Path, settings: ColorizeSettings, short_segments: None) -> Plan:
    source = film("in.mp4", frames=72, sound=True, options=OFTEN)
    return make_plan(probe(source), tmp_path / "out.mp4", settings, threads=1)


def colored(plan: Plan, cluster: Cluster, step: Callable[..., None] = lambda *_: None) -> Finished:
    return run_job(plan, cluster, JobFolder(plan, cluster.description), Told(step))


def kill(ray: Any, cluster: Cluster) -> int:
    """Kill the process of a cluster's latest painter; returns its number, 0 if it is gone."""
    painter = cluster.painters[len(cluster.painters) - 1]
    with suppress(ray.exceptions.RayActorError):
        number: int = ray.get(painter.__ray_call__.remote(lambda painter: os.getpid()))
        os.kill(number, signal.SIGKILL)
        return number
    return 0


def test_the_film_equals_that_of_one_machine_though_its_worker_is_killed_twice(
    ray: Any, plan: Plan, tmp_path: Path, tiny_model: Path
) -> None:
    straight = tmp_path / "straight.mp4"
    color(plan.clip.path, straight, tiny_model)
    cluster = Cluster(Where("auto"), plan.settings)
    killed: set[int] = set()
    said: set[str] = set()

    def step(frames: float, limit: str) -> None:
        said.add(limit)
        if len(killed) < 2 and (number := kill(ray, cluster)):
            killed.add(number)

    finished = colored(plan, cluster, step)
    assert len(killed) == 2
    assert any(one.startswith("1 worker, ") for one in said)
    assert (finished.frames, finished.resumed) == (72, 0)
    assert {"survey", "colour", "decode", "upscale", "encode"} <= set(finished.timings.seconds)
    assert video_packets(plan.output) == video_packets(straight)
    assert {p.name for p in tmp_path.iterdir()} == {"in.mp4", "out.mp4", "straight.mp4"}


def test_a_film_without_an_index_is_surveyed_by_one_worker_and_that_is_said(
    ray: Any, film: Maker, tmp_path: Path, settings: ColorizeSettings, short_segments: None
) -> None:
    source = film("in.ts", frames=72, options=OFTEN)
    plan = make_plan(probe(source), tmp_path / "out.mp4", settings, threads=1)
    finished = colored(plan, Cluster(Where("auto"), plan.settings))
    (said,) = finished.notes
    assert said == "the film was surveyed by one worker: its container has no index"
    color(source, tmp_path / "straight.mp4", Path(settings.model))
    assert video_packets(plan.output) == video_packets(tmp_path / "straight.mp4")


def test_where_a_place_is_not_found_exactly_one_worker_goes_on_from_the_beginning(
    ray: Any, plan: Plan, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(afield, "survey_leg", astray)
    finished = colored(plan, Cluster(Where("auto"), plan.settings))
    (said,) = finished.notes
    assert "a place in it cannot be found exactly" in said
    color(plan.clip.path, tmp_path / "straight.mp4", tiny_model)
    assert video_packets(plan.output) == video_packets(tmp_path / "straight.mp4")


def astray(plan: Plan, leg: range) -> tuple[Any, ...]:
    """A leg that begins elsewhere, where it is not the first."""
    shift = 3 if leg.start == 24 else 0
    return survey_leg(plan, range(leg.start + shift, leg.stop + shift))


def test_the_film_passes_by_who_hands_it_out(
    ray: Any, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise AssertionError("the driver decodes")

    cluster = Cluster(Where("auto"), plan.settings)
    monkeypatch.setattr("vidcolor.media.decode.open_source", forbidden)
    monkeypatch.setattr("vidcolor.media.mux.open_source", forbidden)
    sizes: list[int] = []
    get = ray.get

    def weighed(*given: Any, **options: Any) -> Any:
        answer = get(*given, **options)
        sizes.append(len(pickle.dumps(answer)))
        return answer

    monkeypatch.setattr(ray, "get", weighed)
    colored(plan, cluster)
    assert max(sizes) < 5_000


def test_a_segment_whose_writer_dies_is_written_again(
    ray: Any, plan: Plan, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = tmp_path / "straight.mp4"
    color(plan.clip.path, straight, tiny_model)
    monkeypatch.setattr(rooms, "write", dies_once)
    colored(plan, Cluster(Where("auto"), plan.settings))
    assert (tmp_path / "died").exists()
    assert video_packets(plan.output) == video_packets(straight)


def dies_once(
    plan: Plan, segment: Segment, colored: Colored, parts: list[Any], tail: Any, path: Path
) -> Any:
    mark = path.parent.with_name("died")
    if segment.first and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return write(plan, segment, colored, parts, tail, path)


def test_the_film_is_joined_while_its_last_segment_is_still_missing(
    ray: Any, plan: Plan, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "write", waits_for_the_join)
    colored(plan, Cluster(Where("auto"), plan.settings))
    color(plan.clip.path, tmp_path / "straight.mp4", tiny_model)
    assert video_packets(plan.output) == video_packets(tmp_path / "straight.mp4")


def waits_for_the_join(
    plan: Plan, segment: Segment, colored: Colored, parts: list[Any], tail: Any, path: Path
) -> Any:
    until = time.monotonic() + PATIENCE_S
    if segment.first + segment.count == plan.count:
        while not any(path.parent.glob(".film.*")):
            if time.monotonic() > until:
                raise OutputError("Nobody joins.", "Wait.")
            time.sleep(0.05)
    return write(plan, segment, colored, parts, tail, path)


def test_a_join_whose_worker_dies_is_begun_anew_by_another(
    ray: Any, plan: Plan, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joiner, "Join", MortalJoin)
    colored(plan, Cluster(Where("auto"), plan.settings))
    assert (tmp_path / "died").exists()
    assert not job_folder(plan.output).exists()
    color(plan.clip.path, tmp_path / "straight.mp4", tiny_model)
    assert video_packets(plan.output) == video_packets(tmp_path / "straight.mp4")


class MortalJoin(Join):
    def add(self, segment: Path, offset_pts: int) -> None:
        super().add(segment, offset_pts)
        mark = segment.parent.with_name("died")
        if mark.exists():
            assert len(list(segment.parent.glob(".film.*"))) == 1
        elif offset_pts:
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_join_that_fails_there_is_said_in_its_sentence_and_segments_are_kept(
    ray: Any, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joiner, "Join", FullDisk)
    with pytest.raises(OutputError, match="The disk is full"):
        colored(plan, Cluster(Where("auto"), plan.settings))
    left = {path.name for path in job_folder(plan.output).iterdir()}
    assert not any("film" in name for name in left)
    assert any(name.endswith(".mp4") for name in left)


class FullDisk(Join):
    def add(self, segment: Path, offset_pts: int) -> None:
        super().add(segment, offset_pts)
        if offset_pts:
            raise OutputError("The disk is full.", "Free some space.")


def test_peoples_colour_is_handed_from_segment_to_segment(
    ray: Any, plan: Plan, tmp_path: Path
) -> None:
    still = save(tmp_path / "ref_000003.png", tinted(decoded_lumas(plan.clip.path)[3], 150, 100))
    said = prepare(Request((still,)), plan.film)
    films = []
    here = load_predictor(plan.settings.model, "cpu", "openvino", threads=1)
    for name, executor, direction in (
        ("plain.mp4", Here(here), plan.direction),
        ("here.mp4", Here(here), said),
        ("there.mp4", Cluster(Where("auto"), plan.settings), said),
    ):
        directed = replace(plan, output=tmp_path / name, direction=direction)
        run_job(directed, executor, JobFolder(directed, "test"), Told())
        films.append(video_packets(directed.output))
    assert films[0][12:] != films[1][12:]
    assert films[1] == films[2]


def test_shots_that_are_in_colour_stay_so_there_too(
    ray: Any, tmp_path: Path, settings: ColorizeSettings, short_segments: None
) -> None:
    clip = probe(mixed(tmp_path / "mixed.mkv"))
    kept = replace(settings, input_chroma="keep-if-colored")
    predictor = load_predictor(settings.model, "cpu", "openvino", threads=1)
    films, found = [], []
    for name, executor in (("here", Here(predictor)), ("there", Cluster(Where("auto"), kept))):
        plan = make_plan(clip, tmp_path / f"{name}.mp4", kept, threads=1)
        in_color: list[range] = []
        told = Told(in_color=in_color.append)
        run_job(plan, executor, JobFolder(plan, "test"), told)
        films.append(video_packets(plan.output))
        found.append(in_color)
    assert films[0] == films[1]
    assert found[0] == found[1]
    assert sum(map(len, found[0])) == sum(OWN)


def test_a_kept_job_has_a_segment_a_shot_there_too(
    ray: Any, tmp_path: Path, settings: ColorizeSettings
) -> None:
    clip = probe(mixed(tmp_path / "mixed.mkv"))
    cluster = Cluster(Where("auto"), settings)
    here = Here(load_predictor(settings.model, "cpu", "openvino", threads=1))
    films, parts = [], []
    for name, executor in (("here", here), ("there", cluster)):
        plan = make_plan(clip, tmp_path / f"{name}.mp4", settings, threads=1)
        done = run_job(plan, executor, JobFolder(plan, "test"), Told(), keep=True)
        films.append(video_packets(plan.output))
        parts.append([(part.first, part.count) for part in done.segments])
    assert films[0] == films[1]
    assert parts[0] == parts[1]
    assert len(parts[0]) == 5


def test_a_stopped_run_goes_on_here_or_there(
    ray: Any, plan: Plan, tmp_path: Path, tiny_model: Path
) -> None:
    class StopError(Exception):
        pass

    straight = tmp_path / "straight.mp4"
    color(plan.clip.path, straight, tiny_model)
    cluster = Cluster(Where("auto"), plan.settings)
    steps = 0

    def stop(frames: float, limit: str) -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise StopError

    with pytest.raises(StopError):
        colored(plan, cluster, stop)
    assert job_folder(plan.output).exists()
    here = load_predictor(plan.settings.model, "cpu", "openvino", threads=1)
    assert cluster.description == here.description
    assert run_job(plan, Here(here), JobFolder(plan, here.description), Told()).resumed > 0
    assert video_packets(plan.output) == video_packets(straight)


@pytest.fixture
def reels(film: Maker, tmp_path: Path) -> Path:
    (tmp_path / "reels").mkdir()
    for name in ("one.mp4", "two.mkv"):
        film(f"reels/{name}", frames=12)
    return tmp_path / "reels"


def batch(*words: object, model: Path) -> int:
    return run(["batch", *map(str, words), "--model", str(model), "--threads", "1"])


def assert_made_alike(reels: Path, here: Path, there: Path) -> None:
    for path in reels.iterdir():
        assert video_packets(there / path.name) == video_packets(here / path.name)


def address_of(ray: Any) -> str:
    return str(ray.get_runtime_context().gcs_address)


@pytest.mark.parametrize("whole", [True, False])
def test_a_batch_equals_that_of_one_machine_whether_films_go_out_whole_or_in_segments(
    ray: Any, reels: Path, tmp_path: Path, tiny_model: Path, whole: bool, monkeypatch
) -> None:
    monkeypatch.setattr(Hands, "_is_whole", lambda self, task: whole)
    here, there = tmp_path / "here", tmp_path / "there"
    assert batch(reels, there, "--cluster", address_of(ray), model=tiny_model) == 0
    assert batch(reels, here, model=tiny_model) == 0
    assert_made_alike(reels, here, there)


def test_a_film_whose_worker_dies_is_done_by_another_one(
    ray: Any, reels: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands, "Hand", Mortal)
    here, there = tmp_path / "here", tmp_path / "there"
    assert batch(reels, there, "--cluster", address_of(ray), model=tiny_model) == 0
    assert (tmp_path / "died").exists()
    assert batch(reels, here, model=tiny_model) == 0
    assert_made_alike(reels, here, there)


class Mortal(Hand):
    def work(self, tasks: Sequence[Task]) -> Iterator[Any]:
        mark = tasks[0].output.parent.with_name("died")
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield from super().work(tasks)


def test_photographs_go_out_many_at_once(
    ray: Any, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shots = tmp_path / "shots"
    shots.mkdir()
    chance = np.random.default_rng(0)
    for number in range(9):
        luma = chance.integers(0, 256, (48, 64)).astype(np.uint8)
        PIL.Image.fromarray(luma).save(shots / f"{number}.png")
    loads: list[int] = []
    give = Hands._give

    def counted(self: Hands, load: Any) -> None:
        loads.append(len(load.tasks))
        give(self, load)

    monkeypatch.setattr(Hands, "_give", counted)
    here, there = tmp_path / "here", tmp_path / "there"
    assert batch(shots, there, "--cluster", address_of(ray), model=tiny_model) == 0
    assert loads == [4, 4, 1]
    assert batch(shots, here, model=tiny_model) == 0
    for path in shots.iterdir():
        assert (there / path.name).read_bytes() == (here / path.name).read_bytes()


def test_a_photograph_is_coloured_there_too(ray: Any, settings: ColorizeSettings) -> None:
    luma = np.random.default_rng(0).integers(0, 256, (1, 64, 96)).astype(np.uint8)
    here = load_predictor(settings.model, "cpu", "openvino", threads=1)
    there = Cluster(Where("auto"), settings)
    assert np.array_equal(there.predict(luma).chroma, here.predict(luma).chroma)


def test_photographs_go_to_all_painters_and_other_processes_begin_at_others() -> None:
    assert [given_back(Loads(3), n) for n in (1, 4)] == [[0], [0, 1, 2, 0]]
    assert [Loads(3, first).take() for first in range(4)] == [0, 1, 2, 0]


def test_the_least_laden_painter_is_asked() -> None:
    loads = Loads(2)
    assert [loads.take() for _ in range(4)] == [0, 1, 0, 1]
    loads.give(1)
    assert [loads.take(), loads.take()] == [1, 0]


def given_back(loads: Loads, times: int) -> list[int]:
    """Who is asked when each answers before the next is asked."""
    asked = []
    for _ in range(times):
        asked.append(loads.take())
        loads.give(asked[-1])
    return asked


def test_who_gives_the_same_name_shares_the_painters(ray: Any, settings: ColorizeSettings) -> None:
    where = Where("auto")
    first, second = Cluster(where, settings), Cluster(where, settings)
    assert [p._actor_id for p in first.painters] == [p._actor_id for p in second.painters]


def blind(*_: object) -> Path:
    return Path("/mnt/reels")


def test_a_node_that_does_not_see_the_files_is_named_before_the_work(
    ray: Any, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster(Where("auto"), plan.settings)
    monkeypatch.setattr(nodes, "sees", blind)
    with pytest.raises(MachineError, match="does not see /mnt/reels"):
        colored(plan, cluster)
    assert not plan.output.exists()
    assert not job_folder(plan.output).exists()


def test_an_error_of_a_worker_is_the_users_as_on_one_machine(
    ray: Any, settings: ColorizeSettings, plan: Plan
) -> None:
    with pytest.raises(MachineError, match="no GPU"):
        Cluster(Where("auto"), replace(settings, device="cuda"))
    cluster = Cluster(Where("auto"), plan.settings)

    def step(frames: float, limit: str) -> None:
        plan.clip.path.unlink(missing_ok=True)

    with pytest.raises(InputError, match="went away"):
        colored(plan, cluster, step)
    assert not plan.output.exists()


def test_a_node_with_another_version_is_refused(
    ray: Any, settings: ColorizeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painters, "__version__", "0.0.1")
    with pytest.raises(ModelError, match=r"here it is 0\.0\.1"):
        Cluster(Where("auto"), settings)


def test_what_a_node_sees_is_the_source_itself_and_a_folder_to_write_to(tmp_path: Path) -> None:
    source, token = tmp_path / "in.mp4", tmp_path / "job" / "token.part"
    source.write_bytes(b"film")
    identity = identify(source)
    assert sees(source, identity, token) == token.parent
    token.parent.mkdir()
    token.write_text(token.name)
    assert sees(source, identity, token) is None
    source.write_bytes(b"another film")
    assert sees(source, identity, token) == source
    source.unlink()
    assert sees(source, identity, token) == source
    assert list(token.parent.iterdir()) == [token]


def test_where_nobody_listens_there_is_no_cluster(
    ray: Any, settings: ColorizeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(MachineError, match=r"At 127\.0\.0\.1:1 there is no Ray cluster"):
        Cluster(Where("127.0.0.1:1"), settings)


def test_without_ray_it_is_said_how_to_get_it(
    film: Maker,
    tmp_path: Path,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    words = [str(film(frames=3)), str(tmp_path / "out.mp4"), "--cluster", "auto"]
    assert run(["colorize", *words, "--model", str(tiny_model)]) == 6
    assert install_hint("cluster") in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]
