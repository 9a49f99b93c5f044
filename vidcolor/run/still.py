"""A photograph through the rooms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import NEUTRAL, SampleSpec, rgb_in_gamut, small_luma
from vidcolor.color.pale import Tally
from vidcolor.color.srgb import luma_and_chroma
from vidcolor.color.upscale import enlarger
from vidcolor.direct.direction import Direction
from vidcolor.direct.prepare import Request, prepare
from vidcolor.errors import UsageError
from vidcolor.infer.mirror import Mirrored
from vidcolor.infer.predictor import Predictor, working_shape
from vidcolor.media.managed import Managed, managed
from vidcolor.media.picture import (
    Page,
    Picture,
    compose,
    holds_pages,
    luma_of,
    page_sizes,
    read_picture,
    write_pages,
)
from vidcolor.run.exhibit import Exhibit
from vidcolor.run.own import is_in_color
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.settings import SteadySettings

_KEPT = "the photograph is in colour already, and stays as it was"
_REPLACED = (
    "the photograph is in colour, and gets other colour; `input_chroma=keep-if-colored` leaves such"
    " photographs as they are"
)


@dataclass(frozen=True, eq=False)
class Photograph:
    """A photograph as a film of one frame that takes no time: see `FilmLike`.

    Attributes:
        upright_size: (height, width).
        luma: uint8, as the network sees it.
    """

    upright_size: tuple[int, int]
    luma: NDArray[np.uint8]
    frame_count: int = 1
    duration_s: float = 0.0
    matrix: str = "bt601"
    first: int = 0

    def frame_at(self, time_s: float) -> int:
        """No time of it shows anything."""
        return -1

    def look(self, frame: int) -> NDArray[np.uint8]:
        """The one frame."""
        return self.luma

    def small_luma(self, first: int, count: int | None = None) -> Iterator[NDArray[np.uint8]]:
        """The one frame."""
        yield self.luma


@dataclass(frozen=True)
class StillSettings:
    """How a photograph is coloured.

    Attributes:
        render_size: short side in pixels the network sees.
        saturation: factor on chroma.
        note: a line about this program for its metadata, None for none.
        page: of a TIFF, from 1 on; None for all, or the first where the output holds one.
        keeps_own: whether a photograph that is in colour already stays as it is.
    """

    render_size: int
    saturation: float
    note: str | None = None
    page: int | None = None
    keeps_own: bool = False


def colorize_picture(
    source: Path,
    output: Path,
    predictor: Predictor,
    settings: StillSettings,
    request: Request | None = None,
    exhibit: Exhibit | None = None,
) -> tuple[str, ...]:
    """Colour one picture, or the pages of a TIFF; depth, transparency and metadata are kept.

    The mean of what is said to the picture and to its mirror image: 0.06 dB better than the one.

    Args:
        source: any picture file.
        output: appears when it is complete.
        predictor: what colours.
        settings: of colour and metadata.
        request: stills and hints.
        exhibit: sees the picture, or the first page.

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
        shown = exhibit if number == numbers[0] else None
        picture = read_picture(source, number, settings.keeps_own or shown is not None)
        if shown:
            shown.before(picture)
        if not settings.keeps_own:
            picture = replace(picture, rgb=None)
        own = is_in_color(picture)
        if own and picture.rgb is not None:
            made, said = Page(picture, picture.rgb.__getitem__), (*picture.notes, _KEPT)
        else:
            made, said = colored_page(picture, predictor, settings, request)
            said += (_REPLACED,) * own
        told.extend(f"page {number}: {words}" if len(numbers) > 1 else words for words in said)
        return shown.after(made) if shown else made

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
    profile = managed(picture.icc_profile)
    shown = profile.light(picture.luma) if profile else picture.luma
    small = small_luma(shown, spec, working_shape(*size, settings.render_size))
    said = prepare(request, Photograph(size, small)) if request else Direction()
    strong = _chroma(small, said, predictor, saturation)
    if profile:
        strong = _in_profile(strong, small, profile)
    tally = Tally()
    tally.add(strong, picture.luma, spec)
    asked = 0.0 if said.hints else saturation
    grey = tally.notes(asked, f"of {picture.depth} bits")
    large = enlarger(strong, picture.luma, spec)
    page = Page(picture, lambda rows: compose(picture.luma[rows], *large(rows)))
    return page, (*picture.notes, *said.notes, *grey)


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


def _in_profile(
    chroma: NDArray[np.float32], small: NDArray[np.uint8], profile: Managed
) -> NDArray[np.float32]:
    """Chroma of the profile's RGB that shows sRGB's: float32 (2, h, w) on 0..255, and `small`."""
    size = chroma.shape[2], chroma.shape[1]
    light = cv2.resize(small, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    rgb = rgb_in_gamut(light, chroma - np.float32(NEUTRAL), "bt601")
    meant = np.rint(rgb).clip(0, 255).astype(np.uint8)
    return luma_and_chroma(profile.from_srgb(meant))[1]
