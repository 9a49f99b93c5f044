"""The folder of stills as it comes, and what is said of each still and hint."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest

from vidcolor.cli.main import run


def planes(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="yuv420p") for f in container.decode(video=0)])


@pytest.fixture
def folder(shots: Path, tmp_path: Path, tiny_model: Path) -> Path:
    refs = tmp_path / "refs"
    assert run(["stills", str(shots), str(refs), "--model", str(tiny_model), "--quiet"]) == 0
    return refs


def edit(path: Path, keep_words: bool) -> None:
    """Paint a still over, as editors that keep or drop a PNG's words."""
    with PIL.Image.open(path) as picture:
        words = PIL.PngImagePlugin.PngInfo()
        for key, value in picture.text.items() if keep_words else ():
            words.add_text(key, value)
        ycc = np.asarray(picture.convert("YCbCr")).copy()
    ycc[..., 1:] = 158, 88
    PIL.Image.fromarray(ycc, "YCbCr").convert("RGB").save(path, pnginfo=words)


@pytest.fixture
def colorized(shots: Path, tmp_path: Path, tiny_model: Path, capsys):
    def colorize(name: str, *options: object) -> tuple[np.ndarray, dict]:
        output = tmp_path / name
        given = ["colorize", shots, output, "--model", tiny_model, "--lossless", "--json"]
        capsys.readouterr()
        assert run([*map(str, (*given, *options))]) == 0
        return planes(output), json.loads(capsys.readouterr().out)

    return colorize


@pytest.mark.parametrize("keep_words", [True, False])
def test_of_a_folder_only_the_still_that_was_changed_is_law(
    colorized, folder: Path, keep_words: bool
) -> None:
    first, second, third = sorted(folder.glob("ref_*.png"))
    edit(second, keep_words)
    alone, _ = colorized("alone.mkv", "--reference", second, "--reach", "film")
    whole, said = colorized("whole.mkv", "--reference", folder, "--reach", "film")
    assert np.array_equal(whole, alone)
    by_name = {one["name"]: one for one in said["said"]}
    assert by_name[first.name]["words"] == f"{first.name}: unchanged, not used"
    assert by_name[third.name]["fate"] == "unchanged"
    assert by_name[second.name]["shot"] == 2
    assert by_name[second.name]["trusted"] > 0.9
    assert by_name[second.name]["words"].startswith(f"{second.name}: shot 2, fits, ")
    assert "only 1 of 3 stills was changed" in " ".join(said["notes"])


def test_a_folder_that_nobody_touched_leaves_the_film_as_it_is(colorized, folder: Path) -> None:
    plain, none = colorized("plain.mkv")
    whole, said = colorized("whole.mkv", "--reference", folder)
    assert np.array_equal(whole, plain)
    assert none["said"] == []
    assert [one["fate"] for one in said["said"]] == ["unchanged"] * 3
    assert any("no still was changed" in note for note in said["notes"])


def test_it_is_said_how_far_a_dot_reaches(colorized, tmp_path: Path, capsys) -> None:
    dots = tmp_path / "dots.json"
    dot = {"points": [[64, 48]], "radius": 9, "colour": "#c04020"}
    dots.write_text(json.dumps({"version": 1, "hints": [dot | {"frame": 30}]}))
    plain, _ = colorized("plain.mkv")
    _, said = colorized("out.mkv", "--hints", dots, "--keep-job")
    (one,) = said["said"]
    assert (one["name"], one["frame"], one["shot"]) == ("hint 1 of dots.json", 30, 2)
    assert 0.02 < one["reaches"] < 1
    assert 14 <= one["first"] < 30 < one["last"] < 44
    # What another run of the job finds finished it tells as the one that made it.
    _, again = colorized("out.mkv", "--hints", dots, "--keep-job", "--overwrite")
    assert again["resumed"] == len(plain)
    assert again["said"] == said["said"]


def test_verbose_says_it_and_names_what_is_not_in_the_part(
    shots: Path, tmp_path: Path, tiny_model: Path, folder: Path, capsys
) -> None:
    for path in sorted(folder.glob("ref_*.png"))[:2]:
        edit(path, keep_words=False)
    first, second, third = sorted(folder.glob("ref_*.png"))
    given = ["colorize", shots, tmp_path / "out.mkv", "--model", tiny_model, "--verbose"]
    capsys.readouterr()
    assert run([*map(str, given), "--shot", "2", "--reference", str(folder)]) == 0
    words = capsys.readouterr().err
    assert f"{second.name}: shot 2, fits, " in words
    assert f"{third.name}: unchanged, not used" in words
    assert f"{first.name}: on frame {int(first.stem[4:])}, which is not coloured" in words
