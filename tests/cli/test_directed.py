"""Bad stills and hints: one sentence, exit code 2, nothing half done."""

from __future__ import annotations

import json

import av
import cv2
import numpy as np

from tests.direct.conftest import film_of, save, shot, tinted  # noqa: F401
from vidcolor.cli.main import run


def _cases(tmp):
    def hints(name, held):
        path = tmp / name
        path.write_text(json.dumps(held))
        return ["--hints", path]

    dot = {"frame": 3, "points": [[64, 48]], "radius": 5, "colour": "red"}
    fitting, other = tinted(shot(1)[4]), tinted(shot(9)[0])
    twins = [save(tmp / name, fitting) for name in ("ref_000004.png", "ref_4.png")]
    outside = {"version": 1, "hints": [dot | {"points": [[900, 1]]}]}
    return {
        "another film's": (["--reference", save(tmp / "stranger.png", other)], "stranger.png"),
        "missing": (["--reference", tmp / "none.png"], "none.png"),
        "twice": (
            ["--reference", twins[0], "--reference", twins[1]],
            "both",
        ),
        "late": (["--reference", save(tmp / "ref_000999.png", fitting)], "999"),
        "outside": (
            hints("a.json", outside),
            "900",
        ),
        "nowhere": (
            hints("e.json", {"version": 1, "hints": [dot | {"frame": None}]}),
            "a frame or a time",
        ),
        "behind": (hints("b.json", {"version": 1, "hints": [dot | {"frame": 99}]}), "99"),
        "colour": (hints("c.json", {"version": 1, "hints": [dot | {"colour": "redd"}]}), "red,"),
        "old": (hints("d.json", {"version": 0, "hints": [dot]}), "version 0"),
        "reach": (["--reach", "world"], "world"),
    }


