"""Colour as numbers: bins, matrices, gamut, and the luma-guided enlargement of chroma."""
