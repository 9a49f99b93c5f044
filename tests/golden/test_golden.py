"""What comes out, bit by bit, is what came out before the program was built anew."""

from pathlib import Path

import pytest

from tests.golden import cases


@pytest.mark.slow
def test_not_one_bit_is_another(tmp_path: Path) -> None:
    before = cases.stored()
    if before is None:
        pytest.skip("no hashes were made on such a machine: python -m tests.golden.cases")
    now = cases.hashes(tmp_path)
    assert now.keys() == before["cases"].keys()
    for name, found in now.items():
        assert found == before["cases"][name], name
