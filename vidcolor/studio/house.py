"""Everything that one server holds: the network, the open films, the windows, the film in work."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from vidcolor.errors import UsageError, VidcolorError
from vidcolor.files import write_error
from vidcolor.studio.shelf import Desks, Item

if TYPE_CHECKING:
    from vidcolor.colorizer import Colorizer
    from vidcolor.studio.desk import Desk
    from vidcolor.studio.filming import Filming, Work
    from vidcolor.studio.worker import Worker

MADE = "coloured"
"""Folder beside a folder's films into which all of them are coloured."""
_WAITING = 2000
"""Messages that a window may be behind; one that is further is told to load again."""


class Windows:
    """The windows that show each film; messages go to them from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[str, list[asyncio.Queue[str]]] = {}
        self._lock = threading.Lock()

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on messages go out by this loop."""
        self._loop = loop

    @contextlib.contextmanager
    def window(self, key: str) -> Iterator[asyncio.Queue[str]]:
        """The messages of one more window."""
        queue: asyncio.Queue[str] = asyncio.Queue(_WAITING)
        with self._lock:
            self._queues.setdefault(key, []).append(queue)
        try:
            yield queue
        finally:
            with self._lock:
                self._queues[key].remove(queue)

    def tell(self, key: str, message: dict[str, Any]) -> None:
        """Tell the windows of one film; "" is the grid."""
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        text = json.dumps(message)
        with contextlib.suppress(RuntimeError):  # the loop ends while something is told
            loop.call_soon_threadsafe(self._put, key, text)

    def tell_all(self, message: dict[str, Any]) -> None:
        """Tell every window."""
        with self._lock:
            keys = list(self._queues)
        for key in keys:
            self.tell(key, message)

    def _put(self, key: str, text: str) -> None:
        with self._lock:
            queues = list(self._queues.get(key, ()))
        for queue in queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                text = json.dumps({"load": True})
            queue.put_nowait(text)


