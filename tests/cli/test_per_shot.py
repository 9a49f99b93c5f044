"""`--per-shot`: single shots look otherwise than the film; all others are as they were."""

from __future__ import annotations

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from vidcolor.cli.main import run

FIRST, SECOND, THIRD = range(14), range(14, 44), range(44, 66)


@pytest.fixture(scope="module")
def own(shots: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film with a colour of its own in every frame, another in each."""
    path = tmp_path_factory.mktemp("own") / "own.mkv"
    with av.open(str(shots)) as source, av.open(str(path), "w") as sink:
        stream = sink.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            planes = frame.to_ndarray(format="yuv420p")
            planes[96:120], planes[120:] = 80 + number, 170 - number
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
        sink.mux(stream.encode())
    return path


@pytest.fixture
def colored(tiny_model: Path, tmp_path: Path):
    """Colours a film with these looks of shots, and gives its planes: (frames, 144, 128)."""

    def make(film: Path, looks: list[dict], *options: str, name: str = "out.mkv") -> np.ndarray:
        listed, output = tmp_path / "shots.json", tmp_path / name
        listed.write_text(json.dumps({"shots": looks}))
        words = ["colorize", str(film), str(output), "--codec", "ffv1", "--overwrite"]
        words += ["--model", str(tiny_model), "--quiet", *options]
        assert run([*words, "--per-shot", str(listed)] if looks else words) == 0
        return planes(output)

    return make


def planes(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="yuv420p") for f in container.decode(video=0)])


def look(frames: range, **values: object) -> dict:
    return {"first": frames.start, "frames": len(frames), **values}


def strength(film: np.ndarray, frames: range) -> float:
    return float(np.abs(film[frames.start : frames.stop, 96:].astype(int) - 128).mean())


def test_what_is_printed_is_taken_with_what_is_written_into_it(
    shots: Path, colored, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["shots", str(shots), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["shots"]
    plain = colored(shots, [])
    assert np.array_equal(colored(shots, listed), plain)
    listed[1]["saturation"] = 0.5
    made = colored(shots, listed)
    for same in (FIRST, THIRD):
        assert np.array_equal(made[same.start : same.stop], plain[same.start : same.stop])
    whole = colored(shots, [], "--saturation", "0.5")
    assert np.array_equal(made[14:44], whole[14:44])


def test_grey_is_grey_and_the_rest_as_it_was(shots: Path, colored) -> None:
    plain, made = colored(shots, []), colored(shots, [look(FIRST, saturation=0)])
    assert (made[:14, 96:] == 128).all()
    assert np.array_equal(made[14:], plain[14:])


def test_a_shot_that_is_left_keeps_every_sample(own: Path, colored) -> None:
    plain, made = colored(own, []), colored(own, [look(SECOND, leave=True)])
    assert np.array_equal(made[14:44], planes(own)[14:44])
    assert np.array_equal(made[:14], plain[:14])


def test_it_does_at_ten_bits_and_an_odd_size_too(tmp_path: Path, tiny_model: Path) -> None:
    deep = tmp_path / "deep.mkv"
    noise = np.random.default_rng(0).integers(30, 220, (8, 65, 97, 3), np.uint8)
    with av.open(str(deep), "w") as sink:
        stream = sink.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 97, 65, "yuv422p10le"
        for picture in noise:
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv422p10le")
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode())
    listed, output = tmp_path / "shots.json", tmp_path / "out.mkv"
    listed.write_text(json.dumps([look(range(5), leave=True)]))
    words = ["colorize", deep, output, "--codec", "ffv1", "--model", tiny_model]
    assert run([*map(str, words), "--per-shot", str(listed)]) == 0
    assert samples(tmp_path / "out.mkv")[:5] == samples(deep)[:5]
    assert samples(tmp_path / "out.mkv")[5:] != samples(deep)[5:]


def samples(path: Path) -> list[list[bytes]]:
    """What each plane of each frame holds."""
    with av.open(str(path)) as container:
        return [[bytes(plane) for plane in frame.planes] for frame in container.decode(video=0)]


def test_a_part_of_a_shot_may_be_left(own: Path, colored) -> None:
    made = colored(own, [{"first": 20, "frames": 5, "leave": True}])
    assert np.array_equal(made[20:25], planes(own)[20:25])
    assert not np.array_equal(made[19], planes(own)[19])


def test_nothing_to_keep_stays_grey(shots: Path, tmp_path: Path, colored) -> None:
    grey = tmp_path / "grey.mkv"
    with av.open(str(shots)) as source, av.open(str(grey), "w") as sink:
        stream = sink.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "gray"
        for frame in source.decode(video=0):
            sink.mux(stream.encode(frame.reformat(format="gray")))
        sink.mux(stream.encode())
    made = colored(grey, [look(SECOND, leave=True)])
    assert strength(made, SECOND) == 0
    assert strength(made, FIRST) > 1


def test_vividness_and_steadiness_are_those_of_a_whole_film_so_set(shots: Path, colored) -> None:
    made = colored(shots, [look(SECOND, vividness=3.0, steady=0.25)])
    whole = colored(shots, [], "--vividness", "3", "--steady", "0.25", "--restart")
    plain = colored(shots, [], "--restart")
    assert np.array_equal(made[14:44], whole[14:44])
    assert np.array_equal(made[:14], plain[:14])
    assert not np.array_equal(made[14:44], plain[14:44])


def test_dots_are_exact_in_a_shot_of_another_saturation(shots: Path, colored) -> None:
    dot = ("--hint", "20:64,48,6=#8a4040")
    made = [
        colored(shots, [look(SECOND, saturation=value)], *dot, "--restart")[20, 96:].astype(int)
        for value in (0.4, 2.0)
    ]
    middle = [half.reshape(2, 48, 64)[:, 22:26, 30:34].mean(axis=(1, 2)) for half in made]
    assert np.abs(middle[0] - middle[1]).max() < 3


def test_a_look_that_changes_costs_its_shot_alone(
    shots: Path, colored, capsys: pytest.CaptureFixture[str]
) -> None:
    colored(shots, [look(FIRST, saturation=0.5)], "--keep-job")
    made = colored(shots, [look(THIRD, saturation=2.0)], "--keep-job")
    words = ["--json", "--keep-job"]
    capsys.readouterr()
    again = colored(shots, [look(THIRD, saturation=3.0)], *words)
    said = json.loads(capsys.readouterr().out)
    assert said["resumed"] == 44
    assert np.array_equal(again[:44], made[:44])
    assert np.array_equal(again[:44], colored(shots, [], name="plain.mkv")[:44])


def test_a_preview_shows_a_shot_as_it_is_to_look(
    own: Path, tiny_model: Path, tmp_path: Path
) -> None:
    listed, output = tmp_path / "shots.json", tmp_path / "out.png"

    def seen(*looks: dict) -> np.ndarray:
        listed.write_text(json.dumps({"shots": looks}))
        words = ["preview", str(own), "--frame", "20", "-o", str(output), "--overwrite"]
        words += ["--model", str(tiny_model), "--quiet", "--per-shot", str(listed)]
        assert run(words) == 0
        return cv2.imread(str(output)).astype(int)

    plain = seen(look(FIRST, saturation=0))
    assert np.ptp(plain, axis=2).max() > 3
    assert np.ptp(seen(look(SECOND, saturation=0)), axis=2).max() <= 1
    left = seen(look(SECOND, leave=True))
    with av.open(str(own)) as container:
        frame = next(f for n, f in enumerate(container.decode(video=0)) if n == 20)
    assert np.abs(left - frame.to_ndarray(format="bgr24")).mean() < 2


@pytest.mark.parametrize(
    ("held", "word"),
    [
        (
            '{"shots": [{"first": 0, "frames": 99}, {"first": 60, "frames": 9, "leave": true}]}',
            "66",
        ),
        ('[{"first": 0, "frames": 9, "steady": 0}, {"first": 8, "frames": 2, "leave": true}]', "8"),
        ('{"shots": [{"first": 0, "frames": 9, "saturaton": 1}]}', "saturaton"),
        ('{"shots": [{"first": 0, "frames": 9, "vividness": 0}]}', "0.1 to 10"),
        ('{"shots": [{"first": 0, "frames": 9, "leave": "yes"}]}', "true or false"),
        ('{"shots": [{"first": 0, "frames": 0, "leave": true}]}', "no place"),
        ('{"shots": [{"frames": 5, "leave": true}]}', "no place"),
        ('{"shots": [4]}', "not an object"),
        ('{"shots": {}}', "list of shots"),
        ('{"shots": ', "no JSON"),
        (None, "not there"),
    ],
)
def test_looks_that_cannot_be_are_a_sentence_before_the_work(
    shots: Path,
    tiny_model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    held: str | None,
    word: str,
) -> None:
    listed = tmp_path / "shots.json"
    if held is not None:
        listed.write_text(held)
    words = ["colorize", str(shots), str(tmp_path / "out.mkv"), "--per-shot", str(listed)]
    assert run([*words, "--model", str(tiny_model)]) == 2
    assert word in capsys.readouterr().err
    assert not (tmp_path / "out.mkv").exists()
