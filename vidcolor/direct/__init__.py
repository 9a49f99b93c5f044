"""What a person says about colour: stills, dots and strokes; all of it ends as hints."""
