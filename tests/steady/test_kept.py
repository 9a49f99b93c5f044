"""Motion that is kept: bounded, damaged, in the way."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from vidcolor.steady.kept import KeptMotion

FIELD = np.arange(4000, dtype=np.float32).reshape(2, -1)


def shot(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (3, 8, 8), np.uint8)


def asked(kept: KeptMotion, luma: np.ndarray, names: str = "abc") -> int:
    """How many of some estimates had to be made; all are what they should be."""
    made = []

    def make(number: int) -> np.ndarray:
        made.append(number)
        return FIELD + number

    with kept.of(luma) as motion:
        for number, name in enumerate(names):
            assert np.array_equal(motion.of(name, lambda n=number: make(n)), FIELD + number)
    return len(made)


def test_what_was_estimated_is_there_the_next_time_and_for_its_shot_alone(tmp_path: Path) -> None:
    kept = KeptMotion(tmp_path / "motion", "dis")
    assert [asked(kept, shot(1)), asked(kept, shot(1)), asked(kept, shot(1), "abcd")] == [3, 0, 1]
    assert asked(kept, shot(2)) == 3
    assert asked(KeptMotion(tmp_path / "motion", "raft"), shot(1)) == 3


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "empty"])
def test_what_is_damaged_is_estimated_anew(tmp_path: Path, damage: str) -> None:
    kept = KeptMotion(tmp_path / "motion", "dis")
    asked(kept, shot(1))
    (path,) = (tmp_path / "motion").iterdir()
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 255
    whole = path.read_bytes()
    changed = {"cut": whole[:20000], "flipped": held, "other": b"not a zip" * 99, "empty": b""}
    path.write_bytes(changed[damage])
    assert 0 < asked(kept, shot(1)) <= 3
    assert asked(kept, shot(1)) <= 2
    assert asked(kept, shot(1)) == 0


def test_it_stays_within_its_bound_and_what_was_used_longest_ago_goes(tmp_path: Path) -> None:
    kept = KeptMotion(tmp_path / "motion", "dis", most=110_000)
    for seed in (1, 2, 1, 3):  # 48 kB each
        asked(kept, shot(seed))
    held = sum(path.stat().st_size for path in (tmp_path / "motion").iterdir())
    assert 90_000 < held <= 110_000
    assert [asked(kept, shot(seed)) for seed in (1, 3)] == [0, 0]
    assert asked(kept, shot(4), "abcdefghijkl") == 12
    assert sum(path.stat().st_size for path in (tmp_path / "motion").iterdir()) <= 110_000


def test_it_goes_where_the_disk_has_no_room_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptMotion(tmp_path / "motion", "dis", spare=5000)
    asked(kept, shot(1))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=4000))
    assert asked(kept, shot(1)) == 3
    assert not (tmp_path / "motion").exists()


def test_a_disk_that_fills_up_hinders_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptMotion(tmp_path / "motion", "dis")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("zipfile.ZipFile.writestr", full)
        assert asked(kept, shot(1)) == 3
    assert not list((tmp_path / "motion").iterdir())
    assert asked(kept, shot(1)) == 3
