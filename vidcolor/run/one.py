"""One file, film or photograph, from its name to its output: what every command shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from vidcolor.direct.prepare import Request, prepare
from vidcolor.errors import OutputError, UsageError
from vidcolor.machine import cores
from vidcolor.media.clip import ClipInfo
from vidcolor.media.frame_file import is_of_pictures
from vidcolor.media.frames import clip_of
from vidcolor.media.picture import check_picture_output
from vidcolor.media.probe import kind_of
from vidcolor.media.sequence import check_rate
from vidcolor.network import registry
from vidcolor.run import picture_files, pictures
from vidcolor.run.changes import check_changes
from vidcolor.run.executor import Executor
from vidcolor.run.exhibit import Exhibit
from vidcolor.run.film import Film, clock
from vidcolor.run.folder import is_joined
from vidcolor.run.identity import identify
from vidcolor.run.job import JobFolder, Told, run_job
from vidcolor.run.plan import Plan, make_plan, tag_of
from vidcolor.run.said import Said, became_of
from vidcolor.run.settings import ColorizeSettings
from vidcolor.run.shots import find_shot
from vidcolor.run.still import StillSettings, colorize_picture


@dataclass(frozen=True)
class Task:
    """One file to be coloured.

    Attributes:
        source: a film or a photograph.
        output: the file to be made.
        settings: what the user asked for.
        overwrite: whether a file at `output` is replaced.
        restart: whether an unfinished job with other settings is thrown away.
        keep_job: whether the job's folder stays.
        request: stills and hints.
        page: of a TIFF, from 1 on; None for all that the output holds.
    """

    source: Path
    output: Path
    settings: ColorizeSettings
    overwrite: bool = False
    restart: bool = False
    keep_job: bool = False
    request: Request = field(default_factory=Request)
    page: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        frames: of the film, 1 for a photograph.
        device: device, backend and precision.
        model: name or path.
        resumed: frames that an earlier run had made.
        encoder: FFmpeg's name of it; "" for a photograph.
        stages: seconds by stage; they overlap.
        notes: all sentences that a person should know, in the order they were told.
        said: what became of each still and hint of a film.
    """

    frames: int
    device: str
    model: str
    resumed: int = 0
    encoder: str = ""
    stages: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()


class Listener(Protocol):
    """Who is told how it goes."""

    def opened(self, device: str, model: str, size: str) -> None:
        """All is checked, the work begins; `size` is what the network sees, in words."""

    def planned(self, plan: Plan) -> None:
        """What is to be done with a film."""

    def note(self, sentence: str) -> None:
        """Something a person should know."""

    def begun(self, frames: int, standing: int) -> None:
        """A film of so many frames is being worked on; so many an earlier run had made."""

    def progress(self, frames: float, limit: str) -> None:
        """So many more frames are done; `limit` is as in `Told.progress`.

        Called from more than one thread, one call at a time.
        """

    def kept(self, frames: int) -> None:
        """So many frames of the film an interruption would leave."""


