"""What is lost is said with the plan, before the work."""

from fractions import Fraction

from vidcolor.media.probe import probe
from vidcolor.run.plan import make_plan
from vidcolor.run.settings import ColorizeSettings


def test_what_the_container_cannot_carry_is_among_the_notes(film, tmp_path, tiny_model):
    clip = probe(film(frames=3, aspect=Fraction(4, 3)))
    settings = ColorizeSettings(model=str(tiny_model))
    assert "pixel aspect 4/3" in " ".join(make_plan(clip, tmp_path / "o.webm", settings, 1).notes)
    assert make_plan(clip, tmp_path / "o.mp4", settings, 1).notes == ()
