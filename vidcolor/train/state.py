"""The whole state of a run on disk: written whole or not at all, read without running code."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vidcolor.errors import InputError, OutputError
from vidcolor.files import finished_file

STATE = "state.pt"


def write_state(run: Path, state: Mapping[str, Any]) -> None:
    """Write a state beside the one before, flush it, and only then take that one's place.

    Raises:
        OutputError: the disk is full or not writable; the state before is whole.
    """
    packed = io.BytesIO()
    torch.save(dict(state), packed)
    path = run / STATE
    try:
        with finished_file(path) as temporary:
            temporary.write_bytes(packed.getbuffer())
    except OutputError as problem:
        kept = f" The state before it is whole in {path}." if path.is_file() else ""
        raise OutputError(
            f"The state of the training could not be saved: {problem.sentence}",
            f"{problem.remedy}{kept} Then: vidcolor train --resume {run}",
        ) from problem


def read_state(run: Path) -> dict[str, Any]:
    """Read a state; nothing in it is executed.

    Raises:
        InputError: there is none, or it is damaged.
    """
    path = run / STATE
    if not path.is_file():
        raise InputError(f"There is no run to go on with in {run}.", "Check the folder.")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, OSError) as problem:
        raise InputError(
            f"The state {path} is damaged ({str(problem).splitlines()[0]}).",
            "Begin a new run with --init and the model.safetensors of this one.",
        ) from problem
    return state
