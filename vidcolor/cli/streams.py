"""The three standard streams, as a process may find them: closed, a broken pipe, a full disk."""

from __future__ import annotations

import io
import os
import sys

from vidcolor.errors import OutputError

_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}
_OUT, _ERR = 1, 2


def prepare_streams() -> None:
    """Open those that are closed, and have the work go on when nobody takes its words any more.

    A closed stream leaves its number to the next file that is opened, and what a library says
    would be written into that.
    """
    for number, (name, mode) in enumerate(_MODES.items()):
        _open_if_closed(number)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
    if sys.platform != "win32":  # its consoles take text by a way of their own
        sys.stdout = _text(_Heard(_OUT), sys.stdout.encoding, sys.stdout.isatty())
        sys.stderr = _text(_Heard(_ERR), sys.stderr.encoding, line_buffering=True)


def _open_if_closed(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        # The lowest free number, which is this one: those below are open.
        opened = os.open(os.devnull, os.O_RDWR)
        os.set_inheritable(opened, True)


def _text(raw: io.RawIOBase, encoding: str, line_buffering: bool) -> io.TextIOWrapper:
    """A text stream that writes names of any bytes and letters."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=line_buffering
    )


class _Heard(io.FileIO):
    """A stream that leads nowhere from when it cannot be written any more.

    Args:
        number: of the stream.

    Raises:
        OutputError: results, which are on stdout, cannot be written, and that not because their
            reader had enough of them.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number, "w", closefd=False)

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            self._turn_to_nowhere()
            if self.fileno() == _OUT and not isinstance(error, BrokenPipeError):
                raise OutputError(
                    f"The result could not be printed ({error.strerror}).",
                    "Send standard output to another place.",
                ) from error
            return memoryview(data).nbytes  # type: ignore[arg-type]

    def _turn_to_nowhere(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
