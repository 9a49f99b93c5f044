import errno

import pytest

from vidcolor.errors import OutputError
from vidcolor.files import finished_file, write_error


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "film.mp4"
    with finished_file(path) as temporary:
        temporary.write_bytes(b"new")
        assert temporary.suffix == ".mp4"
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


def test_what_stood_there_stays_when_the_work_fails(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), finished_file(path) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "may not be written"),
        (errno.ENOENT, "does not exist"),
        (errno.EIO, "could not be written"),
    ],
)
def test_reasons_are_in_words(tmp_path, number, words):
    with (
        pytest.raises(OutputError, match=words) as caught,
        finished_file(tmp_path / "film.mp4"),
    ):
        raise OSError(number, "cause")
    assert caught.value.exit_code == 4
    assert words in str(write_error(tmp_path / "film.mp4", OSError(number, "cause")))
