"""The network that settings name, ready to colour."""

from __future__ import annotations

from vidcolor.infer.choose import load_predictor
from vidcolor.infer.predictor import Predictor
from vidcolor.run.settings import ColorizeSettings


def load(settings: ColorizeSettings) -> Predictor:
    """Load it; errors as of `load_predictor`."""
    s = settings
    return load_predictor(s.model, s.device, s.backend, s.vividness, s.threads, s.precision)
