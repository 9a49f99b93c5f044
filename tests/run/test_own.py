"""Films and photographs that are in colour already are found, and kept if that is wanted."""

from __future__ import annotations

import json
from pathlib import Path

import av
import cv2
import numpy as np
import PIL.Image
import pytest
import tifffile

from tests.media.conftest import decoded_lumas
from vidcolor.cli.main import run
from vidcolor.media.writer import SegmentWriter

HEIGHT, WIDTH = 96, 128
KINDS = ("colour", "grey", "sepia", "tainted", "colour")
FRAMES = 12
OWN = [kind == "colour" for kind in KINDS for _ in range(FRAMES)]


def soft(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 5)
    return (blurred - blurred.min()) / np.ptp(blurred)


def chroma(kind: str, luma: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    small = cv2.resize(luma, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA) / 255
    planes = np.zeros((2, *small.shape), np.float32)
    if kind == "colour":
        planes[0, 6:30, 8:30], planes[1, 6:30, 8:30] = -40, 50
        planes[0, 20:44, 36:60] = 45
    elif kind == "sepia":
        bow = 4 * small * (1 - small)
        planes[0], planes[1] = -24 * bow, 16 * bow
    elif kind == "tainted":
        planes += chance.normal(0, 5, planes.shape) + np.array([2, -2])[:, None, None]
    return np.clip(planes + 128.5, 0, 255).astype(np.uint8)


def make(path: Path, codec: str = "ffv1", pix_fmt: str = "yuv420p") -> Path:
    chance = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        for number, kind in enumerate(KINDS):
            scene = 30 + 200 * soft(number)
            for index in range(FRAMES):
                luma = np.roll(scene, index, axis=1).astype(np.uint8)
                planes = chroma(kind, luma, chance).reshape(2, -1, WIDTH)
                frame = av.VideoFrame.from_ndarray(np.vstack([luma, *planes]), "yuv420p")
                container.mux(stream.encode(frame.reformat(format=pix_fmt)))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shots in colour, grey, sepia, grey with chroma noise and a weak cast, and colour again."""
    return make(tmp_path_factory.mktemp("mixed") / "mixed.mkv")


def decoded_chroma(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(video=0)]
    return [frame[HEIGHT:] for frame in frames]


def colorize(source: Path, output: Path, model: Path, *options: str) -> None:
    assert run(["colorize", str(source), str(output), "--model", str(model), *options]) == 0


KEEP = ("--input-chroma", "keep-if-colored")


def test_only_shots_that_are_in_colour_keep_their_chroma_bit_by_bit(
    mixed: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mkv"
    colorize(mixed, output, tiny_model, *KEEP, "--lossless")
    before, after = decoded_chroma(mixed), decoded_chroma(output)
    assert [bool((a == b).all()) for a, b in zip(before, after, strict=True)] == OWN
    lumas = zip(decoded_lumas(mixed), decoded_lumas(output), strict=True)
    assert all((a == b).all() for a, b in lumas)
    said = capsys.readouterr().err
    assert f"{sum(OWN)} frames were in colour already" in said


def test_a_lossy_encoder_is_given_the_sources_own_planes(
    mixed: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {}
    write = SegmentWriter.write

    def watched(writer: SegmentWriter, frame) -> None:
        if writer._path.parent.name.endswith(".vidcolor"):
            given[frame.index] = np.concatenate([p.ravel() for p in frame.planes[1:]])
        write(writer, frame)

    monkeypatch.setattr(SegmentWriter, "write", watched)
    colorize(mixed, tmp_path / "out.mp4", tiny_model, *KEEP)
    before = decoded_chroma(mixed)
    assert [bool((given[i] == before[i].ravel()).all()) for i in range(len(OWN))] == OWN


def test_without_being_asked_all_is_coloured_and_one_line_says_so(
    mixed: Path, tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mkv"
    colorize(mixed, output, tiny_model, "--lossless")
    said = [line for line in capsys.readouterr().err.splitlines() if "input-chroma" in line]
    assert len(said) == 1
    assert "0:00:00.000" in said[0]
    pairs = zip(decoded_chroma(mixed), decoded_chroma(output), strict=True)
    assert not any((a == b).all() for a, b in pairs)


def test_grey_film_is_not_said_to_be_in_colour(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grey = make(tmp_path / "grey.mkv", pix_fmt="gray")
    colorize(grey, tmp_path / "out.mkv", tiny_model, *KEEP)
    said = capsys.readouterr().err
    assert "in colour" not in said


def test_a_shot_in_colour_that_is_split_is_kept_on_both_sides(
    mixed: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 0.3)
    monkeypatch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.2)
    monkeypatch.setattr("vidcolor.run.film.OVERLAP_S", 0.1)
    output = tmp_path / "out.mkv"
    colorize(mixed, output, tiny_model, *KEEP, "--lossless")
    pairs = zip(decoded_chroma(mixed), decoded_chroma(output), strict=True)
    assert [bool((a == b).all()) for a, b in pairs] == OWN


def photograph(kind: str) -> np.ndarray:
    """RGB uint8."""
    luma = (30 + 200 * soft(7)).astype(np.uint8)
    planes = chroma(kind, luma, np.random.default_rng(0))
    large = [cv2.resize(plane, (WIDTH, HEIGHT)) for plane in planes[::-1]]
    return cv2.cvtColor(np.dstack([luma, *large]), cv2.COLOR_YCrCb2RGB)


def save(path: Path, rgb: np.ndarray) -> Path:
    if path.suffix == ".tif":
        tifffile.imwrite(path, rgb.astype(np.uint16) * 257, photometric="rgb")
    else:
        PIL.Image.fromarray(rgb).save(path)
    return path


def read(path: Path) -> np.ndarray:
    return np.asarray(tifffile.imread(path) if path.suffix == ".tif" else PIL.Image.open(path))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_photograph_in_colour_stays_bit_by_bit_where_that_is_asked(
    tmp_path: Path, tiny_model: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in KINDS[:4]:
        source = save(tmp_path / f"{kind}{suffix}", photograph(kind))
        kept, anew = tmp_path / f"kept{suffix}", tmp_path / f"anew{suffix}"
        colorize(source, kept, tiny_model, *KEEP, "--overwrite")
        said = capsys.readouterr().err
        assert ("in colour already, and stays" in said) == (kind == "colour"), kind
        assert (read(kept) == read(source)).all() == (kind == "colour"), kind
        colorize(source, anew, tiny_model, "--overwrite")
        said = capsys.readouterr().err
        assert ("is in colour, and gets other colour; --input-chroma keep" in said) == (
            kind == "colour"
        ), kind
        assert (read(anew) != read(source)).any()


def test_colour_is_seen_at_any_size_and_in_tiles(tmp_path: Path, tiny_model: Path) -> None:
    large = cv2.resize(photograph("colour"), (2500, 1900))
    tifffile.imwrite(tmp_path / "in.tif", large, photometric="rgb", tile=(256, 256))
    colorize(tmp_path / "in.tif", tmp_path / "out.png", tiny_model, *KEEP)
    assert (read(tmp_path / "out.png") == large).all()


def test_a_batch_keeps_films_and_photographs_that_are_in_colour(
    mixed: Path, tmp_path: Path, tiny_model: Path
) -> None:
    source = save(tmp_path / "photo.png", photograph("colour"))
    grey = save(tmp_path / "grey.png", photograph("grey"))
    out = tmp_path / "out"
    words = ["batch", mixed, source, grey, out, "--model", tiny_model, *KEEP, "--lossless"]
    assert run([str(word) for word in words]) == 0
    assert (read(out / "photo.png") == read(source)).all()
    assert (read(out / "grey.png") != read(grey)).any()
    before, after = decoded_chroma(mixed), decoded_chroma(out / "mixed.mkv")
    assert [bool((a == b).all()) for a, b in zip(before, after, strict=True)] == OWN
    files = json.loads((out / "report.json").read_text())["files"]
    notes = {Path(file["source"]).name: " ".join(file["notes"]) for file in files}
    assert "in colour already" in notes["mixed.mkv"]
    assert "in colour already" in notes["photo.png"]
    assert "in colour" not in notes["grey.png"]
