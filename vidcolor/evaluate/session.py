"""One evaluation from folders to a report: pictures, clips, or results made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from vidcolor.errors import InputError, UsageError
from vidcolor.evaluate import painters
from vidcolor.evaluate.clip_table import clip_table, short_notes
from vidcolor.evaluate.clips import ClipResult
from vidcolor.evaluate.colour import Picture
from vidcolor.evaluate.colouring import Colouring, Paint, each, together, treated
from vidcolor.evaluate.curve import (
    SATURATIONS,
    VIVIDNESSES,
    Curve,
    saturation_curve,
    vividness_curve,
)
from vidcolor.evaluate.given import STILLS, Directed, Given, by_hand
from vidcolor.evaluate.picture_table import category_table, picture_items, picture_table
from vidcolor.evaluate.pictures import Bench, PictureScores, evaluate_pictures
from vidcolor.evaluate.read import CLIPS, PICTURES, find
from vidcolor.evaluate.report import Item
from vidcolor.evaluate.samples import Painter, Preparation, Sample, load
from vidcolor.evaluate.smoothings import smoothings
from vidcolor.evaluate.table import Table
from vidcolor.infer.predictor import Predictor

OWN = "vidcolor"
SPLITS = ("all", "even", "odd")


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


@dataclass(frozen=True)
class Settings:
    """What is measured, and on how much.

    Attributes:
        side: working size of the quarter-size truth and of dots spread by luma.
        hints: numbers of dots, on pictures and on a clip's first frame; 0 is none.
        stills: true frames that a clip is directed by: first, middle.
        preparation: crop of pictures, damage of pictures and clips.
        split: "all", or the pictures with an "even" or "odd" index, sorted by path.
        limit: pictures at most, evenly spaced, and clips at most.
        skip: patterns of file names that are left out.
        frames: frames of each clip at most.
        curve: whether to vary saturation and vividness.
        jobs: threads.
    """

    side: int = 256
    hints: tuple[int, ...] = (0,)
    stills: tuple[str, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    split: str = "all"
    limit: int | None = None
    skip: tuple[str, ...] = ()
    frames: int | None = None
    curve: bool = False
    jobs: int = 1

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise UsageError(f"There is no split '{self.split}'.", f"Choose {', '.join(SPLITS)}.")
        for place in self.stills:
            if place not in STILLS:
                raise UsageError(f"There is no still '{place}'.", f"Choose {', '.join(STILLS)}.")

    def wanted(self, paths: Sequence[Path]) -> list[Path]:
        """All that no pattern of `skip` leaves out."""
        return [path for path in paths if not any(path.match(pattern) for pattern in self.skip)]

    def chosen(self, paths: Sequence[Path]) -> list[Path]:
        """The split and the limit, applied to sorted paths."""
        start, step = {"all": (0, 1), "even": (0, 2), "odd": (1, 2)}[self.split]
        kept = list(paths[start::step])
        if self.limit is None or self.limit >= len(kept):
            return kept
        return [kept[i] for i in np.linspace(0, len(kept) - 1, self.limit).round().astype(int)]

    def describe(self) -> dict[str, str]:
        """What changes figures, as text; jobs do not."""
        described = {
            "working size": str(self.side),
            "hints": ",".join(map(str, self.hints)),
            "crop": str(self.preparation.crop or "none"),
            "degrade": f"{self.preparation.degrade:g}",
            "split": self.split,
            "limit": str(self.limit or "none"),
            "frames": str(self.frames or "all"),
        }
        return described | ({"stills": ",".join(self.stills)} if self.stills else {})


@dataclass
class Outcome:
    """What one part of an evaluation gives; parts are added up in a report."""

    tables: list[Table] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


Say = Callable[[str], None]
Keep = Callable[[str, list[Picture]], None]


def load_samples(
    paths: Sequence[Path], root: Path, settings: Settings
) -> tuple[list[Sample], list[str]]:
    """Pictures made ready, and the causes why others could not be."""
    samples, failed = [], []
    for path in paths:
        try:
            samples.append(load(path, root, settings.preparation))
        except InputError as error:
            failed.append(error.sentence)
    return samples, failed


def picture_rows(contenders: Sequence[Contender], settings: Settings) -> dict[str, Painter]:
    """All rows of a table of pictures but the truth: baselines, hints by luma, models."""
    rows = painters.baselines(settings.side)
    numbers = {count: counted(count, "hint") for count in settings.hints}
    for count, words in numbers.items():
        if count:
            rows[f"{words} by luma alone"] = painters.by_luma_alone(count, settings.side)
    for contender in contenders:
        for count, words in numbers.items():
            name = f"{contender.name}, {words}" if count else contender.name
            rows[name] = contender.painter(count)
    return rows


def counted(count: int, thing: str) -> str:
    """One thing, two things."""
    return f"{count} {thing}{'s' if count != 1 else ''}"


def score_pictures(
    bench: Bench, contenders: Sequence[Contender], settings: Settings, keep: Keep | None = None
) -> tuple[Outcome, list[PictureScores]]:
    """Colour and score pictures by every row; `keep` gets each row's results."""
    scores = evaluate_pictures(bench, picture_rows(contenders, settings), keep)
    reference = contenders[0].name if contenders and 0 in settings.hints else painters.GREY
    outcome = tabulate(bench, scores, reference)
    if settings.curve:
        for contender in contenders:
            outcome.curves += _curves(bench, scores[-1], contender)
    return outcome, scores


