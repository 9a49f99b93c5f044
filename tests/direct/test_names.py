from pathlib import Path

import pytest

from vidcolor.direct.names import frame_in, read_time, time_in


@pytest.mark.parametrize(
    ("name", "frame", "time"),
    [
        ("ref_000040.png", 40, None),
        ("hint_7.png", 7, None),
        ("000040.jpg", 40, None),
        ("00-01-23.500.png", None, 83.5),
        ("still 83.5s.png", None, 83.5),
        ("my edit.png", None, None),
        ("shot2-final.png", None, None),
    ],
)
def test_names_give_a_frame_a_time_or_neither(name, frame, time):
    assert (frame_in(Path(name)), time_in(Path(name))) == (frame, time)


@pytest.mark.parametrize(
    ("text", "seconds"), [("83.5", 83.5), ("01:23.5", 83.5), ("1:00:00", 3600), ("soon", None)]
)
def test_times(text, seconds):
    assert read_time(text) == seconds
