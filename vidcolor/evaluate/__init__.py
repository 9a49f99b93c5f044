"""The referee: compares colourings with the truth. Colourings come in as callables, figures go out.

Knows network, color, media and infer; never imports steady or run, whose work it judges.
"""
