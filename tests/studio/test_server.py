"""The studio's server: who gets in, what is refused in a sentence, what is kept."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.media.conftest import decoded_lumas
from tests.studio.conftest import TOKEN, Running, until
from vidcolor.cli.main import run
from vidcolor.studio.dots import Dot
from vidcolor.studio.store import Store

Opener = Callable[..., TestClient]

EVENTS = "ws://127.0.0.1:8000/api/0/events"
DOT = {"id": "abcd12", "frame": 20, "points": [[64, 48]], "radius": 4, "colour": "#c04020"}


def put(**changes: object) -> list[dict[str, object]]:
    return [{"put": DOT | changes}]


def error_of(answer) -> str:
    assert answer.status_code == 400, answer.text
    said = answer.json()
    return f"{said['error']} {said['remedy']}"


def chroma_of(client: TestClient, frame: int = 20) -> np.ndarray:
    """Cb and Cr of a frame as the page gets them: (2, height, width)."""
    answer = client.get(f"/api/0/frame/{frame}/chroma?window=test")
    assert answer.status_code == 200, answer.text
    grey = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    return grey.reshape(2, -1, grey.shape[1]).astype(int)


def test_the_address_lets_in_once_and_the_cookie_from_then_on(film, studio: Opener) -> None:
    client = studio(film)
    assert client.get("/api/items").status_code == 200
    client.cookies.clear()
    assert client.get("/api/items").status_code == 403
    assert client.get("/?token=guessed", follow_redirects=False).status_code == 403
    welcome = client.get(f"/?token={TOKEN}", follow_redirects=False)
    assert welcome.status_code == 303
    assert welcome.headers["location"] == "/"
    cookie = welcome.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost:80; x", ""]
)
def test_a_name_that_dns_leads_here_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/api/items", headers={"Host": host}).status_code == 403


def test_a_tunnel_with_another_port_gets_in(client: TestClient) -> None:
    at = {"Host": "localhost:9000", "Origin": "http://localhost:9000"}
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    assert client.get("/api/items", headers=at | {"Cookie": cookies}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9", "null"])
def test_another_page_can_neither_ask_nor_listen(client: TestClient, origin: str) -> None:
    foreign = {"Origin": origin}
    assert client.post("/api/0/dots", json=put(), headers=foreign).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(EVENTS, headers=foreign),
    ):
        pass


def test_a_change_without_an_origin_is_refused(client: TestClient) -> None:
    del client.headers["Origin"]
    assert client.post("/api/0/dots", json=put()).status_code == 403


def test_no_script_but_the_pages_own_runs(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    page = client.get("/").text
    assert "<style" not in page
    assert " style=" not in page
    assert "onclick" not in page
    assert page.count("<script") == page.count('<script type="module" src=')


@pytest.mark.parametrize(
    "path",
    [
        "/page/../app.py",
        "/page/%2e%2e/app.py",
        "/page/..%2fapp.py",
        "/page//etc/passwd",
        "/api/0/played/..%2f..%2fetc%2fpasswd",
        "/api/0/played/%2e%2e",
        "/api/..%2f/state",
        "/api/nobody/state",
    ],
)
def test_no_path_leads_out_of_the_studio(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "import" not in answer.text


@pytest.mark.parametrize(
    "name", ["../out.mkv", "/tmp/out.mkv", "a/b.mkv", ".x.mkv", "a\\b.mkv", "-.mkv"]
)
def test_a_film_goes_nowhere_but_beside_its_source(client: TestClient, name: str) -> None:
    assert "without a folder" in error_of(client.post("/api/0/film", json={"name": name}))


def test_a_still_outside_of_the_folder_cannot_be_removed(client: TestClient, film: Path) -> None:
    answer = client.delete("/api/0/stills/..%2f..%2ffilm.mkv")
    assert answer.status_code in (400, 404)
    assert film.exists()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"points": [[640, 1]]}, "outside the picture"),
        ({"points": []}, "no change"),
        ({"points": [[float("nan"), 1]]}, "JSON"),
        ({"points": [[1, 1]] * 5000}, "no change"),
        ({"frame": 66}, "no frame 66"),
        ({"frame": "1"}, "no frame 1"),
        ({"colour": "bluue"}, "blue"),
        ({"colour": 5}, "no change"),
        ({"id": "../../x"}, "no change"),
        ({"radius": -1}, "no change"),
    ],
)
def test_a_dot_that_cannot_be_is_refused_in_a_sentence(
    client: TestClient, film: Path, change: dict[str, object], word: str
) -> None:
    body = json.dumps(put(**change))
    answer = client.post("/api/0/dots", content=body)
    if word == "JSON":
        assert answer.status_code == 400
    else:
        assert word in error_of(answer)
    assert not list(film.parent.glob("*/hints.json"))


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    assert "4 MB" in error_of(client.post("/api/0/dots", content=b" " * (5 << 20)))
    assert "no JSON" in error_of(client.post("/api/0/dots", content=b"[" * 100_000))


def png(width: int, height: int) -> bytes:
    """A file that claims to be large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