class House:
    """What one server holds.

    The network and all that reads films are imported and loaded by a thread, while the page opens.

    Args:
        items: the films and photographs.
        is_folder: whether a folder was given, which is shown as a grid.
        network: options of `Colorizer`.
    """

    def __init__(self, items: tuple[Item, ...], is_folder: bool, network: dict[str, Any]) -> None:
        self.is_folder = is_folder
        self._windows = Windows()
        self.listen, self.window = self._windows.listen, self._windows.window
        self._network = network
        self._desks = Desks(items, self._open)
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._colorizer: Colorizer | None = None
        self._worker: Worker | None = None
        self._filming: Filming | None = None
        self._waiting: list[str] = []
        self._queueing = threading.Lock()
        threading.Thread(target=self._prepare, daemon=True, name="studio-prepare").start()

    @property
    def filming(self) -> Filming:
        """Who makes films."""
        self._wait()
        assert self._filming
        return self._filming

    def desk(self, key: str) -> Desk:
        """The desk of a film, opened if it is not; errors as of `Desk`."""
        self._wait()
        desk: Desk = self._desks.get(key)
        return desk

    def facts(self) -> dict[str, Any]:
        """What the page is to show first."""
        making = self._filming.state if self._filming else {"state": "idle"}
        return {
            "folder": self.is_folder,
            "items": [item.facts() for item in self._desks.items],
            "making": making,
        }

    def state(self, key: str) -> dict[str, Any]:
        """All of a film; what the page shows when it is opened."""
        from vidcolor.studio.filming import CODECS, command_of

        desk = self.desk(key)
        record = desk.store.setting("film") or {}
        making = self.filming.state
        if making.get("source") != desk.source.name or making.get("state") == "idle":
            shown = dict(record)
            if shown.get("state") == "running":
                shown["state"] = "interrupted"
            making = {k: v for k, v in shown.items() if k not in ("digests", "look")}
            making = making or {"state": "idle"}
        return {
            **desk.facts(),
            **desk.state(),
            "making": making,
            "order": record.get("order"),
            "codecs": CODECS,
            "command": command_of(desk.source, desk.store, self._network),
            "in_folder": self.is_folder,
        }

    def thumb(self, key: str) -> bytes:
        """A picture of an item for the grid."""
        self._wait()
        from vidcolor.studio.cover import cover

        assert self._colorizer
        item = self._desks.item(key)
        return cover(item.source, item.film)

    def film(self, key: str, given: Any) -> None:
        """Colour one film.

        Raises:
            VidcolorError: the order cannot be carried out.
        """
        from vidcolor.studio.filming import Order

        desk = self.desk(key)
        order = Order.read(given, desk.film.is_film)
        self.filming.start(self._work(desk, order), lambda: self._ended(key))

    def film_all(self) -> None:
        """Colour all items of a folder into `coloured/` in it, one after the other.

        Raises:
            UsageError: a film is being coloured.
            OutputError: the folder cannot be made.
        """
        if self.filming.busy:
            raise UsageError("A film is being coloured.", "Wait, or cancel it.")
        with self._queueing:
            self._waiting = [item.key for item in self._desks.items]
        self._next()

    def cancel(self) -> None:
        """Stop the film in work, and those that wait."""
        with self._queueing:
            self._waiting = []
        self.filming.cancel()

    @property
    def is_filming(self) -> bool:
        """Whether a film is being made."""
        return self._filming is not None and self._filming.busy

    def close(self) -> None:
        """End everything; a film in work keeps what is finished of it."""
        with self._queueing:
            self._waiting = []
        if self._filming:
            self._filming.close()
        self._desks.close()
        if self._worker:
            self._worker.close()
        if self._colorizer:
            self._colorizer.close()

    def _prepare(self) -> None:
        try:
            from vidcolor.colorizer import Colorizer
            from vidcolor.studio.filming import Filming
            from vidcolor.studio.worker import Worker

            self._colorizer = Colorizer(**self._network)
            self._filming = Filming(self._tell_making)
            self._worker = Worker()
        except BaseException as error:
            self._failed = error
            return
        finally:
            self._ready.set()
        if not self.is_folder:
            with contextlib.suppress(VidcolorError):  # whoever asks for it is told
                self.desk(self._desks.items[0].key)

    def _wait(self) -> None:
        self._ready.wait()
        if self._failed:
            raise self._failed

    def _open(self, item: Item) -> Desk:
        from vidcolor.studio.desk import Desk

        assert self._colorizer and self._worker
        tell: Callable[[dict[str, Any]], None] = lambda m: self._windows.tell(item.key, m)  # noqa: E731
        return Desk(item.source, item.folder, self._colorizer, self._worker, tell)

    def _work(self, desk: Desk, order: Any) -> Work:
        from vidcolor.studio.filming import Work

        return Work(desk.source, desk.film.is_film, desk.store, desk.colorizer, order, desk.digests)

    def _tell_making(self, message: dict[str, Any]) -> None:
        self._windows.tell_all(message)

    def _ended(self, key: str) -> None:
        desk = self._desks.open_one(key)
        if desk:
            desk.timeline.mark(None)
        self._tell_grid()
        if self._waiting:
            threading.Thread(target=self._next, daemon=True).start()

    def _next(self) -> None:
        """The next of a folder's films; one that fails stops no other."""
        from vidcolor.studio.filming import Order

        while True:
            with self._queueing:
                if not self._waiting:
                    return
                key = self._waiting.pop(0)
            item = self._desks.item(key)
            target = item.source.parent / MADE
            try:
                target.mkdir(exist_ok=True)
            except OSError as error:
                raise write_error(target, error) from error
            suffix = item.source.suffix.lower()
            name = f"{item.source.stem}.{'mkv' if item.film else 'png'}"
            if suffix in _KEPT:
                name = item.source.name
            try:
                while self.filming.busy:
                    threading.Event().wait(0.05)
                desk = self.desk(key)
                order = Order(name, subfolder=MADE)
                self.filming.start(self._work(desk, order), functools.partial(self._ended, key))
            except VidcolorError as error:
                self._windows.tell("", {"notice": f"{item.source.name}: {error}"})
                continue
            return

    def _tell_grid(self) -> None:
        self._windows.tell("", {"items": [item.facts() for item in self._desks.items]})


_KEPT = (".mp4", ".mkv", ".mov", ".webm", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")


def named(items: Sequence[Item]) -> str:
    """What the terminal calls them."""
    first = items[0].source.name
    return first if len(items) == 1 else f"{first} and {len(items) - 1} more"
