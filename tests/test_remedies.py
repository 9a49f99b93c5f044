"""What is named to install something works from where the program was installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vidcolor import remedies
from vidcolor.remedies import install_hint


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program as a package, not as a source tree."""
    monkeypatch.setattr(remedies, "PACKAGE", tmp_path / "site-packages" / "vidcolor")


def test_a_source_tree_is_installed_by_its_folder() -> None:
    root = Path(remedies.__file__).parents[1]
    assert install_hint("train") == f"pip install -e '.[train]' in {root}"


@pytest.mark.usefixtures("installed")
def test_a_package_is_installed_by_its_name() -> None:
    assert install_hint("train") == "pip install 'vidcolor[train]'"
    assert install_hint("train,evaluate") == "pip install 'vidcolor[train,evaluate]'"


@pytest.mark.usefixtures("installed")
def test_pipx_has_an_environment_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/home/a/.local/share/pipx/venvs/vidcolor")
    assert install_hint("export") == "pipx inject vidcolor 'vidcolor[export]'"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        (None, "vidcolor[train]"),
        ('{"url": "file:///a/b", "dir_info": {}}', "vidcolor[train] @ file:///a/b"),
        (
            '{"url": "https://h/v.git", "vcs_info": {"vcs": "git", "commit_id": "0"}}',
            "vidcolor[train] @ git+https://h/v.git",
        ),
    ],
)
def test_a_tool_of_uv_is_installed_anew_from_its_source(
    origin: str | None, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            return origin if name == "direct_url.json" else None

    monkeypatch.setattr(sys, "prefix", "/home/a/.local/share/uv/tools/vidcolor")
    monkeypatch.setattr(remedies, "distribution", lambda name: Installed())
    assert install_hint("train") == f"uv tool install '{wanted}'"


@pytest.mark.usefixtures("installed")
def test_where_there_is_no_pip_uv_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    assert install_hint("train") == "uv pip install 'vidcolor[train]'"
