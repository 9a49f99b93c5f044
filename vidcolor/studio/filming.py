"""The button: a film or photograph coloured into a file as its studio has it."""

from __future__ import annotations

import inspect
import os
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vidcolor.colorizer import Colorizer
from vidcolor.errors import Cancelled, OutputError, UsageError, VidcolorError
from vidcolor.files import check_length
from vidcolor.media.suffixes import CONTAINERS, PICTURE_WRITERS
from vidcolor.run.one import Outcome
from vidcolor.studio.store import Look, Store

CODECS = ("", "libx264", "libx265", "libsvtav1", "libvpx-vp9", "ffv1")
"""What the page offers; "" leaves it to the program."""
RECORD = "film"
"""What is kept of the latest film in the studio's settings."""
_TOLD_EVERY_S = 0.3
_RATED_AFTER_S = 2.0
_CLOSING_S = 20.0


@dataclass(frozen=True)
class Order:
    """What is to be made.

    Attributes:
        name: of the file, beside the source or in the studio's folder.
        beside: whether it goes beside the source.
        codec: of `CODECS`.
        crf: constant quality, None for the encoder's usual.
        overwrite: whether a file that somebody else made there is replaced.
        subfolder: of that place, "" for itself; never from the page.
    """

    name: str
    beside: bool = True
    codec: str = ""
    crf: int | None = None
    overwrite: bool = False
    subfolder: str = ""

    @classmethod
    def read(cls, given: Any, is_film: bool) -> Order:
        """An order as the page sends it.

        Raises:
            UsageError: it is none, or its name is none of a file in the folder.
        """
        if not isinstance(given, dict):
            raise UsageError("This is no order.", "Load the page again.")
        name = given.get("name")
        if not isinstance(name, str) or not name.strip() or not _is_plain(name):
            raise UsageError(
                "The output's name cannot be used.", "Give a file's name without a folder."
            )
        known = CONTAINERS if is_film else tuple(PICTURE_WRITERS)
        if Path(name).suffix.lower() not in known:
            raise UsageError(
                f"{name} names no format that can be written.", f"End it with {', '.join(known)}."
            )
        crf = given.get("crf")
        if given.get("codec", "") not in CODECS or not (
            crf is None or (isinstance(crf, int) and 0 <= crf <= 63)
        ):
            raise UsageError("Codec or quality cannot be used.", "Choose from the list.")
        return cls(
            name,
            given.get("beside", True) is True,
            given.get("codec", ""),
            crf,
            given.get("overwrite") is True,
        )


def _is_plain(name: str) -> bool:
    """Whether a name is that of a file, no way to another folder, and shown."""
    odd = any(ord(letter) < 32 or letter in '/\\:*?"<>|' for letter in name)
    return not odd and not name.startswith((".", "~", "-")) and name == os.path.basename(name)  # noqa: PTH119


@dataclass(frozen=True)
class Work:
    """One file to be made.

    Attributes:
        source: the film or photograph.
        is_film: which of the two.
        store: what was said of it.
        colorizer: whose network colours.
        order: what is to be made.
        digests: gives what reaches each shot, to be kept with what was made.
    """

    source: Path
    is_film: bool
    store: Store
    colorizer: Colorizer
    order: Order
    digests: Callable[[], dict[str, str]]

    @property
    def output(self) -> Path:
        """Where it goes."""
        folder = self.source.absolute().parent if self.order.beside else self.store.folder
        return folder / self.order.subfolder / self.order.name