class _Heard:
    """A listener who is told everything, and whose notes are kept."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.notes: list[str] = []
        self.opened, self.planned = listener.opened, listener.planned
        self.begun, self.progress, self.kept = listener.begun, listener.progress, listener.kept

    def note(self, sentence: str) -> None:
        """Something a person should know."""
        self.notes.append(sentence)
        self._listener.note(sentence)


def colorize_file(
    task: Task, load: Callable[[], Executor], listener: Listener, exhibit: Exhibit | None = None
) -> Outcome:
    """Colour one file.

    Args:
        task: what is to be done.
        load: gives what colours, once all that can be checked without it is.
        listener: told how it goes.
        exhibit: where the file is to be shown before and after.

    Raises:
        VidcolorError: whatever a user can understand and mend.
    """
    kind = kind_of(task.source)
    if kind == "picture":
        check_rate(task.source, task.settings.frame_rate)
    left = is_joined(task.output) and not task.restart
    pictures.check_output(task.source, task.output, task.overwrite or left)
    if kind == "picture" and is_of_pictures(task.output):
        raise OutputError(
            f"{task.source} is one picture, and {task.output} are many.",
            "Give one name, or a sequence such as 'scan/frame_%05d.png' as the source.",
        )
    heard = _Heard(listener)
    outcome = (_photograph if kind == "picture" else _film)(task, load, heard, exhibit)
    return replace(outcome, notes=tuple(heard.notes))


def _photograph(
    task: Task, load: Callable[[], Executor], listener: Listener, exhibit: Exhibit | None
) -> Outcome:
    settings = task.settings
    check_picture_output(task.output)
    executor = load()
    model = registry.find_model(settings.model)
    info = registry.load_info(model)
    chosen = settings.for_model(info, info.still_size)
    note = tag_of(chosen, registry.verified_hash(model)) if settings.tag else None
    listener.opened(executor.description, settings.model, f"short side {chosen.render_size}")
    _tell(settings.of_films_alone(), listener)
    if task.request.per_shot:
        listener.note("`per_shot` means nothing for a photograph")
    size, saturation, kept = chosen.render_size, chosen.saturation, chosen.keeps_own
    wanted = StillSettings(size, saturation, note, task.page, kept)
    request = replace(task.request, per_shot=None)
    said = colorize_picture(task.source, task.output, executor, wanted, request, exhibit)
    _tell(said, listener)
    return Outcome(1, executor.description, settings.model)


def _tell(sentences: Iterable[str], listener: Listener) -> None:
    for sentence in sentences:
        listener.note(sentence)


def _film(
    task: Task, load: Callable[[], Executor], listener: Listener, exhibit: Exhibit | None
) -> Outcome:
    if task.page is not None:
        raise UsageError(f"{task.source} is a film, and has no pages.", "Leave `page` out.")
    plan = film_plan(task)
    if exhibit:
        exhibit.film(plan.clip)
    if plan.encoder.pictures:
        left = is_joined(task.output) and not task.restart
        picture_files.check(plan, task.overwrite or left)
    if task.request:
        plan = replace(plan, direction=prepare(task.request, plan.film))
    executor = load()
    height, width = plan.film.working_shape
    listener.opened(executor.description, plan.settings.model, f"{width}x{height}")
    _tell(plan.notes, listener)
    listener.planned(plan)
    _tell(plan.direction.notes, listener)
    own: list[range] = []

    def in_color(frames: range) -> None:
        if not own and not plan.settings.keeps_own:
            listener.note(_replaced(plan, frames))
        own.append(frames)

    with JobFolder(plan, executor.description, task.restart) as folder:
        _tell(_found(folder, plan), listener)
        listener.begun(plan.count, sum(part.count for part in folder.standing().done))
        told = Told(listener.progress, in_color, listener.kept)
        done = run_job(plan, executor, folder, told, task.keep_job)
    if own and plan.settings.keeps_own:
        listener.note(f"{sum(map(len, own))} frames were in colour already and stay as they were")
    if done.damaged:
        listener.note(_stood_in(done.damaged))
    _tell(done.notes, listener)
    asked = 0.0 if plan.direction.hints else plan.settings.saturation
    _tell(done.tally.notes(asked, plan.clip.pixel_format), listener)
    return Outcome(
        frames=done.frames,
        device=executor.description,
        model=plan.settings.model,
        resumed=done.resumed,
        encoder=plan.encoder.codec,
        stages={name: round(spent, 3) for name, spent in sorted(done.timings.seconds.items())},
        said=became_of(plan, done.segments),
    )


def film_plan(task: Task) -> Plan:
    """What is to be done with a film, without the stills and hints.

    Raises:
        VidcolorError: as `make_plan`, `probe` and `find_shot`.
    """
    source = identify(task.source)
    threads = task.settings.threads or cores()
    clip = clip_of(task.source, task.settings.reading)
    settings = task.settings
    frames = None if settings.shot is None else find_shot(_whole(clip, settings), settings.shot)
    return make_plan(clip, task.output, settings, threads, source, frames)


def _whole(clip: ClipInfo, settings: ColorizeSettings) -> Film:
    """All of a film as the network sees it."""
    check_changes(clip, 0, clip.frame_count)
    chosen = settings.for_model(registry.load_info(registry.find_model(settings.model)))
    return Film.whole(clip, chosen.render_size, chosen.threads)


def _replaced(plan: Plan, frames: range) -> str:
    """What is said where film that is in colour is coloured anew."""
    return (
        f"the film is in colour at {clock(plan.clip.seconds_at(frames.start))}, and gets other"
        " colour; `input_chroma=keep-if-colored` leaves such shots as they are"
    )


def _stood_in(damaged: int) -> str:
    """What is said of frames that could not be decoded."""
    if damaged == 1:
        return "1 frame was damaged; the one before stands in"
    return f"{damaged} frames were damaged; the ones before stand in"


def _segments(count: int) -> str:
    return f"{count} segment{'s' * (count != 1)}"


def _found(folder: JobFolder, plan: Plan) -> list[str]:
    """What an earlier run left, in words."""
    words = []
    if folder.taken_from:
        words.append(f"the job of {folder.taken_from}, which is gone, is taken over")
    if not folder.is_guarded:
        words.append(
            f"the disk of {folder.path.parent} knows no locks, so a second run of this job may not"
            " be noticed; begin none"
        )
    standing = folder.standing()
    parts = standing.done
    if folder.film_is_out():
        pictures_left = "an earlier run had made all pictures; what lacks its name gets it now"
        film_left = "an earlier run had finished the film; only its job was left to clear away"
        words.append(pictures_left if plan.encoder.pictures else film_left)
    elif parts:
        frames = sum(part.count for part in parts)
        words.append(
            f"going on with an earlier run: {_segments(len(parts))} found,"
            f" {frames} of {plan.count} frames"
        )
    if standing.outdated:
        words.append(
            f"other stills, hints or looks reach {_segments(standing.outdated)}: coloured anew"
        )
    return words
