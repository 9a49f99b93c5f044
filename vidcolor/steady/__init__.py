"""Colour that holds still: shots, motion, and the vote by which a shot agrees on its colour."""

from vidcolor.steady.settle import SteadySettings, colorize_shots, settle_windows
from vidcolor.steady.shots import find_cuts

__all__ = ["SteadySettings", "colorize_shots", "find_cuts", "settle_windows"]
