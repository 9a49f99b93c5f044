"""What can go wrong for a user, as classes: a sentence, a remedy, an exit code.

Sentences name options as programs give them, `render_size=320` in backticks; `as_flags` makes them
the command line's.
"""

from __future__ import annotations

import re


class VidcolorError(Exception):
    """A failure that the user can understand and mend.

    Args:
        sentence: the cause, in the user's words, ending with a full stop.
        remedy: what to do about it, ending with a full stop.
    """

    exit_code = 1

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence} {remedy}")
        self.sentence = sentence
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[VidcolorError], tuple[str, str]]:
        """Both parts, so that an error can go from process to process."""
        return type(self), (self.sentence, self.remedy)


class UsageError(VidcolorError):
    """An option that is unknown, has a bad value, or does not go with another."""

    exit_code = 2


class InputError(VidcolorError):
    """The source is missing, is no media, is damaged beyond use, or changed during the run."""

    exit_code = 3


class OutputError(VidcolorError):
    """The output exists, cannot be written, or its codec or container cannot hold the result."""

    exit_code = 4


class BatchError(VidcolorError):
    """Some files of a batch failed; the rest is done."""

    exit_code = 5


class MachineError(VidcolorError):
    """A device, backend or the memory that was asked for is not there."""

    exit_code = 6


class Cancelled(VidcolorError):  # noqa: N818 - what happened, as programs ask for it
    """The program that asked for the work wants no more of it."""

    exit_code = 130


class ModelError(VidcolorError):
    """The weights are missing, damaged or foreign."""

    exit_code = 7


_OPTION = re.compile(r"`([a-z][a-z_]*)(?:=([^`]+))?`")
_OTHERWISE = {
    "start_s": "start",
    "duration_s": "duration",
    "references": "reference",
    "index": "frame",
}


def as_flags(words: str) -> str:
    """A sentence with its options as the command line has them: --render-size 320."""

    def flag(found: re.Match[str]) -> str:
        name = _OTHERWISE.get(found[1], found[1]).replace("_", "-")
        return f"--{name} {found[2]}" if found[2] else f"--{name}"

    return _OPTION.sub(flag, words)