def test_bad_stills_and_hints_are_one_sentence(film_of, tmp_path, tiny_model, capsys):  # noqa: F811
    source = film_of()
    cases = _cases(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    for name, (arguments, word) in cases.items():
        out = tmp_path / "out.mkv"
        given = ["colorize", source, out, "--model", tiny_model, *arguments]
        code = run([str(part) for part in given])
        said = capsys.readouterr()
        assert code == 2, (name, said.err)
        assert word in said.err, (name, said.err)
        assert "Traceback" not in said.err
        assert {path.name for path in tmp_path.iterdir()} == before, name


def test_a_photograph_is_told_what_colour_a_thing_was(tmp_path, tiny_model, capsys):
    light = np.full((96, 128), 70, np.uint8)
    light[:, 64:] = 190
    picture = save(tmp_path / "in.png", np.dstack([light] * 3))
    dot = {"points": [[100, 48]], "radius": 6, "colour": "#c03030"}
    told = tmp_path / "dots.json"
    told.write_text(json.dumps({"version": 1, "hints": [dot]}))
    for name, more in (("plain", []), ("told", ["--hints", told])):
        given = ["colorize", picture, tmp_path / f"{name}.png", "--model", tiny_model, *more]
        assert run([str(part) for part in given]) == 0, capsys.readouterr().err
    plain, red = (cv2.imread(str(tmp_path / f"{n}.png")).astype(int) for n in ("plain", "told"))
    redder = (red - plain)[..., 2] - (red - plain)[..., 0]
    assert redder[40:56, 92:108].mean() > 40
    assert abs(redder[:, :50]).mean() < 10


def test_a_photograph_has_one_frame(tmp_path, tiny_model, capsys):
    picture = save(tmp_path / "in.png", np.full((64, 64, 3), 90, np.uint8))
    told = tmp_path / "dots.csv"
    told.write_text("frame,x,y,colour\n3,10,10,red\n")
    given = [picture, tmp_path / "out.png", "--model", tiny_model, "--hints", told]
    assert run(["colorize", *map(str, given)]) == 2
    assert "frame 3; the film has 1" in capsys.readouterr().err
    assert not (tmp_path / "out.png").exists()


def test_a_still_without_colour_is_named_for_a_photograph_too(tmp_path, tiny_model, capsys):
    picture = save(tmp_path / "in.png", np.dstack([shot(1)[0]] * 3))
    still = save(tmp_path / "still.png", np.dstack([shot(1)[0]] * 3))
    given = [picture, tmp_path / "out.png", "--model", tiny_model, "--reference", still, "--json"]
    assert run(["colorize", *map(str, given)]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [
        "still.png has no colour: what it shows stays grey"
    ]


def test_a_picture_of_strokes_for_a_photograph_may_have_any_name(tmp_path, tiny_model, capsys):
    picture = save(tmp_path / "in.png", np.dstack([shot(1)[0]] * 3))
    paint = np.zeros((96, 128, 4), np.uint8)
    paint[30:60, 40:90] = (192, 48, 48, 255)
    for name in ("strokes.png", "hint_000040.png", "ref_000012.png", "20240307.png"):
        option = "--reference" if name.startswith("ref") else "--hints"
        told = save(tmp_path / name, paint)
        out = tmp_path / f"out_{name}"
        given = [picture, out, "--model", tiny_model, option, told]
        assert run(["colorize", *map(str, given)]) == 0, capsys.readouterr().err
        made = cv2.imread(str(out)).astype(int)
        assert (made[..., 2] - made[..., 0])[40:50, 55:75].mean() > 40, name


def test_dots_on_the_command_line_colour_a_photograph_as_those_of_a_file(
    tmp_path, tiny_model, capsys
):
    picture = save(tmp_path / "in.png", np.dstack([shot(1)[0]] * 3))
    told = tmp_path / "dots.csv"
    told.write_text("x,y,radius,colour\n30,48,6,navy\n100,48,,#c03030\n")
    ways = {
        "file": ["--hints", told],
        "words": ["--hint", "30,48,6=navy", "--hint", "100,48=#c03030"],
        "none": [],
    }
    made = {}
    for name, words in ways.items():
        out = tmp_path / f"{name}.png"
        given = ["colorize", picture, out, "--model", tiny_model, *words]
        assert run([str(part) for part in given]) == 0, capsys.readouterr().err
        made[name] = cv2.imread(str(out))
    assert (made["file"] == made["words"]).all()
    assert (made["none"] != made["words"]).any()


def test_dots_on_the_command_line_reach_film_and_preview(film_of, tmp_path, tiny_model, capsys):  # noqa: F811
    source = film_of()
    dots = ["--hint", "4:64,48,9=navy", "--hint", "0:00.75:64,48,9=red", "--model", tiny_model]
    look = ["preview", source, "--at", "0:00.75", "-o", tmp_path / "look.png"]
    assert run([str(part) for part in [*look, *dots]]) == 0
    red, green, blue = cv2.imread(str(tmp_path / "look.png"))[48, 64, ::-1].astype(int)
    assert red > max(green, blue) + 40
    assert run([str(part) for part in ["colorize", source, tmp_path / "out.mkv", *dots]]) == 0
    with av.open(str(tmp_path / "out.mkv")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert frames[4][48, 64, 2] > frames[4][48, 64, 0] + 40
    assert frames[18][48, 64, 0] > frames[18][48, 64, 2] + 40


def test_a_dot_outside_the_film_names_itself(film_of, tmp_path, tiny_model, capsys):  # noqa: F811
    given = [film_of(), tmp_path / "out.mkv", "--model", tiny_model, "--hint", "999:1,2=red"]
    assert run(["colorize", *map(str, given)]) == 2
    assert "The hint 999:1,2=red is on frame 999; the film has 36" in capsys.readouterr().err


def test_a_dot_given_as_a_file_is_told_its_option(film_of, tmp_path, tiny_model, capsys):  # noqa: F811
    given = [film_of(), tmp_path / "out.mkv", "--model", tiny_model, "--hints", "4:64,48=navy"]
    assert run(["colorize", *map(str, given)]) == 2
    assert "Give a dot without a file by --hint." in capsys.readouterr().err


def test_a_photograph_of_a_batch_has_strokes_of_any_name_in_its_folder(
    tmp_path, tiny_model, capsys
):
    save(tmp_path / "in" / "group.png", np.dstack([shot(1)[0]] * 3))
    paint = np.zeros((96, 128, 4), np.uint8)
    paint[30:60, 40:90] = (192, 48, 48, 255)
    (tmp_path / "hints").mkdir()
    save(tmp_path / "hints" / "group" / "strokes.png", paint)
    words = [tmp_path / "in", tmp_path / "out", "--model", tiny_model]
    assert run(["batch", *map(str, words), "--hints", str(tmp_path / "hints")]) == 0
    made = cv2.imread(str(tmp_path / "out" / "group.png")).astype(int)
    assert (made[..., 2] - made[..., 0])[40:50, 55:75].mean() > 40
