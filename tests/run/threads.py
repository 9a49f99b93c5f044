"""Which thread it is that calls."""

from __future__ import annotations

import threading


def is_main_thread() -> bool:
    """Whether a job reports a frame that was written, and not only how far it is."""
    return threading.current_thread() is threading.main_thread()