def tabulate(bench: Bench, scores: Sequence[PictureScores], reference: str) -> Outcome:
    """Tables of all pictures and of categories."""
    samples = bench.samples
    categories = [sample.category for sample in samples]
    title = counted(len(samples), "picture")
    whole = picture_table(title, scores, None, reference, _picture_notes(bench))
    outcome = Outcome([whole], picture_items(scores, samples))
    if len(set(categories)) > 1:
        outcome.tables += category_table(scores, categories, reference)
    return outcome


def _picture_notes(bench: Bench) -> tuple[str, ...]:
    notes = []
    grey = [s.name for s, is_grey in zip(bench.samples, bench.grey, strict=True) if is_grey]
    if grey:
        notes.append(f"Grey truth, left out of CF and Delta E: {', '.join(grey)}.")
    if len(bench.judges) < 2:
        notes.append("No second judge: TORCH_HOME holds no weights of MobileNetV2.")
    notes.append("No FID: it takes Inception-v3's weights and 5,000 pictures.")
    return tuple(notes)


def _curves(bench: Bench, truth: PictureScores, contender: Contender) -> list[Curve]:
    plain = replace(contender, saturation=1.0).painter()
    curves = [saturation_curve(bench, truth, contender.name, plain, SATURATIONS)]
    again = contender.at_vividness
    if again is not None:

        def at(value: float) -> Painter:
            return replace(contender, predictor=again(value)).painter()

        curves.append(vividness_curve(bench, truth, contender.name, at, VIVIDNESSES))
    return curves


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
        prefix = f"{contender.name}: " if len(contenders) > 1 else ""
        paints.append(treated(contender.film(), smoothings(), prefix))
        if contender.steady is not None:
            paints.append(each({prefix + OWN: contender.steady}))
        if contender.directed is not None:
            rows = {prefix + one.row: contender.directed(one) for one in given}
            paints.append(each(rows))
    return together(paints) if paints else each({})


def clip_outcome(results: Sequence[ClipResult], failed: list[str]) -> Outcome:
    """The table and the items of clips."""
    names = list(results[0].scores)
    own = [name for name in names if name.endswith(OWN)]
    reference = own[0] if own else ""
    table = clip_table(counted(len(results), "clip"), results, reference, short_notes(results))
    outcome = Outcome([table], clip_items(results), failed=failed)
    categories = {result.category for result in results}
    for category in sorted(categories - {""}) if len(categories) > 1 else ():
        part = [result for result in results if result.category == category]
        if len(part) > 1:
            title = f"{category} ({counted(len(part), 'clip')})"
            outcome.tables.append(replace(clip_table(title, part, reference), part=True))
    return outcome


def place_of(path: Path, root: Path) -> tuple[str, str]:
    """A clip's path in the data's folder without suffix, and the folder in it where it lies."""
    inside = path.relative_to(root) if path != root else Path(path.name)
    return inside.with_suffix("").as_posix(), inside.parts[0] if len(inside.parts) > 1 else ""


def clip_items(results: Sequence[ClipResult]) -> list[Item]:
    """Every clip in every row."""
    return [
        Item("clip", result.name, result.category, row, score.figures())
        for result in results
        for row, score in result.scores.items()
    ]


def find_data(root: Path, settings: Settings) -> Mapping[str, list[Path]]:
    """Pictures and clips under a path, but for what is to be skipped.

    Raises:
        InputError: there are neither.
    """
    found = {
        "pictures": settings.wanted(find(root, PICTURES)),
        "clips": settings.wanted(find(root, CLIPS)),
    }
    if not any(found.values()):
        raise InputError(
            f"{root} holds neither pictures nor clips.",
            "Give a folder with colour pictures (.png, .jpg, .webp ...) or clips (.mp4, .mkv ...).",
        )
    return found
