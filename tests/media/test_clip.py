import dataclasses
from fractions import Fraction

import pytest

from vidcolor.media.probe import probe


@pytest.fixture
def clip(film):
    return probe(film(frames=3))


@pytest.mark.parametrize(
    ("aspect", "rotation", "size"),
    [
        (Fraction(1), 0, (48, 64)),
        (Fraction(1), 90, (64, 48)),
        (Fraction(4, 3), 0, (48, 85)),
        (Fraction(2, 3), 180, (72, 64)),
        (Fraction(3, 2), 270, (96, 48)),
    ],
)
def test_upright_size_is_what_a_viewer_sees(clip, aspect, rotation, size):
    turned = dataclasses.replace(clip, sample_aspect_ratio=aspect, rotation=rotation)
    assert turned.upright_size == size


@pytest.mark.parametrize(
    ("numbers", "size", "name"),
    [
        ((1, 2, 2), (64, 48), "bt709"),
        ((5, 2, 2), (1920, 1080), "bt601"),
        ((6, 2, 2), (64, 48), "bt601"),
        ((9, 9, 16), (64, 48), "bt2020nc"),
        ((2, 2, 2), (720, 576), "bt601"),
        ((2, 2, 2), (1280, 534), "bt709"),
        ((2, 2, 2), (1920, 1080), "bt709"),
        ((2, 9, 16), (3840, 2160), "bt2020nc"),
    ],
)
def test_matrix_is_taken_as_written_or_guessed_as_players_do(clip, numbers, size, name):
    matrix, primaries, transfer = numbers
    said = dataclasses.replace(
        clip, matrix=matrix, primaries=primaries, transfer=transfer, width=size[0], height=size[1]
    )
    assert said.resolved_matrix() == name


def test_frames_end_where_the_next_begins(clip):
    assert [clip.frame_end(i) for i in range(3)] == [1000, 2000, 3000]
    assert clip.duration_s == pytest.approx(3 / 24)
    assert clip.frame_count == 3
