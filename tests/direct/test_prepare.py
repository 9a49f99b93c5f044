import json

import numpy as np
import pytest

from tests.direct.conftest import LENGTH, save, shot, tinted
from vidcolor.direct.hints import read_dot
from vidcolor.direct.prepare import Request, prepare
from vidcolor.errors import UsageError
from vidcolor.media.probe import probe
from vidcolor.run.film import Film


def view(path):
    clip = probe(path)
    return Film.whole(clip, 96)


def test_names_times_and_looks_find_the_frame(film_of, tmp_path):
    film = film_of()
    folder = tmp_path / "stills"
    save(folder / "ref_000004.png", tinted(shot(1)[4]))
    save(folder / "0.75s.png", tinted(shot(2)[6]))
    save(folder / "my favourite.png", tinted(shot(3)[7]))
    direction = prepare(Request((folder,)), view(film))
    assert [hint.frame for hint in direction.hints] == [4, 18, 2 * LENGTH + 7]
    assert direction.notes == ()


def test_a_still_of_another_film_is_named_and_left_out(film_of, tmp_path):
    film = film_of()
    good = save(tmp_path / "ref_000004.png", tinted(shot(1)[4]))
    bad = save(tmp_path / "stranger.png", tinted(shot(9)[0]))
    direction = prepare(Request((good, bad)), view(film))
    assert [hint.name for hint in direction.hints] == ["ref_000004.png"]
    assert "stranger.png" in direction.notes[0]
    with pytest.raises(UsageError, match=r"stranger\.png"):
        prepare(Request((bad,)), view(film))


def test_a_grey_still_says_grey_and_is_mentioned(film_of, tmp_path):
    film = film_of()
    grey = save(tmp_path / "ref_000004.png", np.asarray(shot(1)[4]))
    direction = prepare(Request((grey,)), view(film))
    assert "stays grey" in direction.notes[0]
    assert np.abs(direction.hints[0].chroma - 128).max() < 1


def test_strokes_lie_where_they_were_put(film_of, tmp_path):
    film = film_of()
    hints = tmp_path / "dots.json"
    dot = {"frame": 3, "points": [[64, 48], [84, 48]], "radius": 5, "colour": "red"}
    hints.write_text(json.dumps({"version": 1, "hints": [dot, dot | {"frame": 20}]}))
    first, second = prepare(Request(hints=(hints,)), view(film)).hints
    assert (first.frame, second.frame) == (3, 20)
    rows, columns = np.nonzero(first.confidence)
    assert abs(rows.mean() - 24) < 1
    assert (columns.min(), columns.max()) == (pytest.approx(29.5, abs=1), pytest.approx(44, abs=1))


def test_an_overlay_says_what_is_opaque(film_of, tmp_path):
    film = film_of()
    rgba = np.zeros((96, 128, 4), np.uint8)
    rgba[40:50, 60:70] = (255, 0, 0, 255)
    save(tmp_path / "over" / "hint_000005.png", rgba)
    (hint,) = prepare(Request(hints=(tmp_path / "over",)), view(film)).hints
    assert hint.spreads
    assert hint.frame == 5
    assert 15 < (hint.confidence > 0.5).sum() < 40
    said = hint.chroma[:, hint.confidence > 0.9] - 128
    assert said[1].mean() > 60
    assert np.allclose(said[0] / said[1], -0.338, atol=0.01)


def _wrong(tmp, luma):
    fitting = tinted(luma[4])
    dot = {"frame": 3, "points": [[64, 48]], "radius": 5, "colour": "red"}

    def hints(name, **changed):
        path = tmp / name
        path.write_text(json.dumps({"version": 1, "hints": [dot | changed]}))
        return Request(hints=(path,))

    (tmp / "text.png").write_text("no picture")
    clear = np.zeros((96, 128, 4), np.uint8)
    return {
        "missing": Request((tmp / "none.png",)),
        "holds no still": Request((tmp / "empty",)),
        "not a picture": Request((tmp / "text.png",)),
        "both of frame 4": Request(
            (save(tmp / "ref_000004.png", fitting), save(tmp / "ref_4.png", fitting))
        ),
        "names frame 99": Request((save(tmp / "ref_000099.png", fitting),)),
        "transparent": Request((save(tmp / "ref_000003.png", clear),)),
        "on frame 99": hints("late.json", frame=99),
        "outside": hints("outside.json", points=[[500, 2]]),
        "olive": hints("colour.json", colour="ollive"),
        "opaque": Request(hints=(save(tmp / "hint_000004.png", fitting),)),
        "no frame": Request(hints=(save(tmp / "hint.png", clear),)),
    }


