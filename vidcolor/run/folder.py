"""The folder beside the output that holds finished segments until the film is joined.

    OUT.mp4.vidcolor/
      lock                         who works here
      plan.json                    all that the packets depend on
      000000000-000720.cut         how a segment is cut,
      000000000-000720.mp4         the segment,
      000000000-000720.tail.npy    what it saw of the next one's first frames,
      000000000-000720.json        and the record that makes it count as finished
      film.mp4, film.json          the joined film on its way to its name
      motion/                      of a job that is kept, what was estimated of directed shots

Where frames become pictures a segment is a folder of them, `.frames`, and film.json says that all
are there and on their way to their names.

Every file is written under another name, flushed and renamed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vidcolor.errors import InputError, OutputError
from vidcolor.files import finished_file, remove, size_of, with_ending, write_error, write_text
from vidcolor.media.frame_file import is_of_pictures
from vidcolor.run.lock import Holder, Lock
from vidcolor.run.plan import Plan
from vidcolor.run.segment import Segment, beginnings
from vidcolor.steady.kept import KeptMotion
from vidcolor.steady.people import Reach

LAYOUT = 5
"""Of this folder; counted up when its files change their meaning, or segments are cut otherwise."""
LOCK, PLAN, FILM, MOTION = "lock", "plan.json", "film.json", "motion"
_NAMED_DIFFERENCES = 3

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Record:
    """A segment: how it is cut and, once it is finished, what it was made with.

    Attributes:
        first: index of its first frame in the clip.
        count: how many frames it has.
        shared: how many of its last frames the next segment sees too.
        size: of its file, in bytes; -1 before it is finished.
        lead: frames before its first that it saw.
        tail: frames behind its last that it saw.
        cuts: as those of `Segment`.
        direction: digest of the stills and hints that reached it, "" if none did.
        look: digest of how its shots were to look, "" where that is as the film.
        damaged: how many of its frames could not be decoded, so that others stand in.
        reached: how far dots on its frames reach.
    """

    first: int
    count: int
    shared: int
    size: int = -1
    lead: int = 0
    tail: int = 0
    cuts: tuple[int, ...] = ()
    direction: str = ""
    look: str = ""
    damaged: int = 0
    reached: tuple[Reach, ...] = ()

    @property
    def stop(self) -> int:
        """Index of the frame behind its last."""
        return self.first + self.count

    def beginnings(self) -> list[int]:
        """As those of `Segment`."""
        return beginnings(self.first, self.count, self.lead, self.cuts)

    @classmethod
    def of(cls, segment: Segment) -> Record:
        """How a segment is cut."""
        s = segment
        return cls(s.first, s.count, s.shared, lead=s.lead, tail=s.tail, cuts=s.cuts)


@dataclass(frozen=True)
class Gap:
    """Frames that are to be coloured.

    Attributes:
        first: index of the first.
        stop: of that behind the last.
        before: the record of the finished segment before.
        known: segments that an earlier run cut of them, from the first on, with the direction they
            will have.
    """

    first: int
    stop: int
    before: Record | None
    known: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Standing:
    """How far a job is.

    Attributes:
        done: records of segments that stand, rising.
        gaps: what is to be done, rising; no two touch.
        outdated: how many segments of an earlier run other stills or hints reach now.
    """

    done: tuple[Record, ...]
    gaps: tuple[Gap, ...]
    outdated: int = 0


@dataclass(frozen=True)
class _Film:
    """A joined film, as its file is known before and after it gets its name."""

    size: int
    mtime_ns: int
    direction: str = ""

    @classmethod
    def of(cls, path: Path, direction: str = "") -> _Film:
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, direction)


def job_folder(output: Path) -> Path:
    """Where the job of an output is or will be."""
    return with_ending(output, ".vidcolor", output.name)


def is_joined(output: Path) -> bool:
    """Whether `output` is the complete film of a job that was stopped just before its end."""
    return _joined(output) is not None


def _joined(output: Path) -> _Film | None:
    try:
        stored = _Film(**json.loads((job_folder(output) / FILM).read_text()))
        # Pictures of a job that had all of them get their names by its next run.
        whole = is_of_pictures(output) or stored == _Film.of(output, stored.direction)
        return stored if whole else None
    except (OSError, ValueError, TypeError):
        return None


def records_in(folder: Path, suffix: str = "") -> list[Record]:
    """Records of finished segments in a job's folder, which is only looked at.

    Args:
        folder: need not be there.
        suffix: of the segments' files, whose sizes are checked; "" takes the records' word.
    """
    found = []
    for path in sorted(folder.glob("[0-9]*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            record = _read(path)
            whole = not suffix or size_of(path.with_suffix(suffix)) == record.size
            if whole and (not record.shared or path.with_suffix(".tail.npy").exists()):
                found.append(record)
    return found


def _read(path: Path) -> Record:
    held = json.loads(path.read_text())
    reached = tuple(Reach(**one) for one in held["reached"])
    return Record(**{**held, "cuts": tuple(held["cuts"]), "reached": reached})


def check_job(plan: Plan, folder: Path) -> None:
    """Refuse a job that a plan cannot go on with, without touching it; on any machine.

    Raises:
        OutputError, InputError: as `JobFolder`.
    """
    _refuse_foreign(folder)
    stored = _stored_plan(folder)
    if stored is not None:
        fingerprint = _as_stored(plan, str(stored.get("machine")))
        if stored != fingerprint:
            raise _other_job(folder, stored, fingerprint)


class JobFolder:
    """The job of one film, this process's alone until `finish`, `leave` or `release`.

    Attributes:
        path: the folder.

    Args:
        plan: what is to be done.
        machine: device, backend and precision.
        restart: whether what an earlier run left is thrown away.

    Raises:
        OutputError: another process works on it, it holds a job with other settings or of another
            version, it is something else, or it cannot be made.
        InputError: it holds a job of another source.
    """

    def __init__(self, plan: Plan, machine: str, restart: bool = False) -> None:
        self.path = job_folder(plan.output)
        self._plan = plan
        self._output = plan.output
        self._suffix = plan.segment_suffix
        _refuse_foreign(self.path)
        self._made_folder = plan.encoder.pictures and _make(plan.output.parent)
        self._lock = Lock(self.path / LOCK, "job")
        had_plan = (self.path / PLAN).exists()
        try:
            self._enter(plan, machine, restart)
        except BaseException:
            self._let_go(keep=had_plan)
            raise

    def __enter__(self) -> JobFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def _enter(self, plan: Plan, machine: str, restart: bool) -> None:
        fingerprint = _as_stored(plan, machine)
        if restart:
            self._empty()
        self._remove_unfinished()
        stored = _stored_plan(self.path)
        if stored is None:
            write_text(self.path / PLAN, json.dumps(fingerprint, indent=2))
        elif stored != fingerprint:
            raise _other_job(self.path, stored, fingerprint)
        self._forget_unreachable()

    @property
    def taken_from(self) -> Holder | None:
        """The dead process whose lock was taken over."""
        return self._lock.taken_from

    @property
    def is_held(self) -> bool:
        """Whether it is this run's still: neither finished nor left."""
        return self._lock.held

    @property
    def is_guarded(self) -> bool:
        """Whether the disk knows locks, so that no second run can begin here."""
        return self._lock.is_guarded

    def motion(self, spare: int) -> KeptMotion:
        """What keeps motion between runs, where the disk has more room than `spare` bytes."""
        return KeptMotion(self.path / MOTION, self._plan.settings.steady.flow, spare)

    def standing(self) -> Standing:
        """What of the plan is done, and what is to be done or done again."""
        plan = self._plan
        finished = {record.first: record for record in self._records()}
        done: list[Record] = []
        gaps: list[Gap] = []
        outdated = 0
        before: Record | None = None
        for cut in self._chain():
            record = finished.get(cut.first, cut)
            wanted = self.direction_of(record, before)
            same = (record.direction, record.look) == (wanted, self._look_of(record))
            if cut.first in finished and same:
                done.append(record)
            else:
                record = replace(cut, direction=wanted)
                _widen(gaps, record.first, record.stop, before, (record,))
                outdated += cut.first in finished
            before = record
        place, end = before.stop if before else plan.first, plan.first + plan.count
        if place < end:
            _widen(gaps, place, end, before)
        return Standing(tuple(done), tuple(gaps), outdated)

    def _chain(self) -> Iterator[Record]:
        """Segments as they were cut, from the first frame on, as far as that is known."""
        cut = {}
        for path in self.path.glob("[0-9]*.cut"):
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                record = _read(path)
                cut[record.first] = record
        place = self._plan.first
        while place in cut:
            yield cut[place]
            place = cut[place].stop

    def direction_of(self, part: Segment | Record, before: Record | None) -> str:
        """Digest of the stills and hints that reach a segment, behind the one before it."""
        handed = before.direction if before is not None and part.lead else ""
        return self._plan.direction.digest(*_seen(part), handed)

    def _look_of(self, part: Segment | Record) -> str:
        return self._plan.direction.looks.digest(*_seen(part))

    def segment(self, part: Segment | Record) -> Path:
        """Where a segment's file is or will be."""
        return self.path / f"{part.first:09d}-{part.count:06d}{self._suffix}"

    def cut_segment(self, segment: Segment) -> None:
        """Note how a segment is cut."""
        self._write_record(Record.of(segment), ".cut")

    def open_segment(self, part: Segment | Record) -> None:
        """Count a segment as not finished, before its file and tail are written anew."""
        self.segment(part).with_suffix(".json").unlink(missing_ok=True)

    def close_segment(
        self,
        segment: Segment,
        direction: str = "",
        damaged: int = 0,
        reached: tuple[Reach, ...] = (),
    ) -> Record:
        """Count a segment as finished whose file and tail are in place."""
        size = size_of(self.segment(segment))
        cut = Record.of(segment)
        record = replace(
            cut,
            size=size,
            direction=direction,
            look=self._look_of(cut),
            damaged=damaged,
            reached=reached,
        )
        self._write_record(record, ".json")
        return record

    def _write_record(self, record: Record, suffix: str) -> None:
        path = self.segment(record).with_suffix(suffix)
        write_text(path, json.dumps(asdict(record)))

    def save_tail(self, segment: Segment, chroma: FloatArray) -> None:
        """Keep what a segment found for the next one's first frames, before it counts as done."""
        if len(chroma):
            with finished_file(self._tail(segment)) as temporary, temporary.open("wb") as stream:
                np.save(stream, chroma)

    def load_tail(self, part: Record) -> FloatArray | None:
        """What `save_tail` kept, None where there was nothing to keep."""
        path = self._tail(part)
        return np.asarray(np.load(path), np.float32) if part.shared else None

    def _tail(self, part: Segment | Record) -> Path:
        return self.segment(part).with_suffix(".tail.npy")

    @property
    def film(self) -> Path:
        """Where the joined film waits for its name; its suffix is the output's."""
        return self.path / f"film{self._output.suffix}"

    def publish_film(self) -> None:
        """Give the joined film its name.

        What it is is written down first, so that a run that dies in between is seen to be done.
        """
        said = self._plan.direction.whole
        pictures = self._plan.encoder.pictures
        film = _Film(0, 0, said) if pictures else _Film.of(self.film, said)
        write_text(self.path / FILM, json.dumps(asdict(film)))
        self.put_out()

    def put_out(self) -> None:
        """Give the joined film its name, or all pictures that have not got theirs yet."""
        for made, target in self._made():
            try:
                made.replace(target)
            except OSError as error:
                raise OutputError(
                    f"{target} could not be put in place ({error.strerror}).",
                    "Close what has it open, then run the command again.",
                ) from error

    def _made(self) -> list[tuple[Path, Path]]:
        """What waits for its name, with that name."""
        if not self._plan.encoder.pictures:
            return [(self.film, self._output)] if self.film.exists() else []
        segments = (self.segment(record) for record in self._chain())
        waiting = [path for segment in segments for path in sorted(segment.glob("*"))]
        return [(path, self._output.with_name(path.name)) for path in waiting]

    def film_is_out(self) -> bool:
        """Whether an earlier run put this very film in its place and was stopped then."""
        film = _joined(self._output)
        return film is not None and film.direction == self._plan.direction.whole

    def finish(self, keep: bool = False) -> None:
        """Let go of the folder of a job that is done and, unless it is to be kept, take it away."""
        if keep and self._plan.encoder.pictures:
            (self.path / FILM).unlink(missing_ok=True)  # the pictures are not here any more
        self._let_go(keep)

    def leave(self) -> None:
        """Let go of the folder; where no segment is finished there is nothing to keep of it."""
        if self.is_held:
            self._let_go(keep=(self.path / FILM).exists() or any(self._records()))

    def _let_go(self, keep: bool) -> None:
        if not keep:
            self._empty()
        self.release()
        if not keep:
            with contextlib.suppress(OSError):
                self.path.rmdir()
                if self._made_folder:
                    self._output.parent.rmdir()  # if it is empty: it was made for nothing

    def release(self) -> None:
        """Let others at the folder."""
        self._lock.release()

    def _records(self) -> list[Record]:
        return records_in(self.path, self._suffix)

    def _empty(self) -> None:
        """Remove all but the lock; what says that the film is done goes last."""
        last = (LOCK, FILM, PLAN)
        for path in self.path.iterdir():
            if path.name not in last:
                remove(path)
        for name in last[1:]:
            (self.path / name).unlink(missing_ok=True)

    def _remove_unfinished(self) -> None:
        """Files of a run that was killed; only the lock's holder writes here."""
        for path in self.path.glob(".*.part*"):
            remove(path)

    def _forget_unreachable(self) -> None:
        """Remove what lies behind a cut that is damaged: it may be cut otherwise now."""
        known = {self.segment(record).stem for record in self._chain()}
        for path in (*self.path.glob("[0-9]*.cut"), *self.path.glob("[0-9]*.json")):
            if path.stem not in known:
                path.unlink()


