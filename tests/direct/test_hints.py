import json

import pytest

from vidcolor.direct.colors import read_color
from vidcolor.direct.hints import read_dot, read_hints
from vidcolor.errors import UsageError

DOT = {"frame": 4, "points": [[10, 20]], "radius": 3, "colour": "#ff0000", "strength": 0.5}


def written(folder, held, name="dots.json"):
    path = folder / name
    path.write_text(held if isinstance(held, str) else json.dumps(held))
    return path


def test_json_and_csv_say_the_same(tmp_path):
    (first,) = read_hints(written(tmp_path, {"version": 1, "hints": [DOT]}))
    text = "frame,x,y,radius,colour,strength\n4,10,20,3,#ff0000,0.5\n"
    (second,) = read_hints(written(tmp_path, text, "dots.csv"))
    for name in ("frame", "time_s", "points", "radius", "color", "strength"):
        assert getattr(first, name) == getattr(second, name)


def test_red_is_that_of_jpeg(tmp_path):
    assert read_color("red", "x") == pytest.approx((76.2, 84.97, 255.5), abs=0.1)
    assert read_color("#F00", "x") == read_color("red", "x")


@pytest.mark.parametrize("held", [{"hints": [DOT]}, [DOT]])
def test_a_file_without_a_version_is_read_as_one_with_it(tmp_path, held):
    (with_it,) = read_hints(written(tmp_path, {"version": 1, "hints": [DOT]}))
    assert read_hints(written(tmp_path, held)) == (with_it,)


@pytest.mark.parametrize(
    ("words", "frame", "time_s", "points", "radius", "colour"),
    [
        ("194:470,260=navy", 194, None, (470, 260), None, "navy"),
        ("0:07.7:470,260=#203050", None, 7.7, (470, 260), None, "#203050"),
        ("1:02:03.5:470,260=red", None, 3723.5, (470, 260), None, "red"),
        ("7.7s:470,260=red", None, 7.7, (470, 260), None, "red"),
        ("470,260=navy", None, None, (470, 260), None, "navy"),
        (" 194 : 470.5, 260, 12 = navy ", 194, None, (470.5, 260), 12, "navy"),
    ],
)
def test_a_dot_is_said_in_words(words, frame, time_s, points, radius, colour):
    dot = read_dot(words)
    assert (dot.frame, dot.time_s, dot.points, dot.radius) == (frame, time_s, (points,), radius)
    assert dot.color == read_color(colour, "x")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("navy", "cannot be read"),
        ("470=navy", "cannot be read"),
        ("soon:470,260=navy", "time of hint soon:470,260=navy is 'soon'"),
        ("194:470,260=nvy", "navy"),
        ("194:470,260,0=navy", "radius"),
    ],
)
def test_what_is_wrong_with_a_dot_in_words_is_said(words, said):
    with pytest.raises(UsageError, match=said):
        read_dot(words)


@pytest.mark.parametrize("time", [83.5, "83.5", "1:23.5", "0:01:23.5"])
def test_a_time_in_a_file_is_written_as_people_write_it(tmp_path, time):
    dot = {"time": time, "x": 3, "y": 4, "colour": "red"}
    (stroke,) = read_hints(written(tmp_path, {"hints": [dot]}))
    assert (stroke.time_s, stroke.points) == (83.5, ((3, 4),))


@pytest.mark.parametrize("word", ["grey", "gray", "white", "#808080"])
def test_grey_is_a_colour(word):
    assert read_color(word, "x")[1:] == pytest.approx((128, 128))


def test_a_stroke_at_a_time_in_csv(tmp_path):
    text = "time,points,color\n00:01:23.5,10 20; 30 40,olive\n"
    (stroke,) = read_hints(written(tmp_path, text, "dots.csv"))
    assert stroke.time_s == 83.5
    assert stroke.points == ((10, 20), (30, 40))


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({"version": 0, "hints": [DOT]}, "version 0"),
        ({"version": 1, "hints": []}, "no dot"),
        ({"version": 1}, "no list"),
        ("{", "no JSON"),
        ({"version": 1, "hints": [DOT | {"colour": "crimsn"}]}, "crimson"),
        ({"version": 1, "hints": [DOT | {"frame": -1}]}, "frame"),
        ({"version": 1, "hints": [DOT | {"frame": 1, "time": 2}]}, "both a frame and a time"),
        ({"version": 1, "hints": [DOT | {"points": []}]}, "points"),
        ({"version": 1, "hints": [DOT | {"points": [[1]]}]}, "pair"),
        ({"version": 1, "hints": [DOT | {"points": [["a", 1]]}]}, "number"),
        ({"version": 1, "hints": [DOT | {"radius": 0}]}, "radius"),
        ({"version": 1, "hints": [DOT | {"strength": 2}]}, "strength"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, held, words):
    with pytest.raises(UsageError, match=words):
        read_hints(written(tmp_path, held))


def test_a_table_without_colours_is_refused(tmp_path):
    with pytest.raises(UsageError, match="columns"):
        read_hints(written(tmp_path, "a,b\n1,2\n", "dots.csv"))
