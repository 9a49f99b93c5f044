"""Frames a second as people and headers write them."""

from __future__ import annotations

from fractions import Fraction

MOST = 1000
_NTSC = Fraction(1000, 1001)
_NEAR = 0.006
"""How far 23.98 and 29.97 are from what they mean, at most."""


def read_rate(text: str) -> Fraction | None:
    """A rate such as "24", "23.976" or "24000/1001", up to 1000; None if it is none."""
    try:
        rate = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        return None
    return exact(rate) if 0 < rate <= MOST else None


def exact(rate: Fraction) -> Fraction:
    """What a rounded rate means: 23.976 is 24000/1001."""
    whole = round(rate)
    slowed = whole * _NTSC
    if rate.denominator == 1 or rate == slowed:
        return rate
    return slowed if whole >= 20 and abs(rate - slowed) < _NEAR else rate.limit_denominator(1001)
