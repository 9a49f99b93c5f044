"""One evaluation, from paths to a report and what a page shows: all of it but its outputs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from vidcolor.color.srgb import Picture
from vidcolor.errors import InputError
from vidcolor.evaluate import pairs as paired
from vidcolor.evaluate.clips import ClipResult, evaluate_clips, read_shown
from vidcolor.evaluate.costs import Costs
from vidcolor.evaluate.exhibits import STRIP_LENGTH, Exhibits, Strip, picture_sheets
from vidcolor.evaluate.given import Given, all_given
from vidcolor.evaluate.models import Model
from vidcolor.evaluate.names import MEAN_BY_LUMA
from vidcolor.evaluate.outcome import Outcome, clip_outcome, score_pictures, tabulate
from vidcolor.evaluate.pictures import Bench, PictureScores
from vidcolor.evaluate.read import start_times
from vidcolor.evaluate.report import About, Fingerprint, Report, fingerprint, versions
from vidcolor.evaluate.rows import best_clip_row, clip_rows, clip_weights
from vidcolor.evaluate.samples import Sample, load
from vidcolor.evaluate.settings import Data, Settings
from vidcolor.truth.judge import Judge, judges
from vidcolor.truth.lpips import installed_lpips

Say = Callable[[str], None]


class Session:
    """One evaluation: what it found so far.

    Args:
        settings: what is measured.
        device: where the judges run.
        say: takes a line on what is being done.
    """

    def __init__(self, settings: Settings, device: str, say: Say) -> None:
        self.settings = settings
        self.device = device
        self.say = say
        self.costs = Costs()
        self.exhibits = Exhibits()
        self.data: dict[str, Fingerprint] = {}
        self.notes: list[str] = []
        self._outcomes: list[Outcome] = []

    def report(self) -> Report:
        """All of it.

        Raises:
            InputError: not one file could be used.
        """
        about = About(self.data, {}, self.settings.describe(), versions())
        parts = self._outcomes
        if not any(part.tables for part in parts):
            failed = " ".join(line for part in parts for line in part.failed)
            raise InputError("Not one of the files can be used.", failed)
        return Report(
            about,
            tables=tuple(table for part in parts for table in part.tables),
            items=tuple(item for part in parts for item in part.items),
            curves=tuple(curve for part in parts for curve in part.curves),
            notes=tuple(self.notes),
            failed=tuple(line for part in parts for line in part.failed),
            costs=self.costs.seconds(),
        )

    def pictures(self, paths: Sequence[Path], root: Path, models: Sequence[Model]) -> None:
        """Colour pictures and score them."""
        # First the judge: where it is not installed, nobody should wait to hear that.
        looking = judges(self.device, self.settings.threads)
        self.data["pictures"] = fingerprint(paths, root)
        samples, failed = load_samples(paths, root, self.settings)
        if not samples:
            self._outcomes.append(Outcome(failed=failed))
            return
        bench = self._bench(samples, looking)
        shown = models[0].name if models else MEAN_BY_LUMA
        kept: list[Picture] = []

        def keep(row: str, results: list[Picture]) -> None:
            self.say(f"pictures: {row}")
            if row == shown:
                kept.extend(results)

        outcome, scores = score_pictures(bench, models, self.settings, keep)
        outcome.failed += failed
        self._outcomes.append(outcome)
        self._show(bench, kept, scores, shown)

    def _show(
        self, bench: Bench, results: list[Picture], scores: Sequence[PictureScores], row: str
    ) -> None:
        if not results:
            return
        rows = {score.row: score for score in scores}
        self.exhibits.shown = row
        self.exhibits.sheets = picture_sheets(bench.samples, results, rows, row)

    def clips(self, paths: Sequence[Path], root: Path, models: Sequence[Model]) -> None:
        """Colour clips and score them."""
        self.data["clips"] = fingerprint(paths, root)
        results: list[ClipResult] = []
        failed: list[str] = []
        weights: dict[str, str] = {}
        for path in paths:
            self.say(f"clip: {path.name}")
            strips = [Strip(best_clip_row(one, models), one.name) for one in models]
            try:
                given = self._given(path)
                colorings = clip_rows(models, given, self.settings.side)
                for strip in strips:
                    colorings = strip.along(colorings)
                scored = evaluate_clips(
                    [path],
                    colorings,
                    self.settings.frames,
                    self.costs,
                    self.settings.jobs,
                    self.settings.preparation.degrade,
                )
                times = start_times(path, STRIP_LENGTH)
            except InputError as error:
                failed.append(error.sentence)
                continue
            name, category = place_of(path, root)
            results.append(replace(scored[0], name=name, category=category))
            self.exhibits.strips[name] = [strip.stills(name, times) for strip in strips]
            weights |= clip_weights(models, given)
        self._add_clips(results, failed, weights)

    def _given(self, path: Path) -> list[Given]:
        settings = self.settings
        degrade = settings.preparation.degrade
        dots = [count for count in settings.hints if count]
        seed = zlib.crc32(f"dots/{path.stem}".encode())
        read = partial(read_shown, path, settings.frames, degrade)
        return all_given(read, settings.stills, dots, seed)

    def _add_clips(
        self, results: list[ClipResult], failed: list[str], weights: Mapping[str, str]
    ) -> None:
        if not results:
            self._outcomes.append(Outcome(failed=failed))
            return
        self._outcomes.append(clip_outcome(results, failed, weights))
        self.exhibits.clips = results

    def _bench(self, samples: Sequence[Sample], looking: Sequence[Judge]) -> Bench:
        lpips = installed_lpips(self.device)
        return Bench(samples, looking, self.settings.jobs, self.costs, lpips)

    def picture_pairs(self, found: paired.Pairs, root: Path) -> None:
        """Score pictures that were made elsewhere."""
        looking = judges(self.device, self.settings.threads)
        self.data["pictures"] = fingerprint([truth for _, truth in found.pairs], root)
        samples, results, failed = paired.load_pairs(found.pairs, root)
        if not samples:
            self._outcomes.append(Outcome(failed=failed))
            return
        bench = self._bench(samples, looking)
        scores = paired.score_pairs(bench, results, self.settings.side)
        outcome = tabulate(bench, scores, paired.RESULT)
        outcome.failed += failed
        self._outcomes.append(outcome)
        self._show(bench, results, scores, paired.RESULT)

    def clip_pairs(self, found: paired.Pairs, root: Path) -> None:
        """Score clips that were made elsewhere."""
        self.data["clips"] = fingerprint([truth for _, truth in found.pairs], root)
        results, failed = [], []
        for result, truth in found.pairs:
            self.say(f"clip: {result.name}")
            try:
                scored, notes = paired.score_clip_pair(
                    result, truth, self.settings.frames, self.costs, self.settings.jobs
                )
            except InputError as error:
                failed.append(error.sentence)
                continue
            name, category = place_of(truth, root)
            results.append(replace(scored, name=name, category=category))
            self.notes += notes
        self.notes.append("No flicker share: there is no per-frame colour beside a finished clip.")
        self._add_clips(results, failed, {})


def judge_folder(
    data: Data, models: Sequence[Model], settings: Settings, device: str, say: Say
) -> tuple[Report, Exhibits]:
    """Colour all pictures and clips of a folder by every row and score them.

    Raises:
        InputError: there is nothing that can be read.
        ModelError: the judge is not installed.
    """
    session = Session(settings, device, say)
    session.notes += data.notes
    if data.pictures:
        session.pictures(settings.chosen(data.pictures), data.root, models)
    if data.clips:
        session.clips(data.clips[: settings.limit], data.root, models)
    return session.report(), session.exhibits


def judge_pairs(
    results: Path, truths: Path, settings: Settings, device: str, say: Say
) -> tuple[Report, Exhibits]:
    """Score results made elsewhere.

    Raises:
        InputError: there is no pair, or none that can be used.
    """
    session = Session(settings, device, say)
    found = paired.match_all(results, truths)
    if found.pictures.pairs:
        session.picture_pairs(found.pictures, truths)
    if found.clips.pairs:
        session.clip_pairs(found.clips, truths)
    session.notes += [*found.notes, *found.pictures.missing, *found.clips.missing]
    return session.report(), session.exhibits


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


def place_of(path: Path, root: Path) -> tuple[str, str]:
    """A clip's path in the data's folder without suffix, and the folder in it where it lies."""
    inside = path.relative_to(root) if path != root else Path(path.name)
    return inside.with_suffix("").as_posix(), inside.parts[0] if len(inside.parts) > 1 else ""
