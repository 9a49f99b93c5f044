"""The network that settings name, ready to colour."""

from __future__ import annotations

from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.run.settings import ColorizeSettings


def load(settings: ColorizeSettings, threads: int | None = None) -> Predictor:
    """Load it; arguments of the machine, such as CPU threads, may be given in the place of theirs.

    Errors as of `load_predictor`.
    """
    s = settings
    return load_predictor(
        s.model, s.device, s.backend, s.vividness, s.threads if threads is None else threads
    )
