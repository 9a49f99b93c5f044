"""Photographs made small and put into shards, for a machine that is reached by little at a time.

    python benchmarks/stages/pack.py SET OUT [--side 160] [--most 56] [--limit N]

SET holds a folder for each kind. OUT gets `shard-00.tar`, `shard-01.tar` ..., each at most so many
megabytes, with KIND/NAME.webp; pictures of a kind are spread over all shards, so that any few of
them are a set too. There `tar` unpacks them, and `vidcolor train` makes one memory map of them.
"""

from __future__ import annotations

import argparse
import io
import tarfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from vidcolor.machine import cores
from vidcolor.media.suffixes import may_be_picture

QUALITY = 92
BLOCK = 512
"""Bytes that a tar's headers and entries are counted in."""
END = 20 * BLOCK
"""At most so much follows a tar's last entry."""


@dataclass(frozen=True)
class Packed:
    """A picture to be put into a shard: its name there, and the file's bytes."""

    name: str
    data: bytes


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, default=160, help="short side in pixels")
    parser.add_argument("--most", type=float, default=56, help="megabytes of a shard")
    parser.add_argument("--limit", type=int, help="at most this many pictures")
    asked = parser.parse_args(arguments)
    files = mixed(asked.set)[: asked.limit]
    with ThreadPoolExecutor(cores()) as pool:
        made = pool.map(lambda file: pack(file, asked.set, asked.side), files)
        shards = write(made, asked.out, int(asked.most * 1e6))
    print(f"{len(files)} pictures in {shards} shards in {asked.out}")


def mixed(folder: Path) -> list[Path]:
    """All pictures below a folder, in an order of chance that is the same every time."""
    files = sorted(path for path in folder.rglob("*") if may_be_picture(path) and path.is_file())
    return [files[i] for i in np.random.default_rng(0).permutation(len(files))]


def pack(file: Path, root: Path, side: int) -> Packed:
    """A picture of at most so many pixels on its short side, as WebP."""
    with Image.open(file) as opened:
        picture = opened.convert("RGB")
    scale = side / min(picture.size)
    if scale < 1:
        width, height = (round(scale * length) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BOX, reducing_gap=None)
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=QUALITY)
    return Packed(file.relative_to(root).with_suffix(".webp").as_posix(), stream.getvalue())


def write(pictures: Iterator[Packed], out: Path, most: int) -> int:
    """Fill shards of at most so many bytes; returns how many there are."""
    out.mkdir(parents=True, exist_ok=True)
    shards, room = 0, 0
    shard: tarfile.TarFile | None = None
    for picture in pictures:
        size = BLOCK + -(-len(picture.data) // BLOCK) * BLOCK
        if shard is None or size > room:
            if shard is not None:
                shard.close()
            shard = tarfile.open(out / f"shard-{shards:02d}.tar", "w")  # noqa: SIM115
            shards, room = shards + 1, most - END
        entry = tarfile.TarInfo(picture.name)
        entry.size = len(picture.data)
        shard.addfile(entry, io.BytesIO(picture.data))
        room -= size
    if shard is not None:
        shard.close()
    return shards


if __name__ == "__main__":
    main()
