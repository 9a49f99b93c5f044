"""Nothing is lost without a word; `promises` writes what is measured into docs/media.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media.promises import CONTAINERS, FAILED, LOST, PROPERTIES, Property, outcome


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("asked", PROPERTIES, ids=[p.name for p in PROPERTIES])
def test_it_is_kept_or_the_plan_says_what_becomes_of_it(
    asked: Property, container: str, tmp_path: Path, tiny_model: Path
) -> None:
    assert outcome(asked, container, tmp_path, tiny_model) not in (LOST, FAILED)
