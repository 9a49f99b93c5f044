"""Packages that only parts of the program need, asked for by name before that part begins."""

from __future__ import annotations

import importlib
from typing import Any

from vidcolor.errors import MachineError
from vidcolor.remedies import install_hint

TORCH = ("torch", "timm")
"""What networks are built of."""


def need(what: str, extra: str, *names: str) -> tuple[Any, ...]:
    """Import packages that are no part of a plain installation.

    Args:
        what: needs them, as the beginning of a sentence.
        extra: of this program that brings them.
        names: of the packages.

    Raises:
        MachineError: one is not installed.
    """
    return tuple(_imported(name, what, extra) for name in names)


def _imported(name: str, what: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as problem:
        raise MachineError(
            f"{what} needs {name}, which is not installed.", f"Run {install_hint(extra)}."
        ) from problem