HOSTILE = {
    "a bomb": (png(60_000, 60_000), "pixels"),
    "cut off": (png(64, 64)[:60], "damaged"),
    "no picture": (b"<svg onload=alert(1)>", "no picture that is known"),
    "a program": (b"\x7fELF" + bytes(100), "no picture that is known"),
    "nothing": (b"", "no picture that is known"),
    "noise": (b"\x89PNG\r\n\x1a\n" + bytes(1000), "damaged"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_upload_is_a_sentence_and_leaves_nothing(
    client: TestClient, film: Path, kind: str
) -> None:
    body, word = HOSTILE[kind]
    assert word in error_of(client.post("/api/0/stills?frame=20", content=body))
    stills = film.with_name("film.mkv.vidcolor-studio") / "stills"
    assert not stills.exists() or not list(stills.iterdir())


def test_a_dot_is_kept_as_the_command_line_reads_it_and_seen_near_and_not_far(
    client: TestClient, film: Path
) -> None:
    before = chroma_of(client)
    assert client.post("/api/0/dots", json=put()).status_code == 200
    after = chroma_of(client)
    red = abs(after - before)[1]
    middle = tuple(side // 2 for side in red.shape)
    assert red[middle] > 20
    held = json.loads((film.parent / "film.mkv.vidcolor-studio/hints.json").read_text())
    assert held["version"] == 1
    assert held["hints"] == [DOT | {"points": [[64.0, 48.0]], "radius": 4.0, "strength": 1.0}]
    client.post("/api/0/dots", json=[{"remove": DOT["id"]}])
    assert np.array_equal(chroma_of(client), before)
    assert not (film.parent / "film.mkv.vidcolor-studio/hints.json").exists()


def test_all_is_there_when_it_is_opened_again(film: Path, studio: Opener) -> None:
    first = studio(film)
    first.post("/api/0/dots", json=put())
    first.post("/api/0/look", json={"saturation": 0.5, "reach": "scene"})
    again = studio(film).get("/api/0/state").json()
    assert [dot["id"] for dot in again["dots"]] == [DOT["id"]]
    assert (again["look"]["saturation"], again["look"]["reach"]) == (0.5, "scene")


def test_two_windows_do_not_overwrite_each_other(film: Path, studio: Opener) -> None:
    one, other = studio(film), studio(film)
    one.post("/api/0/dots", json=put(id="aaaa"))
    other.post("/api/0/dots", json=put(id="bbbb", points=[[10, 10]]))
    one.post("/api/0/dots", json=put(id="cccc", points=[[20, 20]]))
    held = json.loads((film.parent / "film.mkv.vidcolor-studio/hints.json").read_text())
    assert [dot["id"] for dot in held["hints"]] == ["aaaa", "bbbb", "cccc"]
    until(lambda: len(other.get("/api/0/state").json()["dots"]) == 3)


def test_a_window_hears_of_what_another_does(client: TestClient) -> None:
    client.get("/api/0/state")
    with client.websocket_connect(EVENTS) as socket:
        client.post("/api/0/dots", json=put())
        heard = iter(socket.receive_json, None)
        assert next(m for m in heard if "dots" in m)["dots"][0]["id"] == DOT["id"]


def test_dots_of_a_file_by_hand_are_read_at_their_own_size(film: Path, studio: Opener) -> None:
    folder = film.parent / "film.mkv.vidcolor-studio"
    folder.mkdir()
    held = {
        "version": 1,
        "size": [256, 192],
        "hints": [{"time": "0.5", "points": [[128, 96]], "radius": 8, "color": "navy"}],
    }
    (folder / "hints.json").write_text(json.dumps(held))
    (dot,) = studio(film).get("/api/0/state").json()["dots"]
    assert (dot["frame"], dot["points"], dot["radius"]) == (12, [[64.0, 48.0]], 4.0)
    assert dot["colour"] == "navy"


def test_a_folder_with_damaged_hints_is_said(film: Path, studio: Opener) -> None:
    folder = film.parent / "film.mkv.vidcolor-studio"
    folder.mkdir()
    (folder / "hints.json").write_text("{")
    assert "no JSON" in error_of(studio(film).get("/api/0/state"))
    assert (folder / "hints.json").read_text() == "{"


def test_a_full_disk_is_said_and_nothing_is_lost(
    client: TestClient, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/api/0/state")

    def full(self: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        assert client.post("/api/0/dots", json=put()).status_code == 200
        assert "disk is full" in client.get("/api/0/state").json()["trouble"]
        assert len(client.get("/api/0/state").json()["dots"]) == 1
    until(lambda: client.get("/api/0/state").json()["trouble"] is None)
    assert (film.parent / "film.mkv.vidcolor-studio/hints.json").exists()


def test_a_film_that_goes_away_is_said_and_comes_back(client: TestClient, film: Path) -> None:
    client.get("/api/0/state")
    away = film.rename(film.with_name("away.mkv"))
    until(lambda: "went away" in (client.get("/api/0/state").json()["trouble"] or ""))
    away.rename(film)
    until(lambda: client.get("/api/0/state").json()["trouble"] is None)


def test_the_network_says_several_colours_for_a_place(client: TestClient) -> None:
    said = client.get("/api/0/frame/20/likely?x=0.5&y=0.5&window=test").json()["colours"]
    assert 2 <= len(said) <= 6
    assert len({one["colour"] for one in said}) == len(said)
    assert sum(one["share"] for one in said) == pytest.approx(1, abs=0.01)
    assert said[0]["share"] == max(one["share"] for one in said)
    assert "outside" in error_of(client.get("/api/0/frame/20/likely?x=2&y=0&window=test"))


def test_the_mask_shows_where_a_dot_went(client: TestClient) -> None:
    client.post("/api/0/dots", json=put())
    content = client.get("/api/0/frame/20/mask?window=test").content
    mask = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert mask[mask.shape[0] // 2, mask.shape[1] // 2] > 200
    nothing = client.get("/api/0/frame/50/mask?window=test").content
    assert cv2.imdecode(np.frombuffer(nothing, np.uint8), 0).max() < 30


def wait_for_shots(client: TestClient) -> list[list]:
    until(lambda: client.get("/api/0/state").json()["surveyed"])
    return client.get("/api/0/state").json()["shots"]


def test_shots_come_as_the_film_is_walked_through_and_play_in_settled_colour(
    client: TestClient, tmp_path: Path
) -> None:
    assert [shot[:2] for shot in wait_for_shots(client)] == [[0, 14], [14, 30], [44, 22]]
    assert client.post("/api/0/shots/14/play?kind=mp4").json() == {"name": None}
    until(lambda: client.post("/api/0/shots/14/play?kind=mp4").json()["name"])
    name = client.post("/api/0/shots/14/play?kind=mp4").json()["name"]
    (tmp_path / "played.mp4").write_bytes(client.get(f"/api/0/played/{name}").content)
    assert len(decoded_lumas(tmp_path / "played.mp4")) == 30
    ranged = client.get(f"/api/0/played/{name}", headers={"Range": "bytes=0-99"})
    assert ranged.status_code == 206
    client.post("/api/0/dots", json=put())
    until(lambda: client.get("/api/0/state").json()["shots"][1][3] == "ready")
    assert client.get("/api/0/frame/20/chroma?window=test").headers["x-kind"] == "settled"
    states = [shot[3] for shot in client.get("/api/0/state").json()["shots"]]
    assert states == ["plain", "ready", "plain"]


def test_of_two_shots_with_dots_the_one_that_is_to_be_played_comes_first_and_both_come(
    client: TestClient,
) -> None:
    wait_for_shots(client)
    client.post("/api/0/dots", json=put(id="other1", frame=50))
    client.post("/api/0/dots", json=put(id="other2", frame=5))
    client.post("/api/0/dots", json=put())
    client.post("/api/0/shots/14/play?kind=mp4")
    until(lambda: client.post("/api/0/shots/14/play?kind=mp4").json()["name"])
    until(lambda: {shot[3] for shot in client.get("/api/0/state").json()["shots"]} == {"ready"})


def test_a_frame_saved_painted_and_dropped_back_rules_its_shot(
    client: TestClient, film: Path
) -> None:
    saved = client.get("/api/0/frame/20/still.png")
    assert "ref_000020.png" in saved.headers["content-disposition"]
    rgb = np.asarray(PIL.Image.open(io.BytesIO(saved.content))).astype(float)
    luma = rgb @ [0.299, 0.587, 0.114]
    green = np.clip(luma[..., None] + np.array([-40, 22, -40]), 0, 255).astype(np.uint8)
    body = io.BytesIO()
    PIL.Image.fromarray(green).save(body, "PNG")
    (still,) = client.post("/api/0/stills?frame=20", content=body.getvalue()).json()["stills"]
    assert (still["name"], still["frame"], still["problem"]) == ("ref_000020.png", 20, "")
    assert still["trusted"] > 0.8
    cb, cr = chroma_of(client)
    assert cb.mean() < 118
    assert cr.mean() < 110
    wrong = client.post("/api/0/stills?frame=50", content=body.getvalue())
    assert "does not fit frame 50" in error_of(wrong)
    client.post("/api/0/stills/put", json=[{"still": still["name"], "holds": None}])
    assert client.get("/api/0/state").json()["stills"] == []
    client.post("/api/0/stills/put", json=[{"still": still["name"], "holds": still["holds"]}])
    assert client.get("/api/0/state").json()["stills"] == [still]
    assert np.array_equal(chroma_of(client), [cb, cr])


def test_a_still_put_into_the_folder_by_hand_is_seen(client: TestClient, film: Path) -> None:
    folder = film.parent / "film.mkv.vidcolor-studio/stills"
    saved = client.get("/api/0/frame/20/still.png").content
    folder.mkdir(parents=True)
    (folder / "ref_000020.png").write_bytes(saved)
    until(lambda: client.get("/api/0/state").json()["stills"])


def test_a_still_that_is_not_kept_any_more_is_said(client: TestClient) -> None:
    lost = [{"still": "ref_000020.png", "holds": "0" * 16}]
    assert "not kept any more" in error_of(client.post("/api/0/stills/put", json=lost))
    for name in ("../film.mkv", ".lock", "film.mkv", 3, "a/ref_000020.png", "\0.png"):
        wrong = [{"still": name, "holds": None}]
        assert "no change" in error_of(client.post("/api/0/stills/put", json=wrong))


def test_a_still_with_a_name_that_is_too_long_is_said(client: TestClient) -> None:
    error_of(client.post("/api/0/stills/put", json=[{"still": f"{'a' * 300}.png", "holds": None}]))


def look_of(client: TestClient, first: int, **values: object) -> dict:
    answer = client.post(f"/api/0/shots/{first}/look", json=values)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_shot_has_sliders_of_its_own(client: TestClient, film: Path) -> None:
    wait_for_shots(client)
    other, before = chroma_of(client, 50), chroma_of(client)
    look_of(client, 14, saturation=0)
    assert abs(chroma_of(client) - 128).max() <= 1
    assert np.array_equal(chroma_of(client, 50), other)
    said = look_of(client, 14, saturation=3.0, vividness=2.0, steady=0.5)
    entry = {"first": 14, "frames": 30, "saturation": 3.0, "vividness": 2.0, "steady": 0.5}
    assert said["looks"] == [entry]
    assert abs(chroma_of(client) - 128).mean() > 1.3 * abs(before - 128).mean()
    held = json.loads((film.parent / "film.mkv.vidcolor-studio/shots.json").read_text())
    assert held == {"shots": [entry]}
    assert "--per-shot" in client.get("/api/0/state").json()["command"]
    look_of(client, 14, saturation=None, vividness=None, steady=None)
    assert np.array_equal(chroma_of(client), before)
    assert not (film.parent / "film.mkv.vidcolor-studio/shots.json").exists()


def test_a_shot_that_is_left_as_it_is_shows_its_own_colour(
    studio: Opener, tmp_path: Path, shots: Path
) -> None:
    film = in_color(shots, tmp_path / "own.mkv")
    client = studio(film)
    wait_for_shots(client)
    look_of(client, 14, leave=True)
    cb, cr = chroma_of(client)
    full = 255 / 224
    assert abs(cb - (128 - 38 * full)).max() <= 1
    assert abs(cr - (128 + 42 * full)).max() <= 1
    client.post("/api/0/shots/14/play?kind=mp4")
    until(lambda: client.get("/api/0/state").json()["shots"][1][3] == "ready")
    assert np.array_equal(chroma_of(client), [cb, cr])


def test_a_long_shot_hands_what_was_said_on_to_its_next_part(
    film: Path, studio: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vidcolor.run.film import Film, SegmentLimits

    limits = property(lambda _: SegmentLimits(5, 15, 15, 2))
    monkeypatch.setattr(Film, "segment_limits", limits)
    client = studio(film)
    assert [shot[:3] for shot in wait_for_shots(client)][1:3] == [[14, 15, 2], [29, 15, 2]]

    def settled(frame: int) -> np.ndarray:
        part = 1 if frame < 29 else 2
        client.post(f"/api/0/shots/{(0, 14, 29)[part]}/play?kind=mp4")
        until(lambda: client.get("/api/0/state").json()["shots"][part][3] == "ready")
        return chroma_of(client, frame)

    plain = settled(30)
    client.post("/api/0/dots", json=put(frame=27))
    assert client.get("/api/0/state").json()["shots"][2][3] == "stale"
    near, far = settled(28), settled(30)
    red = near[1] > 128 + 0.5 * (near[1].max() - 128)
    assert far[1][red].mean() > plain[1][red].mean() + 8
    assert abs(far[1][red].mean() - near[1][red].mean()) < 12


def test_what_a_shot_cannot_be_is_refused(client: TestClient) -> None:
    wait_for_shots(client)
    for wrong in (
        {"saturation": 99},
        {"leave": 1},
        {"first": 3},
        {"other": 1},
        [],
        {"steady": "x"},
    ):
        error_of(client.post("/api/0/shots/14/look", json=wrong))
    assert "No shot begins" in error_of(client.post("/api/0/shots/15/look", json={"leave": True}))


def test_sliders_change_the_picture_and_refuse_what_cannot_be(client: TestClient) -> None:
    strong = abs(chroma_of(client) - 128).mean()
    assert client.post("/api/0/look", json={"saturation": 0.0}).status_code == 200
    assert abs(chroma_of(client) - 128).max() <= 1
    client.post("/api/0/look", json={"saturation": None})
    assert abs(chroma_of(client) - 128).mean() == pytest.approx(strong, abs=0.5)
    for wrong in ({"saturation": 99}, {"reach": "world"}, {"saturation": "x"}, {"other": 1}, []):
        error_of(client.post("/api/0/look", json=wrong))


def film_done(client: TestClient) -> dict:
    until(lambda: client.get("/api/0/state").json()["making"]["state"] in ("done", "failed"))
    return client.get("/api/0/state").json()["making"]


def test_the_button_makes_the_film_that_the_command_line_makes(
    client: TestClient, film: Path, tiny_model: Path
) -> None:
    wait_for_shots(client)
    chance = np.random.default_rng(4)
    for number in range(10):
        at = [[float(chance.uniform(0, 128)), float(chance.uniform(0, 96))]]
        colour = f"#{chance.integers(0, 1 << 24):06x}"
        dot = put(id=f"dot{number:03}", frame=int(chance.integers(0, 66)), points=at, colour=colour)
        assert client.post("/api/0/dots", json=dot).status_code == 200
    client.post("/api/0/look", json={"saturation": 1.5})
    look_of(client, 0, saturation=0.5, steady=0.5)
    look_of(client, 44, leave=True)
    assert client.post("/api/0/film", json={"name": "page.mkv", "codec": "ffv1"}).status_code == 200
    assert film_done(client)["state"] == "done"
    studio, line = film.parent / "film.mkv.vidcolor-studio", film.parent / "line.mkv"
    words = ["colorize", film, line, "--hints", studio / "hints.json", "--saturation", "1.5"]
    words += ["--per-shot", studio / "shots.json"]
    assert run([*map(str, words), "--codec", "ffv1", "--model", str(tiny_model)]) == 0
    assert planes(film.parent / "page.mkv") == planes(line)
    state = client.get("/api/0/state").json()
    assert [shot[7] for shot in state["shots"]] == [True, True, True]
    client.post("/api/0/dots", json=[{"remove": "dot000"}])
    shots = client.get("/api/0/state").json()["shots"]
    assert sum(shot[7] for shot in shots) == 2
    order = {"name": "page.mkv", "codec": "ffv1"}
    assert client.post("/api/0/film", json=order).status_code == 200
    made = film_done(client)
    assert made["state"] == "done"
    assert made["resumed"] == sum(shot[1] for shot in shots if shot[7])
    look_of(client, 0, saturation=0.6)
    assert client.post("/api/0/film", json=order).status_code == 200
    assert film_done(client)["resumed"] == 66 - 14


def in_color(film: Path, target: Path) -> Path:
    """The same film in colour: chroma of 90 and 170, limited range."""
    import av

    with av.open(str(film)) as source, av.open(str(target), "w") as sink:
        stream = sink.add_stream("ffv1", rate=source.streams.video[0].average_rate)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for frame in source.decode(video=0):
            planes = np.concatenate(
                [
                    frame.to_ndarray(format="yuv420p")[:96],
                    np.full((24, 128), 90, np.uint8),
                    np.full((24, 128), 170, np.uint8),
                ]
            )
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(planes, "yuv420p")))
        sink.mux(stream.encode())
    return target


def planes(path: Path) -> list[bytes]:
    import av

    with av.open(str(path)) as container:
        return [f.to_ndarray().tobytes() for f in container.decode(video=0)]


def test_somebody_elses_file_is_not_replaced(client: TestClient, film: Path) -> None:
    other = film.with_name("other.mkv")
    other.write_bytes(b"mine")
    assert "exists already" in error_of(client.post("/api/0/film", json={"name": "other.mkv"}))
    assert other.read_bytes() == b"mine"


def test_a_photograph_is_pointed_at_and_saved(studio: Opener, photo: Path) -> None:
    client = studio(photo)
    assert client.get("/api/0/state").json()["film"] is False
    before = chroma_of(client, 0)
    client.post("/api/0/dots", json=put(frame=0))
    assert abs(chroma_of(client, 0) - before).max() > 20
    assert client.post("/api/0/film", json={"name": "photo-colour.png"}).status_code == 200
    assert film_done(client)["state"] == "done"
    made = cv2.imread(str(photo.with_name("photo-colour.png"))).astype(int)
    assert np.ptp(made, axis=2).max() > 20


def test_a_folder_is_a_grid_and_one_broken_file_stops_nothing(
    studio: Opener, film: Path, photo: Path
) -> None:
    film.with_name("broken.mkv").write_bytes(b"no film")
    client = studio(film.parent)
    facts = client.get("/api/items").json()
    assert facts["folder"] is True
    by_name = {item["name"]: item["key"] for item in facts["items"]}
    assert set(by_name) == {"film.mkv", "photo.png", "broken.mkv"}
    assert client.get(f"/api/{by_name['film.mkv']}/thumb").headers["content-type"] == "image/jpeg"
    assert "broken.mkv" in error_of(client.get(f"/api/{by_name['broken.mkv']}/thumb"))
    error_of(client.get(f"/api/{by_name['broken.mkv']}/state"))
    client.post("/api/all/film")
    made = film.parent / "coloured"
    until(lambda: {p.name for p in made.glob("[!.]*.*")} >= {"film.mkv", "photo.png"}, 120)


def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path, capsys) -> None:
    (tmp_path / "words.mp4").write_text("no film")
    (tmp_path / "empty").mkdir()
    assert run(["studio", str(tmp_path / "missing.mp4"), "--no-browser"]) == 3
    assert run(["studio", str(tmp_path / "empty"), "--no-browser"]) == 3
    said = capsys.readouterr().err
    assert "does not exist" in said
    assert "holds no film and no photograph" in said


def test_a_file_that_is_no_film_is_said_by_the_page(studio: Opener, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("no film")
    error_of(studio(tmp_path / "words.mp4").get("/api/0/state"))


def test_it_says_its_address_warns_of_others_and_ends_cleanly(
    film: Path, running: Callable[..., Running]
) -> None:
    one = running(film)
    assert one.address.startswith("http://127.0.0.1:")
    code, said = one.end()
    assert code == 0
    assert said.splitlines()[-1] == "the studio is closed; what was said is kept"


BOUNDS = """
import sys
from pathlib import Path

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision", "timm"}:
            raise ImportError(f"{name} is not to be had here")

sys.meta_path.insert(0, Blocker())

def look(event, given):
    asks = event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
    goes = event in ("socket.connect", "socket.bind") and isinstance(given[1], tuple)
    if (asks and given[0] != "127.0.0.1") or (goes and given[1][0] != "127.0.0.1"):
        with Path(__file__).with_name("log").open("a") as log:
            log.write(f"{event} {given}\\n")

sys.addaudithook(look)
"""


def test_it_needs_no_torch_and_speaks_to_this_machine_alone(
    film: Path, running: Callable[..., Running], tmp_path: Path
) -> None:
    import httpx

    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(BOUNDS)
    studio = running(film, site=tmp_path / "site")
    with httpx.Client(follow_redirects=True, timeout=60, trust_env=False) as client:
        home = studio.address.split("?")[0].rstrip("/")
        client.headers["Origin"] = home
        assert client.get(studio.address).status_code == 200
        assert client.post(f"{home}/api/0/dots", json=put()).status_code == 200
        for path in ("state", "frame/20/chroma?window=a", "frame/20/likely?x=0.5&y=0.5&window=a"):
            assert client.get(f"{home}/api/0/{path}").status_code == 200
        assert client.post(f"{home}/api/0/film", json={"name": "made.mkv"}).status_code == 200
        until(lambda: client.get(f"{home}/api/0/state").json()["making"]["state"] == "done")
    assert studio.end()[0] == 0
    assert not (tmp_path / "site/log").exists()


def test_a_studio_for_others_warns(film: Path, tiny_model: Path) -> None:
    import subprocess
    import sys

    words = ["studio", str(film), "--no-browser", "--host", "0.0.0.0", "--model", str(tiny_model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vidcolor", *words], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr
    assert "other machines may reach this studio" in process.stderr.readline()
    assert "http://localhost:" in process.stderr.readline()
    process.send_signal(2)
    process.communicate(timeout=30)


def test_a_port_that_is_taken_is_said(film: Path, running: Callable[..., Running], capsys) -> None:
    port = running(film).address.split(":")[2].split("/")[0]
    assert run(["studio", str(film), "--no-browser", "--port", port]) == 6
    assert "cannot listen" in capsys.readouterr().err


def test_changes_wait_in_memory_where_the_disk_takes_none(tmp_path: Path) -> None:
    class Clip:
        frame_count, duration_s, upright_size = 5, 1.0, (48, 64)

    (tmp_path / "file").write_text("in the way")
    store = Store(tmp_path / "file", Clip())  # type: ignore[arg-type]
    dot = Dot("abcd", 0, ((1.0, 1.0),), 2.0, "red")
    store.change({"abcd": dot})
    assert store.dots == (dot,)
    assert store.trouble
    (tmp_path / "file").unlink()
    store.save()
    assert store.trouble is None
    assert store.hints.exists()
