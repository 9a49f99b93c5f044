"""vidcolor colours black-and-white film and photographs.

What is listed in `__all__` is for programs; all modules below are private to vidcolor.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Three libraries report each use to their makers' statistics hosts and keep an identifier in the
# home folder (OpenVINO's part even fails where there is none). Told before they are imported, in
# every process, they do not: None stands for "not installed"; the others read their variables.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

if TYPE_CHECKING:
    from vidcolor.colorizer import (
        Colorizer,
        FilmOptions,
        NetworkOptions,
        OpenOptions,
        Options,
        SourceOptions,
        SteadyOptions,
        Still,
        colorize,
    )
    from vidcolor.errors import (
        Cancelled,
        InputError,
        MachineError,
        ModelError,
        OutputError,
        UsageError,
        VidcolorError,
    )
    from vidcolor.run.one import Outcome
    from vidcolor.run.opened import Opened
    from vidcolor.run.shots import Shot

__all__ = [
    "Cancelled",
    "Colorizer",
    "FilmOptions",
    "InputError",
    "MachineError",
    "ModelError",
    "NetworkOptions",
    "OpenOptions",
    "Opened",
    "Options",
    "Outcome",
    "OutputError",
    "Shot",
    "SourceOptions",
    "SteadyOptions",
    "Still",
    "UsageError",
    "VidcolorError",
    "__version__",
    "colorize",
]


def __getattr__(name: str) -> Any:
    """What programs use, loaded when it is first asked for: it takes NumPy, OpenCV and PyAV."""
    if name not in __all__:
        raise AttributeError(f"module 'vidcolor' has no attribute '{name}'")
    room = "vidcolor.errors" if name.endswith(("Error", "Cancelled")) else "vidcolor.colorizer"
    return getattr(importlib.import_module(room), name)


def __dir__() -> list[str]:
    return __all__
