import sys
from pathlib import Path

import pytest

from vidcolor.folders import cache_folder


def test_the_cache_folder_is_the_named_one_before_any_other(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("VIDCOLOR_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux has it")
def test_on_linux_the_cache_folder_is_where_it_has_always_been(monkeypatch, tmp_path):
    monkeypatch.delenv("VIDCOLOR_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / ".cache" / "vidcolor"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "vidcolor"


@pytest.mark.parametrize("place", [RuntimeError("no home"), Path("~/.cache/vidcolor")])
def test_a_user_without_a_home_has_no_cache_folder(monkeypatch, place):
    def of_user(*_, **__):
        if isinstance(place, Exception):
            raise place
        return place

    monkeypatch.delenv("VIDCOLOR_CACHE", raising=False)
    monkeypatch.setattr("vidcolor.folders.user_cache_path", of_user)
    assert cache_folder() is None
