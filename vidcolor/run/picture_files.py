"""A plan's pictures as files: their names, their size, and segments that are folders of them.

A segment's folder appears when all its pictures are in it, under the names that they will have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from vidcolor.color.convert import rgb_of_planes
from vidcolor.errors import OutputError
from vidcolor.files import finished_folder, flushed_file, write_error
from vidcolor.media.clip import Frame
from vidcolor.media.dpx import dpx_bits, read_dpx_header
from vidcolor.media.encode import SegmentWriter
from vidcolor.media.frame_file import Words, frame_file, white_of
from vidcolor.media.frame_picture import profile_of
from vidcolor.media.planes import turn_upright
from vidcolor.media.sequence import is_pattern, numbered
from vidcolor.run.plan import Plan


def bytes_a_pixel(plan: Plan) -> float:
    """Of a file: what is not compressed exactly, else about what grainless film takes."""
    kind, depth = plan.encoder.codec, plan.clip.depth
    if kind == "dpx":
        return 4.0 if dpx_bits(depth) == 10 else 6.0
    deep = white_of(kind, depth) > 255
    return {"png": 2.0 if deep else 0.6, "tiff": 6.0 if deep else 3.0, "jpeg": 0.15}[kind]


def files(plan: Plan) -> Iterator[Path]:
    """The files to be made, numbered as the source's are, or by the frames' indexes."""
    start = plan.clip.first_number + plan.first
    for number in range(start, start + plan.count):
        yield numbered(plan.output, number)


def check(plan: Plan, overwrite: bool) -> None:
    """Refuse names at which there is something that must stay.

    Raises:
        OutputError: files are there and are not to be replaced, or are no files, or the source's.
    """
    if plan.clip.files and not is_pattern(plan.clip.path):
        _check_apart(plan)
    there = [path for path in files(plan) if os.path.lexists(path)]
    if not there:
        return
    sources = {_key(path) for path in plan.clip.files or (plan.clip.path,)}
    for path in there:
        if path.exists() and _key(path) in sources:
            raise OutputError(f"The output {path} is the source itself.", "Give another folder.")
        if path.is_symlink() or not path.is_file():
            raise OutputError(f"The output {path} is no file.", "Give another name or folder.")
    if not overwrite:
        more = f" and {len(there) - 1} more exist" if len(there) > 1 else " exists"
        raise OutputError(
            f"The output {there[0]}{more} already.", "Give another name, or `overwrite`."
        )


def _check_apart(plan: Plan) -> None:
    """Keep pictures out of a folder, or a glob's, that a run that goes on would find them in."""
    source, folder = plan.clip.files[0].parent, plan.output.parent
    if folder.is_dir() and folder.samefile(source):
        raise OutputError(
            f"The output {plan.output} would lie among the pictures of the source.",
            "Give another folder.",
        )


def _key(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


class FrameWriter(Protocol):
    """What takes the coloured frames of a segment."""

    def write(self, frame: Frame) -> None:
        """Take the next one."""


@contextmanager
def segment_writer(plan: Plan, path: Path) -> Iterator[FrameWriter]:
    """What writes a segment to `path`, where it appears when it is complete."""
    if plan.encoder.pictures:
        with finished_folder(path) as folder:
            yield _PictureWriter(plan, folder)
    else:
        with SegmentWriter(path, plan.clip, plan.encoder) as writer:
            yield writer


class _PictureWriter:
    """Writes a segment's frames as pictures into a folder."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan, self._folder = plan, folder
        self._white = white_of(plan.encoder.codec, plan.clip.depth)

    def write(self, frame: Frame) -> None:
        """Write one frame, turned upright.

        Raises:
            OutputError: the disk is full, or the file cannot be made.
        """
        plan, clip = self._plan, self._plan.clip
        luma, *chroma = frame.planes
        rgb = rgb_of_planes(luma, (chroma[0], chroma[1]), plan.film.spec, self._white)
        upright = turn_upright(rgb, clip.rotation, clip.flipped)
        made = frame_file(plan.encoder.codec, upright, clip.depth, self._words(frame.index))
        name = numbered(plan.output, clip.first_number + frame.index).name
        try:
            with flushed_file(self._folder / name, "wb") as stream:
                stream.write(made)
        except OSError as error:
            raise write_error(plan.output, error) from error

    def _words(self, index: int) -> Words:
        """What goes along: of a picture's source, the head of a DPX file or the profile."""
        clip = self._plan.clip
        words = Words(self._plan.tag, clip.average_rate)
        if not clip.files:
            return words
        if clip.codec == "dpx":
            return replace(words, like=read_dpx_header(clip.files[index]))
        return replace(words, profile=profile_of(clip.files[index]))
