"""Who is judged: models, and the rows that each of them has in tables of pictures and of clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vidcolor.evaluate import painters
from vidcolor.evaluate.colouring import PER_FRAME, Colouring, Paint, each, together, treated
from vidcolor.evaluate.given import Directed, Given, by_hand
from vidcolor.evaluate.names import DIGITS
from vidcolor.evaluate.samples import Painter
from vidcolor.evaluate.smoothings import smoothings
from vidcolor.infer.predictor import Predictor

OWN = "vidcolor"


@dataclass(frozen=True)
class Contender:
    """A model to be judged.

    Attributes:
        name: its rows' name.
        predictor: colours frames.
        still_side, film_side: short sides at which it sees pictures and clips.
        saturation: what its chroma is multiplied by where no colours are given.
        digest: SHA-256 of the weights.
        steady: the project's own steadying of a clip's colours, from above this room.
        directed: its colours of a clip of which a person gave some, likewise.
        at_vividness: the same model at another vividness, for the curve.
    """

    name: str
    predictor: Predictor
    digest: str = ""
    still_side: int = 256
    film_side: int = 192
    saturation: float = 1.0
    steady: Colouring | None = None
    directed: Directed | None = None
    at_vividness: Callable[[float], Predictor] | None = None

    def painter(self, count: int = 0) -> Painter:
        """Its colours of pictures, with so many hints."""
        return painters.model(self.predictor, self.still_side, count, self.saturation)

    def film(self) -> Colouring:
        """Its colours of clips, frame by frame."""
        return painters.film(self.predictor, self.film_side, self.saturation)

    def own(self, given: Sequence[Given]) -> Mapping[str, Colouring]:
        """What the project makes of clips beyond single frames, by row: steadied, and directed."""
        steady = {} if self.steady is None else {OWN: self.steady}
        if self.directed is None:
            return steady
        return steady | {one.row: self.directed(one) for one in given}


def picture_rows(
    contenders: Sequence[Contender], hints: Sequence[int], side: int
) -> dict[str, Painter]:
    """All rows of a table of pictures but the truth: baselines, hints by luma, models.

    Args:
        contenders: the models.
        hints: numbers of dots; 0 is none.
        side: working size of the quarter-size truth and of dots spread by luma.
    """
    rows = painters.baselines(side)
    for count in filter(None, hints):
        rows[f"{counted(count, 'hint')} by luma alone"] = painters.by_luma_alone(count, side)
    for contender in contenders:
        for count in hints:
            rows[picture_row(contender, count)] = contender.painter(count)
    return rows


def picture_row(contender: Contender, count: int) -> str:
    """What a model's row with so many hints is called."""
    return f"{contender.name}, {counted(count, 'hint')}" if count else contender.name


def picture_weights(contenders: Sequence[Contender], hints: Sequence[int]) -> dict[str, str]:
    """The beginning of the weights' SHA-256, by the names of models' rows."""
    return {picture_row(one, count): one.digest[:DIGITS] for one in contenders for count in hints}


def counted(count: int, thing: str) -> str:
    """One thing, two things."""
    return f"{count} {thing}{'s' if count != 1 else ''}"


def film_prefix(contender: Contender, contenders: Sequence[Contender]) -> str:
    """What a model's rows of clips begin with: its name, where there are several models."""
    return f"{contender.name}: " if len(contenders) > 1 else ""


def film_row(contender: Contender, contenders: Sequence[Contender]) -> str:
    """What a model's best row of clips is called: steadied where that can be, else per frame."""
    return film_prefix(contender, contenders) + (OWN if contender.steady else PER_FRAME)


def clip_paint(
    contenders: Sequence[Contender], given: Sequence[Given] = (), side: int = 256
) -> Paint:
    """All rows of a table of clips: each model per frame, smoothed as others do it, and steady.

    Args:
        contenders: the models.
        given: what is known of the clip: rows that are directed by it, and carry it by hand.
        side: working size at which dots are spread by luma alone.
    """
    paints = [by_hand(one, side) for one in given]
    for contender in contenders:
        prefix = film_prefix(contender, contenders)
        paints.append(treated(contender.film(), smoothings(), prefix))
        paints.append(each({prefix + name: row for name, row in contender.own(given).items()}))
    return together(paints) if paints else each({})


def clip_weights(contenders: Sequence[Contender], given: Sequence[Given] = ()) -> dict[str, str]:
    """The beginning of the weights' SHA-256, by the names of models' rows."""
    return {
        film_prefix(one, contenders) + name: one.digest[:DIGITS]
        for one in contenders
        for name in (PER_FRAME, *smoothings(), *one.own(given))
    }