def test_what_is_wrong_is_one_sentence_with_a_remedy(film_of, tmp_path):
    film = view(film_of())
    (tmp_path / "empty").mkdir()
    for words, request in _wrong(tmp_path, shot(1)).items():
        with pytest.raises(UsageError) as caught:
            prepare(request, film)
        said = caught.value
        assert words.replace("missing", "not there") in said.sentence + said.remedy, words
        assert said.sentence.count(". ") == 0


def test_a_dot_in_words_is_that_of_a_file(film_of, tmp_path):
    film = view(film_of())
    told = tmp_path / "dots.csv"
    told.write_text("frame,x,y,radius,colour\n18,64,48,9,navy\n")
    (of_file,) = prepare(Request(hints=(told,)), film).hints
    for words in ("18:64,48,9=navy", "0:00.75:64,48,9=navy"):
        (said,) = prepare(Request(strokes=(read_dot(words),)), film).hints
        assert (said.frame, said.digest) == (18, of_file.digest)


PLAYERS_NAMES = (
    "vlcsnap-2024-03-07-13h51m21s111.png",
    "Screenshot_2024-03-07_13-51-21.png",
    "13-51-21.png",  # of the day, not of the film
    "1709816481.png",
    "99s.png",
    "000001.png",  # a counter's: frame 1 is another shot
)


@pytest.mark.parametrize("name", PLAYERS_NAMES)
def test_a_name_that_is_no_place_of_this_film_is_found_by_its_picture(film_of, tmp_path, name):
    still = save(tmp_path / name, tinted(shot(2)[6]))
    direction = prepare(Request((still,)), view(film_of()))
    assert [hint.frame for hint in direction.hints] == [LENGTH + 6]
    assert direction.notes == ()


def _painted(ground):
    paint = np.zeros((96, 128, 4), np.uint8)
    paint[..., :3], paint[..., 3] = ground, 0 if ground == 0 else 255
    paint[20:60, 40:90] = (32, 48, 160, 255)
    return paint


@pytest.mark.parametrize("ground", [0, 128, 255])
@pytest.mark.parametrize("name", ["ref_000004.png", "hint_000004.png"])
def test_flat_paint_without_the_picture_is_an_overlay_however_it_is_given(
    film_of, tmp_path, ground, name
):
    layer = save(tmp_path / name, _painted(ground))
    given = {"references": (layer,)} if name.startswith("ref") else {"hints": (layer,)}
    direction = prepare(Request(**given), view(film_of()))
    (hint,) = direction.hints
    assert (hint.frame, hint.spreads) == (4, True)
    rows, columns = np.nonzero(hint.confidence > 0.5)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 29, 20, 44)
    assert hint.chroma[0][hint.confidence > 0.9].min() > 160
    said = ["ref_000004.png is flat paint, and is laid over frame 4"]
    assert list(direction.notes) == said * name.startswith("ref")


def test_flat_paint_that_names_no_frame_is_told_to_name_one(film_of, tmp_path):
    layer = save(tmp_path / "colours.png", _painted(128))
    with pytest.raises(UsageError, match=r"flat paint.*hint_000040\.png"):
        prepare(Request((layer,)), view(film_of()))


def test_a_still_with_a_wrong_number_is_not_taken_for_paint(film_of, tmp_path):
    wrong = tinted(shot(2)[6])
    clear = np.dstack([wrong, np.zeros((96, 128), np.uint8)])
    clear[30:70, 30:90, 3] = 255
    stills = [save(tmp_path / "ref_000004.png", wrong), save(tmp_path / "ref_000005.png", clear)]
    good = save(tmp_path / "ref_000030.png", tinted(shot(3)[6]))
    direction = prepare(Request((*stills, good)), view(film_of()))
    assert [hint.frame for hint in direction.hints] == [30]
    assert [note[:36] for note in direction.notes] == [
        f"ref_{n:06d}.png does not show frame {n}" for n in (4, 5)
    ]


def test_a_flat_drawing_with_a_wrong_number_is_not_taken_for_paint(film_of, tmp_path):
    drawing = np.full((96, 128, 3), 20, np.uint8)
    drawing[:, 50:90], drawing[60:], drawing[20:50, 20:60] = 90, 200, (160, 60, 40)
    save(tmp_path / "stills" / "ref_000004.png", drawing)
    save(tmp_path / "stills" / "ref_000030.png", tinted(shot(3)[6]))
    direction = prepare(Request((tmp_path / "stills",)), view(film_of()))
    assert [hint.frame for hint in direction.hints] == [30]
    assert "does not show frame 4" in direction.notes[0]
