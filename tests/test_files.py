import errno

import pytest

from vidcolor.errors import OutputError
from vidcolor.files import check_output, finished_file, finished_folder, write_error


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


def test_a_folder_that_is_not_finished_leaves_what_stood_there(tmp_path):
    there = tmp_path / "frames"
    there.mkdir()
    (there / "old").touch()
    with pytest.raises(RuntimeError), finished_folder(there) as folder:
        (folder / "new").touch()
        raise RuntimeError
    assert [path.name for path in tmp_path.rglob("*")] == ["frames", "old"]
    with finished_folder(there) as folder:
        (folder / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["frames", "new"]


def test_an_output_without_a_film_is_checked_as_one_with_it(tmp_path):
    source = tmp_path / "in.csv"
    source.touch()
    (tmp_path / "link.csv").symlink_to(source)
    for output, why in (
        (source, "is the source itself"),
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "out.csv", "does not exist"),
    ):
        with pytest.raises(OutputError, match=why):
            check_output(source, output, overwrite=True)
    check_output(source, tmp_path / "out.csv", overwrite=False)