class Filming:
    """One film at a time is coloured; how far it is goes to `tell`.

    Args:
        tell: given messages.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._thread: threading.Thread | None = None
        self._going = threading.Event()
        self._going.set()
        self._cancelled = threading.Event()
        self._began = 0.0
        self._first: float | None = None
        self.state: dict[str, Any] = {"state": "idle"}

    @property
    def busy(self) -> bool:
        """Whether a film is being made."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, work: Work, ended: Callable[[], None]) -> None:
        """Begin a film, or go on with it.

        Args:
            work: what.
            ended: called when it has ended in whatever way.

        Raises:
            UsageError: another one is being made.
            OutputError: somebody else's file is there.
        """
        if self.busy:
            raise UsageError("A film is being coloured.", "Wait, or cancel it.")
        check_length(work.output)
        record = work.store.setting(RECORD) or {}
        own = record.get("output") == str(work.output)
        if work.output.exists() and not own and not work.order.overwrite:
            raise OutputError(
                f"{work.output} exists already.", "Give another name, or allow replacing it."
            )
        self._cancelled.clear()
        self._going.set()
        self._thread = threading.Thread(target=self._run, args=(work, own, ended), daemon=True)
        self._show(work, state="running", done=0, frames=0, left_s=None)
        self._thread.start()

    def pause(self) -> None:
        """Hold it where it is."""
        self._going.clear()
        self._note(state="paused")

    def go_on(self) -> None:
        """End a pause."""
        self._going.set()
        self._note(state="running")

    def cancel(self) -> None:
        """Stop it; what is finished of it is kept for another start."""
        self._cancelled.set()
        self._going.set()

    def close(self) -> None:
        """Stop it and wait for that."""
        self.cancel()
        if self._thread:
            self._thread.join(_CLOSING_S)

    def _run(self, work: Work, own: bool, ended: Callable[[], None]) -> None:
        self._began, self._first = time.monotonic(), None
        digests = work.digests()
        look, order = work.store.look, asdict(work.order)
        before = work.store.setting(RECORD) or {}
        same = before.get("look") == asdict(look) and before.get("order") == order
        record = {
            "state": "running",
            "output": str(work.output),
            "look": asdict(look),
            "order": order,
            "digests": before.get("digests", {}) if own else {},
        }
        work.store.set(RECORD, record)
        try:
            outcome = self._make(work, look, restart=own and not same)
        except Cancelled:
            self._keep(work, record | {"state": "cancelled"})
        except VidcolorError as error:
            words = f"{error.sentence} {error.remedy}"
            self._keep(work, record | {"state": "failed", "problem": words})
        except Exception as error:  # whatever it is, the person is to see it
            self._keep(work, record | {"state": "failed", "problem": f"A defect: {error!r}."})
        else:
            made = {"state": "done", "digests": digests, "notes": list(outcome.notes)}
            self._keep(work, record | made | {"resumed": outcome.resumed})
        finally:
            ended()

    def _make(self, work: Work, look: Look, restart: bool) -> Outcome:
        told = time.monotonic()

        def progress(done: float, frames: int) -> bool:
            nonlocal told
            self._going.wait()
            now = time.monotonic()
            if self._first is None:
                self._first, self._began = done, now
            if now - told > _TOLD_EVERY_S:
                told = now
                self._note(done=round(done), frames=frames, left_s=self._left(done, frames))
            return not self._cancelled.is_set()

        options: dict[str, Any] = {}
        if work.is_film:
            options = {
                "codec": work.order.codec or None,
                "crf": work.order.crf,
                "steady": float(look.steady),
                "input_chroma": "keep-if-colored" if look.keep_colored else "discard",
                "keep_job": True,
                "restart": restart,
            }
        colorizer = work.colorizer.tuned(saturation=look.saturation, vividness=look.vividness)
        return colorizer.film(
            work.source,
            work.output,
            progress=progress,
            overwrite=True,
            **work.store.said(),
            **options,
        )

    def _left(self, done: float, frames: int) -> float | None:
        spent = time.monotonic() - self._began
        gained = done - (self._first or 0.0)
        if spent < _RATED_AFTER_S or gained <= 0:
            return None
        return round((frames - done) * spent / gained, 1)

    def _keep(self, work: Work, record: dict[str, Any]) -> None:
        work.store.set(RECORD, record)
        shown = {
            name: record[name]
            for name in ("state", "output", "problem", "notes", "resumed")
            if name in record
        }
        self._show(work, **shown)

    def _show(self, work: Work, **values: Any) -> None:
        self.state = {"output": str(work.output), "source": work.source.name, **values}
        self._tell({"making": self.state})

    def _note(self, **values: Any) -> None:
        self.state = {**self.state, **values}
        self._tell({"making": self.state})


def command_of(source: Path, store: Store, network: Mapping[str, Any]) -> str:
    """The command line that makes the same film.

    Args:
        source: the film.
        store: what was said of it.
        network: options of `Colorizer`.
    """
    look = store.look
    words = ["vidcolor", "colorize", str(source), "OUT"]
    said = store.said()
    for path in said["hints"]:
        words += ["--hints", str(path)]
    for path in said["references"]:
        words += ["--reference", str(path), "--reach", look.reach]
    if said["per_shot"]:
        words += ["--per-shot", str(said["per_shot"])]
    if look.saturation is not None:
        words += ["--saturation", f"{look.saturation:g}"]
    if look.vividness != 1:
        words += ["--vividness", f"{look.vividness:g}"]
    if look.steady != 1:
        words += ["--steady", f"{look.steady:g}"]
    if look.keep_colored:
        words += ["--input-chroma", "keep-if-colored"]
    usual = inspect.signature(Colorizer).parameters
    for name, value in network.items():
        if value != usual[name].default:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)
