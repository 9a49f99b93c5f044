"""What commands say on stderr while they work: lines, and how far a film is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from vidcolor.errors import as_flags

if TYPE_CHECKING:
    from vidcolor.infer.predictor import Predictor
    from vidcolor.run.settings import ColorizeSettings

PLAIN_EVERY_S = 30.0
STAGES = {
    "survey": "mostly reading",
    "decode": "mostly decoding",
    "colour": "mostly colouring",
    "settle": "mostly settling colour",
    "upscale": "mostly enlarging colour",
    "encode": "mostly encoding",
    "join": "joining",
}
"""What is said of the stage that takes longest."""


@dataclass(frozen=True)
class Talk:
    """How much is said."""

    quiet: bool
    verbose: bool
    as_json: bool

    def say(self, line: str) -> None:
        """A line for people, on stderr."""
        if not self.quiet:
            click.echo(as_flags(line), err=True)

    def machine(self, options: Mapping[str, Any]) -> None:
        """Notes where this machine has a GPU that nothing here can use, or no cache."""
        from vidcolor.infer.choose import cache_problem, unused_gpu

        if options.get("cluster"):
            return
        asked = options["device"], options["backend"]
        for sentence in filter(None, [unused_gpu(*asked), cache_problem(*asked)]):
            self.say(f"note: {sentence}")

    @contextmanager
    def _preparing(self, settings: ColorizeSettings) -> Iterator[None]:
        """Show that a block prepares the network, where it does: that takes some seconds."""
        from tqdm import tqdm

        from vidcolor.run.stages import every

        words = "" if self.quiet else preparing(settings)
        if not words:
            yield
            return
        if not sys.stderr.isatty():
            self.say(words)
            yield
            return
        with tqdm(bar_format=f"{words}: {{elapsed}}") as clock, every(0.5, clock.refresh):
            yield

    def load(self, settings: ColorizeSettings) -> Predictor:
        """The predictor that settings name, and words while the network is prepared.

        Errors as of `load_predictor`.
        """
        from vidcolor.run.loading import load

        with self._preparing(settings):
            return load(settings)

    @contextmanager
    def loading(self, settings: ColorizeSettings) -> Iterator[Callable[[], Predictor]]:
        """What gives the predictor that settings name; errors as of `load_predictor`.

        A network that an earlier run prepared is loaded while others look at the film; the end of
        the block waits for it, as a process cannot end well while OpenVINO compiles.
        """
        with ThreadPoolExecutor(1, "network") as beside:
            begun = beside.submit(_load_if_prepared, settings)
            yield lambda: begun.result() or self.load(settings)

    @contextmanager
    def counting(self) -> Iterator[Callable[[int], object]]:
        """A function that is told of bytes as they come in, and shows on a terminal how many."""
        from tqdm import tqdm

        hidden = self.quiet or not sys.stderr.isatty()
        words = "reading standard input: {n_fmt}B, {rate_fmt}"
        with tqdm(
            unit="B", unit_scale=True, bar_format=words, disable=hidden, leave=False
        ) as shown:
            yield shown.update

    def detail(self, line: str) -> None:
        """A line for those who asked for more."""
        if self.verbose and not self.quiet:
            click.echo(line, err=True)


def _load_if_prepared(settings: ColorizeSettings) -> Predictor | None:
    from vidcolor.run.loading import load

    return None if preparing(settings) else load(settings)


def preparing(settings: ColorizeSettings) -> str:
    """That the first to load the network will prepare it; "" where it will not."""
    from vidcolor.infer.choose import cache_problem, needs_preparing

    asked = settings.device, settings.backend
    if not needs_preparing(settings.model, *asked, settings.threads, settings.precision):
        return ""
    once = "" if cache_problem(*asked) else ", once"
    return f"preparing the network for this processor{once}"


class Bar:
    """Progress on stderr: a bar on a terminal, a line every half minute elsewhere.

    Args:
        frames: of the film.
        standing: of them, made by an earlier run.
        talk: how much is said.
    """

    def __init__(self, frames: int, standing: int, talk: Talk) -> None:
        from tqdm import tqdm

        self._talk = talk
        self._terminal = sys.stderr.isatty()
        self._frames, self._standing, self._gained = frames, standing, 0.0
        self._began = self._last = time.monotonic()
        self._bar = tqdm(
            total=frames,
            initial=standing,
            unit=" frames",
            disable=talk.quiet or not self._terminal,
            smoothing=0,  # what was done so far tells best how long the rest will take
            bar_format="{percentage:3.0f}%|{bar}| {n:.0f}/{total} frames, "
            "{rate_noinv_fmt}, {remaining} left{postfix}",
        )

    def close(self) -> None:
        """Leave the line as it is."""
        self._bar.close()

    def say(self, line: str) -> None:
        """A line above the bar."""
        if self._terminal and not self._talk.quiet:
            self._bar.write(as_flags(line), file=sys.stderr)
        else:
            self._talk.say(line)

    def update(self, frames: float, stage: str) -> None:
        """Count frames; say which stage takes longest so far, or who is at work."""
        self._gained += frames
        words = STAGES.get(stage, stage)
        self._bar.set_postfix_str(words, refresh=False)
        self._bar.update(frames)
        now = time.monotonic()
        if not self._terminal and now - self._last >= PLAIN_EVERY_S:
            self._last = now
            self._talk.say(", ".join(filter(None, [self._plain(now - self._began), words])))

    def _plain(self, seconds: float) -> str:
        done = self._standing + self._gained
        words = f"{done:.0f} of {self._frames} frames"
        rate = self._gained / seconds
        return (
            f"{words}, {rate:.1f} a second, {duration((self._frames - done) / rate)} left"
            if rate
            else words
        )


def duration(seconds: float) -> str:
    """1:05, 2:03:09"""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
