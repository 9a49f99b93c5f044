"""A fixed set of films and photographs, coloured, as hashes of all that came out.

`python -m tests.golden.cases` writes them for this machine's kind; the test beside compares. They
hold for one kind of processor and one set of libraries, since the network's sums and the encoder's
choices differ between those.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.scenes import SAMPLES
from vidcolor.cli.main import run
from vidcolor.media.writer import SegmentWriter

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 256, 192
DOT: dict[str, object] = {"points": [[60, 90]], "radius": 9, "colour": "#b43c32"}
LIBRARIES = ("av", "numpy", "opencv-python-headless", "openvino", "pillow", "tifffile")


def machine() -> dict[str, str]:
    """What the hashes depend on besides the program."""
    flags = Path("/proc/cpuinfo").read_text().split() if Path("/proc/cpuinfo").exists() else []
    kind = next((name for name in ("amx_tile", "avx512f", "avx2") if name in flags), "other")
    return {"processor": kind, **{name: version(name) for name in LIBRARIES}}


def frames(sample: str, count: int, first: int = 0) -> list[av.VideoFrame]:
    """Some of a sample's frames, at one small size."""
    found = []
    with av.open(str(SAMPLES / f"{sample}.mp4")) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if first <= index < first + count:
                found.append(picture.reformat(WIDTH, HEIGHT, "yuv420p"))
    return found


def film(path: Path, pictures: list[av.VideoFrame], pix_fmt: str = "yuv420p") -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        for index, picture in enumerate(pictures):
            picture = picture.reformat(format=pix_fmt)
            picture.pts, picture.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def grey(picture: av.VideoFrame) -> np.ndarray:
    return picture.to_ndarray(format="gray")


def photographs(folder: Path) -> tuple[Path, Path]:
    """One with alpha, one of 16 bits."""
    luma = grey(frames("nasa", 1, 20)[0])
    alpha = np.tile(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, 1))
    clear, deep = folder / "clear.png", folder / "deep.tif"
    Image.fromarray(np.dstack([luma, alpha]), "LA").save(clear)
    tifffile.imwrite(deep, luma.astype(np.uint16) * 257)
    return clear, deep


def still(path: Path, picture: av.VideoFrame) -> Path:
    """A frame in false colour: as a person might give it."""
    luma = grey(picture)
    hue = np.dstack([luma, np.full_like(luma, 110), np.full_like(luma, 160)])
    hue[:, WIDTH // 2 :, 1:] = (150, 110)
    cv2.imwrite(str(path), cv2.cvtColor(hue, cv2.COLOR_YCrCb2BGR))
    return path


def written(path: Path, dot: dict[str, object]) -> Path:
    path.write_text(json.dumps({"version": 1, "hints": [dot]}))
    return path


def commands(folder: Path) -> dict[str, list[object]]:
    """Every case: a command that ends with its output."""
    nosferatu, nasa, vtest = (SAMPLES / f"{name}.mp4" for name in ("nosferatu", "nasa", "vtest"))
    short = film(folder / "short.mkv", frames("nosferatu", 60))
    deep = film(folder / "deep.mkv", frames("nasa", 30), "yuv422p10le")
    mixed = film(folder / "mixed.mkv", frames("nosferatu", 20) + frames("vtest", 20))
    stills = folder / "stills"
    stills.mkdir()
    still(stills / "ref_000010.png", frames("nosferatu", 1, 10)[0])
    dots = written(folder / "dots.json", DOT | {"frame": 30})
    clear, page = photographs(folder)
    directed = ["--reference", stills, "--hints", dots]
    films: dict[str, list[object]] = {
        "nosferatu.mp4": [nosferatu, "--duration", "4"],
        "nasa.mp4": [nasa, "--start", "2", "--duration", "3"],
        "vtest.mkv": [vtest],
        "directed.mkv": [short, *directed],
        "directed_scene.mkv": [short, *directed, "--reach", "scene"],
        "kept.mkv": [mixed, "--input-chroma", "keep-if-colored"],
        "unsteady.mkv": [short, "--steady", "0"],
        "half_steady.mkv": [short, "--steady", "0.5"],
        "every.mkv": [short, "--every", "4"],
        "lossless.mkv": [deep, "--lossless"],
        "pale.mkv": [short, "--saturation", "1", "--vividness", "1.5"],
        "clear.png": [clear],
        "deep.tif": [page],
        "dots.png": [clear, "--hints", written(folder / "photograph.json", DOT)],
    }
    made = {name: ["colorize", *case, folder / f"out_{name}"] for name, case in films.items()}
    made["preview.png"] = ["preview", short, "-o", folder / "out_preview.png", "--at", "1.2"]
    return made


def digest(*planes: Any) -> str:
    state = hashlib.sha256()
    for plane in planes:
        state.update(np.ascontiguousarray(plane).tobytes())
    return state.hexdigest()[:12]


def planes(picture: av.VideoFrame) -> Iterator[np.ndarray]:
    depth = 2 if picture.format.components[0].bits > 8 else 1
    for plane in picture.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, -1)
        yield rows[:, : plane.width * depth * (3 if picture.format.name == "rgb24" else 1)]


def decoded(path: Path) -> list[str]:
    """A hash of each frame of a film, or of a photograph's samples."""
    if path.suffix in (".png", ".tif"):
        return [digest(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))]
    with av.open(str(path)) as container:
        return [digest(*planes(picture)) for picture in container.decode(video=0)]


@contextmanager
def chroma_seen() -> Iterator[list[str]]:
    """Hashes of the chroma that goes to the encoder, by the frames' pts."""
    seen: dict[int, str] = {}
    write: Callable[..., None] = SegmentWriter.write

    def noted(writer: SegmentWriter, frame: Any) -> None:
        seen[frame.pts] = digest(*frame.planes[1:3])
        write(writer, frame)

    found: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SegmentWriter, "write", noted)
        # A shot of a few seconds in several segments, whatever the machine's speed.
        patch.setattr("vidcolor.run.film.SEGMENT_LONGEST_S", 1.0)
        patch.setattr("vidcolor.run.film.SEGMENT_SHORTEST_S", 0.5)
        yield found
    found += [seen[pts] for pts in sorted(seen)]


def hashes(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Colour every case into a folder: case -> its frames as decoded, its chroma as encoded."""
    found = {}
    for name, command in commands(folder).items():
        output = folder / f"out_{name}"
        with chroma_seen() as chroma:
            assert run([*map(str, command), "--model", "vidcolor-base"]) == 0, name
        found[name] = {"decoded": decoded(output), "chroma": chroma}
    return found


def stored() -> dict[str, Any] | None:
    """The hashes of this kind of machine, if there are any."""
    for path in sorted(FOLDER.glob("*.json")):
        found: dict[str, Any] = json.loads(path.read_text())
        if found["machine"] == machine():
            return found
    return None


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        here = {"machine": machine(), "cases": hashes(Path(made))}
    name = f"{here['machine']['processor']}.json"
    (FOLDER / name).write_text(json.dumps(here, indent=1) + "\n")
    sys.stdout.write(f"{FOLDER / name}\n")
