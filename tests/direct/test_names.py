from pathlib import Path

import pytest

from vidcolor.direct.names import Named, named, read_time


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ref_000040.png", Named(frame=40)),
        ("hint_7.png", Named(frame=7)),
        ("000040.jpg", Named(number=40)),
        ("00-01-23.500.png", Named(time_s=83.5)),
        ("still 83.5s.png", Named(time_s=83.5)),
        ("ref_000040 2024-03-07.png", Named(frame=40)),
        ("my edit.png", Named()),
        ("shot2-final.png", Named()),
    ],
)
def test_names_give_a_frame_a_time_or_neither(name, meant):
    assert named(Path(name)) == meant


@pytest.mark.parametrize(
    "name",
    [
        "vlcsnap-2024-03-07-13h51m21s111.png",
        "IMG_20240307_135121.jpg",
        "PXL_20240307_135121123.jpg",
        "Screenshot 2024-03-07 at 13.51.21.png",
        "Screenshot_2024-03-07_13-51-21.png",
        "Bildschirmfoto 07.03.2024 13-51-21.png",
        "still_2024-03-07.png",
        "20240307.png",
        "mpv-shot0001.jpg",
    ],
)
def test_a_date_or_a_players_counter_is_no_place_in_the_film(name):
    assert named(Path(name)) == Named()


@pytest.mark.parametrize(
    ("text", "seconds"), [("83.5", 83.5), ("01:23.5", 83.5), ("1:00:00", 3600), ("soon", None)]
)
def test_times(text, seconds):
    assert read_time(text) == seconds
