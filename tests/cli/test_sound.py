"""--sound, as a user gives it."""

import json

from tests.cli.test_colorize import vidcolor
from tests.media.sounds import Sound, sound_film


def test_a_folder_of_wmv_is_done_with_its_sound_converted_and_said(tmp_path, tiny_model):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    sound_film(folder / "reel.wmv", Sound("wmav2", 2))
    done = vidcolor("batch", folder, out, "--model", tiny_model, "--json")
    assert done.returncode == 0, done.stderr
    (file,) = json.loads(done.stdout)["files"]
    assert any("converted from wmav2 to flac" in note for note in file["notes"])


def test_sound_that_must_be_copied_is_refused_before_the_work(tmp_path, tiny_model):
    source = sound_film(tmp_path / "reel.mp4", Sound("aac", 2))
    options = ("--sound", "copy", "--model", tiny_model)
    done = vidcolor("colorize", source, tmp_path / "o.webm", *options)
    assert done.returncode == 4
    assert "cannot hold" in done.stderr and ".mp4 or .mov" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["reel.mp4"]