def _widen(
    gaps: list[Gap], first: int, stop: int, before: Record | None, known: tuple[Record, ...] = ()
) -> None:
    """Add frames to the last gap, or as one of their own where that does not reach them."""
    if gaps and gaps[-1].stop == first:
        last = gaps[-1]
        gaps[-1] = replace(last, stop=stop, known=(*last.known, *known))
    else:
        gaps.append(Gap(first, stop, before, known))


def _make(folder: Path) -> bool:
    """Make a folder; False where it is there already."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    except OSError as error:
        raise write_error(folder, error) from error
    return True


def _refuse_foreign(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if folder.is_file() or (names and not names & {LOCK, PLAN}):
        raise OutputError(
            f"{folder} is in the way of the job's folder, and is none.",
            "Move it, or choose another output.",
        )


def _as_stored(plan: Plan, machine: str) -> dict[str, object]:
    stored = json.dumps({"layout": LAYOUT, **plan.fingerprint(machine)})
    return dict(json.loads(stored))


def _stored_plan(folder: Path) -> dict[str, object] | None:
    path = folder / PLAN
    if not path.exists():
        return None
    try:
        stored = json.loads(path.read_text())
    except (OSError, ValueError):
        stored = None
    if not isinstance(stored, dict):
        raise OutputError(f"{path} cannot be read.", "Give `restart` to begin anew.")
    return stored


def _other_job(
    folder: Path, stored: Mapping[str, object], wanted: Mapping[str, object]
) -> OutputError | InputError:
    """Say what differs between a stored plan and the wanted one."""
    before, now = _flat(stored), _flat(wanted)
    if stored.get("layout") != LAYOUT or before.get("version") != now["version"]:
        version = before.get("version", "another version")
        version = version if version != now["version"] else f"{version} of another build"
        return OutputError(
            f"{folder} holds an unfinished job of vidcolor {version}; this is {now['version']}.",
            "Give `restart` to begin anew, or finish it with that version.",
        )
    if stored.get("source") != wanted["source"]:
        return InputError(
            f"The source has changed since the unfinished job in {folder} began.",
            "Give `restart` to begin anew, or put the source back as it was.",
        )
    changed = [key for key in sorted(before | now) if before.get(key) != now.get(key)]
    words = [f"{key} {before.get(key)}, now {now.get(key)}" for key in changed]
    more = f" and {len(words) - _NAMED_DIFFERENCES} more" * (len(words) > _NAMED_DIFFERENCES)
    return OutputError(
        f"{folder} holds an unfinished job with other settings"
        f" ({'; '.join(words[:_NAMED_DIFFERENCES])}{more}).",
        "Give `restart` to begin anew, or the options of that job to go on with it.",
    )


def _seen(part: Segment | Record) -> tuple[int, int]:
    """Frames that a segment sees: the first, and that behind the last."""
    return part.first - part.lead, part.first + part.count + part.tail


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested mappings as one, keys joined by dots."""
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
