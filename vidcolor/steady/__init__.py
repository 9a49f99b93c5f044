"""Colour that holds still: shots, motion, and the vote by which a shot agrees on its colour."""
