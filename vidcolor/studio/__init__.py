"""The studio: a page in the browser on which people point at things and say what colour they had.

A server for one person on this machine comes in front of `vidcolor.Colorizer`; what is said is kept
in the files that `--hints` and `--reference` read.
"""
