"""A film or photograph that stays open, for programs that show it: any frame, any shot, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vidcolor.color.convert import LUMA_COEFFICIENTS, NEUTRAL, SampleSpec, small_luma, viewed_luma
from vidcolor.color.hint import Hint
from vidcolor.color.likely import Likely, likely_colors
from vidcolor.direct.film import FilmLike
from vidcolor.direct.looks import ShotLook
from vidcolor.infer.mirror import Mirrored
from vidcolor.infer.predictor import Predictor, working_shape
from vidcolor.media.decode import read_frames
from vidcolor.media.managed import managed
from vidcolor.media.picture import read_picture
from vidcolor.run.directed_frame import carried_to
from vidcolor.run.film import Film, SmallLuma
from vidcolor.run.settings import ResolvedSettings
from vidcolor.run.still import Photograph
from vidcolor.run.stills import Shot, shots_of
from vidcolor.steady.directed import settle_directed
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.settle import settle
from vidcolor.steady.spreading import stronger

if TYPE_CHECKING:
    from vidcolor.infer.votes import Votes

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SeenFrame:
    """A frame without its colour.

    Attributes:
        small: uint8 (height, width), as the network sees it.
        show: gives `luma`, which takes longer.
        own: gives the chroma that it has: float32 (2, h, w) on 0..255.
    """

    small: SmallLuma
    show: Callable[[], NDArray[np.uint8]]
    own: Callable[[], FloatArray]

    @cached_property
    def luma(self) -> NDArray[np.uint8]:
        """As a player shows it: uint8 (height, width), full range, upright, square pixels."""
        return self.show()


@dataclass(frozen=True, eq=False)
class Opened:
    """A film, or a photograph as a film of one frame.

    Colour that comes out is as it is to be seen: float32 (2, h, w), Cb and Cr on 0..255, upright,
    of a size between a quarter of the working size and the frame's own.

    Attributes:
        path: the file.
        is_film: whether it is no photograph.
        view: the film as stills and hints are placed in it.
        rate: frames a second, 0 of a photograph.
        longest: frames that are settled at once, at most.
        read: gives so many frames from a first one on.
        survey: the shots, each when it was walked through.
        time_of: when a frame begins, in seconds.
        predictor: the network.
        votes: gives the network that says what it holds possible.
        saturation: factor on the network's chroma.
        steady: how colour is held still.
    """

    path: Path
    is_film: bool
    view: FilmLike
    rate: float
    longest: int
    read: Callable[[int, int], Iterator[SeenFrame]]
    survey: Callable[[], Iterator[Shot]]
    time_of: Callable[[int], float]
    predictor: Predictor
    votes: Callable[[], Votes]
    saturation: float
    steady: SteadySettings = field(default_factory=SteadySettings)

    @property
    def frame_count(self) -> int:
        """How many frames there are."""
        return self.view.frame_count

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as it is shown."""
        return self.view.upright_size

    @property
    def luma_weights(self) -> tuple[float, float]:
        """What red and blue weigh in luma (Kr, Kb)."""
        return LUMA_COEFFICIENTS[self.view.matrix]

    def looking(self, look: ShotLook | None) -> Opened:
        """The film as a shot of it is to look."""
        if look is None:
            return self
        strength = self.steady.strength if look.steady is None else look.steady
        return replace(
            self,
            predictor=self.predictor.vivid(look.vividness) if look.vividness else self.predictor,
            saturation=self.saturation if look.saturation is None else look.saturation,
            steady=replace(self.steady, strength=strength),
        )

    def alone(self, small: SmallLuma) -> FloatArray:
        """The network's colour of a frame by itself."""
        return stronger(self.predictor.predict(small[None]).chroma[0], self.saturation)

    def told(
        self, frame: int, people: Sequence[Hint], luma: Callable[[int], SmallLuma]
    ) -> FloatArray:
        """A frame's colour as people have it who gave colour to frames of its shot.

        Arguments as of `directed_frame.carried_to`.
        """
        if not self.saturation:
            return self.alone(luma(frame))
        return carried_to(frame, people, luma, self.predictor, self.saturation)

    def settled(self, luma: NDArray[np.uint8], people: Sequence[Hint]) -> Iterator[FloatArray]:
        """The colour of a shot, frame by frame, all at one go.

        Args:
            luma: uint8 (frames, height, width), its frames as the network sees them; not more than
                `longest`.
            people: what was said of them, by their places in `luma`.
        """
        factor = self.saturation
        made: Iterable[NDArray[np.floating[Any]]] = (
            settle_directed(luma, self.predictor, self.steady, people, saturation=factor)
            if people and factor
            else settle(luma, self.predictor, self.steady)
        )
        for chroma in made:
            yield stronger(chroma.astype(np.float32), factor)

    def likely(self, small: SmallLuma, x: float, y: float, count: int = 6) -> list[Likely]:
        """The colours that the network holds likeliest at a place; see `likely_colors`.

        Args:
            small: the frame.
            x: from the left edge, 0..1 of the width.
            y: from the upper edge, 0..1 of the height.
            count: how many at most.
        """
        votes = self.votes()
        return likely_colors(votes.centers, votes.at(small, x, y), count)


def opened_film(
    film: Film, settings: ResolvedSettings, predictor: Predictor, votes: Callable[[], Votes]
) -> Opened:
    """A film.

    Args:
        film: all of it.
        settings: how it is coloured.
        predictor: the network.
        votes: gives the network that says what it holds possible.
    """

    def read(first: int, count: int) -> Iterator[SeenFrame]:
        for frame in read_frames(film.clip, first, count, film.threads):
            shown = partial(film.shown, frame.luma)
            yield SeenFrame(film.small(frame.luma), shown, partial(film.own_chroma, frame))

    return Opened(
        path=film.clip.path,
        is_film=True,
        view=film,
        rate=float(film.clip.average_rate) or 25.0,
        longest=film.segment_limits.longest,
        read=read,
        survey=lambda: shots_of(film, film.small_luma(0)),
        time_of=lambda frame: film.clip.seconds_at(frame),
        predictor=predictor,
        votes=votes,
        saturation=settings.saturation,
        steady=settings.steady,
    )


def opened_photograph(
    path: Path, settings: ResolvedSettings, predictor: Predictor, votes: Callable[[], Votes]
) -> Opened:
    """A photograph; arguments as of `opened_film`, `settings` for stills.

    Raises:
        InputError: it cannot be read.
    """
    picture = read_picture(path, keep_rgb=False)
    spec, size = SampleSpec(depth=picture.depth), (picture.luma.shape[0], picture.luma.shape[1])
    profile = managed(picture.icc_profile)
    shown = profile.light(picture.luma) if profile else picture.luma
    small = small_luma(shown, spec, working_shape(*size, settings.render_size))
    grey = np.full((2, 1, 1), NEUTRAL, np.float32)
    seen = SeenFrame(small, lambda: viewed_luma(shown, spec), lambda: grey)
    return Opened(
        path=path,
        is_film=False,
        view=Photograph(size, small),
        rate=0.0,
        longest=1,
        read=lambda first, count: iter([seen]),
        survey=lambda: iter([Shot(0, 1, 1, [small])]),
        time_of=lambda frame: 0.0,
        predictor=Mirrored(predictor),
        votes=votes,
        saturation=settings.saturation,
    )
