"""Which of a frame's two fields is shown first: read from frames, and told to encoders."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import av.filter
from av.video.frame import VideoFrame

_NAMES = {1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}
NUMBERS = {name: number for number, name in _NAMES.items()}
"""FFmpeg's numbers: the first letter is the field stored first, the second the one shown first."""


def field_order(context: Any, frame: VideoFrame) -> str:
    """Name the order of fields: what the stream says, else its first frame."""
    order = _NAMES.get(context.field_order, "progressive")
    if order == "progressive" and frame.interlaced_frame:
        return "tt" if _is_top_first(frame) else "bb"
    return order


def shown_first(order: str) -> str:
    """'top' or 'bottom' of an order of fields; '' where there are none."""
    return {"tt": "top", "bt": "top", "bb": "bottom", "tb": "bottom"}.get(order, "")


def mixture(order: str, frames: Sequence[VideoFrame]) -> tuple[str, ...]:
    """A sentence where some frames hold fields and others don't, which only a stream can say."""
    if len({frame.interlaced_frame for frame in frames}) < 2:
        return ()
    first = shown_first(order)
    now = f"two fields, the {first} one first" if first else "whole pictures"
    return (f"Some frames are marked as two fields and some are not; all become {now}.",)


def _is_top_first(frame: VideoFrame) -> bool:
    """Ask a filter for the mark, which PyAV does not show."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or Fraction(1),
    )
    chosen = graph.add("select", "eq(interlace_type,TOPFIRST)")
    sink = graph.add("buffersink")
    source.link_to(chosen)
    chosen.link_to(sink)
    graph.configure()
    graph.push(frame)
    with contextlib.suppress(BlockingIOError):
        return isinstance(graph.pull(), VideoFrame)
    return False
