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
from vidcolor.evaluate.curve import (
    SATURATIONS,
    VIVIDNESSES,
    Curve,
    saturation_curve,
    vividness_curve,
)
from vidcolor.evaluate.given import STILLS
from vidcolor.evaluate.picture_table import category_table, picture_items, picture_table
from vidcolor.evaluate.pictures import Bench, PictureScores, evaluate_pictures
from vidcolor.evaluate.read import search
from vidcolor.evaluate.report import Item
from vidcolor.evaluate.rows import OWN, Contender, counted, picture_rows, picture_weights
from vidcolor.evaluate.samples import Painter, Preparation, Sample, load
from vidcolor.evaluate.table import Table
from vidcolor.machine import cores
from vidcolor.media.suffixes import may_be_film, may_be_picture
from vidcolor.remedies import install_hint

SPLITS = ("all", "even", "odd")


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
        threads: of the processor; 0 is one a core.
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
    threads: int = 0

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise UsageError(f"There is no split '{self.split}'.", f"Choose {', '.join(SPLITS)}.")
        for place in self.stills:
            if place not in STILLS:
                raise UsageError(f"There is no still '{place}'.", f"Choose {', '.join(STILLS)}.")

    @property
    def jobs(self) -> int:
        """How many threads that is."""
        return self.threads or cores()

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
        """What changes figures, as text; threads do not."""
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


def score_pictures(
    bench: Bench, contenders: Sequence[Contender], settings: Settings, keep: Keep | None = None
) -> tuple[Outcome, list[PictureScores]]:
    """Colour and score pictures by every row; `keep` gets each row's results."""
    rows = picture_rows(contenders, settings.hints, settings.side)
    scores = evaluate_pictures(bench, rows, keep)
    reference = contenders[0].name if contenders and 0 in settings.hints else painters.GREY
    outcome = tabulate(bench, scores, reference)
    weights = picture_weights(contenders, settings.hints)
    outcome.tables = [table.signed(weights) for table in outcome.tables]
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
    if bench.lpips is None:
        notes.append(f"No LPIPS: {install_hint('lpips')} brings it.")
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


def clip_outcome(
    results: Sequence[ClipResult], failed: list[str], weights: Mapping[str, str]
) -> Outcome:
    """The table and the items of clips; `weights` as `Table.signed` takes them."""
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
    outcome.tables = [table.signed(weights) for table in outcome.tables]
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


@dataclass(frozen=True)
class Data:
    """What is to be judged: pictures and clips at a path, and what was passed over, in words."""

    root: Path
    pictures: list[Path]
    clips: list[Path]
    notes: list[str]


def find_data(root: Path, settings: Settings) -> Data:
    """Pictures and clips under a path, but for what is to be skipped.

    Raises:
        InputError: there are neither.
        UsageError: stills are asked for, and there are no clips.
    """
    found = search(root)
    pictures, clips = (settings.wanted(found.of(kind)) for kind in (may_be_picture, may_be_film))
    data = Data(root, pictures, clips, found.notes())
    if not data.pictures and not data.clips:
        passed_over = "".join(f" {note}" for note in data.notes)
        raise InputError(
            f"{root} holds neither pictures nor clips.{passed_over}",
            "Give a folder with colour pictures (.png, .jpg, .webp ...) or clips (.mp4, .mkv ...).",
        )
    if settings.stills and not data.clips:
        raise UsageError(f"Stills are of clips, and {root} holds none.", "Leave --stills off.")
    return data
