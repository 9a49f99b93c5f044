"""A validation that cannot be relied on is said: at the start and by --plan."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from tests.train.conftest import photograph, run_settings
from tests.train.test_data import write_clip
from vidcolor.train.group import ALONE
from vidcolor.train.settings import TrainSettings
from vidcolor.train.split import Split, divide, foreseen_doubts
from vidcolor.train.words import SILENT


def fill(folder: Path, seeds: range) -> Path:
    folder.mkdir(exist_ok=True)
    for seed in seeds:
        cv2.imwrite(str(folder / f"{seed}.png"), photograph(seed))
    return folder


def divided(settings: TrainSettings, tmp_path: Path) -> Split:
    return divide(settings, tmp_path / "cache", ALONE, SILENT)


def told(settings: TrainSettings, tmp_path: Path) -> list[str]:
    """The doubts at the start, which are those of the plan."""
    doubts = divided(settings, tmp_path).doubts()
    assert foreseen_doubts(settings, SILENT) == doubts
    return doubts


def test_few_validation_pictures_are_doubtful(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", range(4))
    few = fill(tmp_path / "val", range(10, 39))
    (doubt,) = told(run_settings(data, tmp_path / "run", None, val=(str(few),)), tmp_path)
    assert doubt.startswith("only 29 pictures are held out")
    assert "--val" in doubt
    enough = fill(few, range(39, 40))
    assert told(run_settings(data, tmp_path / "run", None, val=(str(enough),)), tmp_path) == []


def test_frames_of_a_clip_count(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", range(4))
    (tmp_path / "val").mkdir()
    write_clip(tmp_path / "val" / "clip.mp4", 80)
    settings = run_settings(data, tmp_path / "run", None, val=(str(tmp_path / "val"),))
    assert told(settings, tmp_path) == []


def test_validating_on_what_is_trained_on_is_doubtful(tmp_path: Path) -> None:
    data = fill(tmp_path / "data", range(3))
    _, doubt = told(run_settings(data, tmp_path / "run", None), tmp_path)
    assert doubt.startswith("all of the 3 validation pictures are trained on too")


def test_pictures_that_are_in_both_folders_are_not_trained_on(tmp_path: Path) -> None:
    data, val = fill(tmp_path / "data", range(4)), fill(tmp_path / "val", range(3, 40))
    settings = run_settings(data, tmp_path / "run", None, val=(str(val),))
    assert told(settings, tmp_path) == []
    assert divided(settings, tmp_path).train == [0, 1, 2]


def test_where_validation_holds_all_the_data_they_are_trained_on(tmp_path: Path) -> None:
    data, val = fill(tmp_path / "data", range(4)), fill(tmp_path / "val", range(40))
    settings = run_settings(data, tmp_path / "run", None, val=(str(val),))
    (doubt,) = told(settings, tmp_path)
    assert doubt.startswith("4 of the 40 validation pictures are trained on too")
    assert divided(settings, tmp_path).train == [0, 1, 2, 3]


@pytest.mark.parametrize("suffix", [".bmp", ".tif"])
def test_the_same_picture_in_another_file_is_noticed(suffix: str, tmp_path: Path) -> None:
    data, val = fill(tmp_path / "data", range(4)), fill(tmp_path / "val", range(10, 40))
    cv2.imwrite(str(val / f"again{suffix}"), photograph(2))
    settings = run_settings(data, tmp_path / "run", None, val=(str(val),))
    (doubt,) = divided(settings, tmp_path).doubts()
    assert doubt.startswith("1 of the 31 validation pictures is trained on too")
