"""Training pictures: found, checked, decoded once into a cache, split by content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from vidcolor.errors import InputError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
STORED_SHORT_SIDE = 256
LEAST_SIDE = 64
LEAST_CHROMA = 3.0
VALIDATION_SHARE = 0.015

Picture = NDArray[np.uint8]


class _Entry(NamedTuple):
    offset: int
    height: int
    width: int
    digest: str


@dataclass(frozen=True)
class PictureStore:
    """Decoded pictures in one memory-mapped file.

    Attributes:
        pixels: uint8, all pictures one behind the other.
        entries: where each lies; the digest is that of the source file's bytes.
        fingerprint: count and hash over the digests, for the record.
        skipped: (file, reason) of what was left out.
    """

    pixels: NDArray[np.uint8]
    entries: tuple[_Entry, ...]
    fingerprint: str
    skipped: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.entries)

    def picture(self, index: int) -> Picture:
        """uint8 (height, width, 3): luma, Cb, Cr of full-range BT.601."""
        entry = self.entries[index]
        size = entry.height * entry.width * 3
        flat = self.pixels[entry.offset : entry.offset + size]
        return flat.reshape(entry.height, entry.width, 3)

    def split(self) -> tuple[list[int], list[int]]:
        """Indexes for training and for validation, decided by content alone."""
        threshold = int(VALIDATION_SHARE * 2**32)
        held_out = [int(entry.digest[:8], 16) < threshold for entry in self.entries]
        train = [i for i, held in enumerate(held_out) if not held]
        return train, [i for i, held in enumerate(held_out) if held]


def open_store(folders: Sequence[Path], cache: Path, limit: int | None = None) -> PictureStore:
    """Decode every usable picture below some folders, or take them from the cache.

    Args:
        folders: searched with all that lies below them.
        cache: folder for the decoded pictures; made where it is missing.
        limit: at most this many pictures.

    Raises:
        InputError: a folder is missing, or no usable picture is in them.
    """
    files = _list(folders)[:limit]
    listing = "\n".join(f"{f} {(s := f.stat()).st_size} {s.st_mtime_ns}" for f in files)
    name = hashlib.sha256(listing.encode()).hexdigest()[:16]
    index, pixels = cache / f"{name}.json", cache / f"{name}.u8"
    if not index.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        _decode(files, index, pixels)
    stored = json.loads(index.read_text())
    entries = tuple(_Entry(*row) for row in stored["entries"])
    skipped = tuple((file, reason) for file, reason in stored["skipped"])
    if not entries:
        raise InputError(
            f"None of the {len(files)} pictures in {', '.join(map(str, folders))} can be used"
            f" (the first: {skipped[0][0]}: {skipped[0][1]}).",
            "Give folders of colour photographs.",
        )
    mapped = np.memmap(pixels, np.uint8, "r")
    return PictureStore(mapped, entries, stored["fingerprint"], skipped)


def _list(folders: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}.", "Check --data.")
        files += sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(
            f"No pictures lie in {', '.join(map(str, folders))}.",
            f"Give folders that hold {', '.join(sorted(SUFFIXES))} files.",
        )
    return files


def _decode(files: Sequence[Path], index: Path, pixels: Path) -> None:
    entries: list[_Entry] = []
    skipped: list[tuple[str, str]] = []
    offset = 0
    partial = pixels.with_suffix(".part")
    with partial.open("wb") as stream, ThreadPoolExecutor(2) as pool:
        decoded: Iterable[tuple[Picture | str, str]] = pool.map(_read, files)
        for file, (picture, digest) in zip(
            files, tqdm(decoded, "decoding pictures", len(files)), strict=True
        ):
            if isinstance(picture, str):
                skipped.append((str(file), picture))
                continue
            stream.write(picture.tobytes())
            entries.append(_Entry(offset, picture.shape[0], picture.shape[1], digest))
            offset += picture.size
    partial.replace(pixels)
    digests = hashlib.sha256("".join(sorted(e.digest for e in entries)).encode()).hexdigest()
    index.write_text(
        json.dumps(
            {
                "entries": entries,
                "skipped": skipped,
                "fingerprint": f"{len(entries)} pictures, sha256 {digests[:16]}",
            }
        )
    )


def _read(file: Path) -> tuple[Picture | str, str]:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    flat = np.frombuffer(content, np.uint8)
    bgr = cv2.imdecode(flat, cv2.IMREAD_COLOR) if content else None
    if bgr is None:
        return "cannot be decoded", digest
    short = min(bgr.shape[:2])
    if short < LEAST_SIDE:
        return f"is smaller than {LEAST_SIDE} pixels", digest
    if short > STORED_SHORT_SIDE:
        scale = STORED_SHORT_SIDE / short
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    picture = cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb)[..., [0, 2, 1]]
    chroma = picture[..., 1:].astype(np.float32) - 128.0
    if float(np.hypot(chroma[..., 0], chroma[..., 1]).mean()) < LEAST_CHROMA:
        return "is grey", digest
    return np.ascontiguousarray(picture), digest
