"""A photograph through the rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL, SampleSpec, small_luma
from vidcolor.color.pale import Tally
from vidcolor.color.upscale import enlarger
from vidcolor.direct.direction import Direction
from vidcolor.direct.film import FilmView
from vidcolor.direct.prepare import Request, prepare
from vidcolor.errors import UsageError
from vidcolor.infer.mirror import Mirrored
from vidcolor.infer.predictor import Predictor, working_shape
from vidcolor.media.picture import (
    Page,
    Picture,
    holds_pages,
    luma_of,
    page_sizes,
    read_picture,
    write_pages,
)
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.settings import SteadySettings


@dataclass(frozen=True)
class _Photograph:
    """A photograph as a film of one frame that takes no time."""

    upright_size: tuple[int, int]
    frame_count: int = 1
    duration_s: float = 0.0

    def frame_at(self, _: float) -> int:
        return -1

    def resolved_matrix(self) -> str:
        return "bt601"


@dataclass(frozen=True)
class StillSettings:
    """How a photograph is coloured.

    Attributes:
        render_size: short side in pixels the network sees.
        saturation: factor on chroma.
        note: a line about this program for its metadata, None for none.
        page: of a TIFF, from 1 on; None for all, or the first where the output holds one.
    """

    render_size: int
    saturation: float
    note: str | None = None
    page: int | None = None


def colorize_picture(
    source: Path,
    output: Path,
    predictor: Predictor,
    settings: StillSettings,
    request: Request | None = None,
) -> tuple[str, ...]:
    """Colour one picture, or the pages of a TIFF; depth, transparency and metadata are kept.

    The mean of what is said to the picture and to its mirror image: 0.06 dB better than the one.

    Args:
        source: any picture file.
        output: appears when it is complete.
        predictor: what colours.
        settings: of colour and metadata.
        request: stills and hints.

    Returns:
        sentences on what was changed or left out, on stills that say grey, and on a picture that
        came out so.

    Raises:
        InputError, OutputError: it cannot be read or written.
        UsageError: a still or a hint does not fit it, or it has no such page.
    """
    held = page_sizes(source)
    numbers, notes = _chosen(len(held), output, settings.page)
    if request and len(numbers) > 1:
        raise UsageError(
            f"{source} has {len(numbers)} pages, and stills and hints are for one picture.",
            "Say which with `page`.",
        )
    told: list[str] = []

    def page(number: int) -> Page:
        picture = read_picture(source, number, keep_rgb=False)
        made, said = colored_page(picture, predictor, settings, request)
        told.extend(f"page {number}: {words}" if len(numbers) > 1 else words for words in said)
        return made

    pixels = sum(height * width for height, width in held)
    lost = write_pages(output, map(page, numbers), len(numbers), pixels, settings.note)
    return (*notes, *told, *lost)


def _chosen(held: int, output: Path, page: int | None) -> tuple[Sequence[int], tuple[str, ...]]:
    """The pages to colour, and what to say of the others."""
    if page is not None or held < 2:
        return [page or 1], ()
    if holds_pages(output):
        return range(1, held + 1), ()
    left = "the other is" if held == 2 else f"the other {held - 1} are"
    words = f"only the first of its {held} pages is coloured, and {left} left out: an output in"
    return [1], (f"{words} .tif takes all, and `page=2` the second",)


def colored_page(
    picture: Picture,
    predictor: Predictor,
    settings: StillSettings,
    request: Request | None = None,
) -> tuple[Page, tuple[str, ...]]:
    """A picture and its colour, and what is to be said of it.

    Arguments and errors as of `colorize_picture`.
    """
    saturation, spec = settings.saturation, SampleSpec(depth=picture.depth)
    size = picture.luma.shape[0], picture.luma.shape[1]
    small = small_luma(picture.luma, spec, working_shape(*size, settings.render_size))
    said = _direction(request, size, small) if request else Direction()
    strong = _chroma(small, said, predictor, saturation)
    tally = Tally()
    tally.add(strong, picture.luma, spec)
    asked = 0.0 if said.hints else saturation
    grey = tally.notes(asked, f"of {picture.depth} bits")
    large = enlarger(strong, picture.luma, spec)
    return Page(picture, large), (*picture.notes, *said.notes, *grey)


def luma_of_array(array: Any) -> NDArray[Any]:
    """Full-range luma (height, width) of an array in grey or RGB, at its own depth.

    Raises:
        UsageError: it is not uint8 or uint16, or of another shape.
    """
    given = np.asarray(array)
    grey = given.ndim == 2 or (given.ndim == 3 and given.shape[2] == 1)
    if given.dtype not in (np.uint8, np.uint16) or not (
        grey or (given.ndim == 3 and given.shape[2] == 3)
    ):
        raise UsageError(
            f"An array of {given.dtype} {given.shape} is no picture.",
            "Give uint8 or uint16 of (height, width) or (height, width, 3).",
        )
    if not given.size:
        raise UsageError(f"An array of {given.shape} holds no pixel.", "Give a picture.")
    return given.reshape(given.shape[:2]) if grey else luma_of(given)


def _chroma(
    small: NDArray[np.uint8], said: Direction, predictor: Predictor, saturation: float
) -> NDArray[np.float32]:
    """Cb and Cr, float32 (2, h, w) on 0..255, as strong as asked."""
    mean = Mirrored(predictor)
    if said.hints and saturation:
        people = said.hints
        steady = SteadySettings()
        made = settle_directed(small[None], mean, steady, people, saturation=saturation)
        chroma = made[0].astype(np.float32)
    else:
        chroma = mean.predict(small[None]).chroma[0]
    strong = (chroma - np.float32(NEUTRAL)) * np.float32(saturation) + np.float32(NEUTRAL)
    return np.asarray(strong)


def _direction(request: Request, size: tuple[int, int], small: NDArray[np.uint8]) -> Direction:
    return prepare(request, photograph_view(size, small))


def photograph_view(size: tuple[int, int], small: NDArray[np.uint8]) -> FilmView:
    """A photograph as stills and hints are placed in it.

    Args:
        size: (height, width).
        small: uint8, as the network sees it.
    """
    return FilmView(_Photograph(size), look=lambda _: small, sweep=lambda: iter([small]))
