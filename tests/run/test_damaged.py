"""Frames that cannot be decoded are counted and said, also by a run that goes on."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

from vidcolor.cli.main import run


def damaged(path: Path, places: list[int]) -> Path:
    """A film of keyframes of which some are zeros."""
    with av.open(str(path)) as container:
        packets = [(p.pos, bytes(p)) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for place in places:
        pos, packet = packets[place]
        found = data.find(packet[:64], pos)
        data[found : found + len(packet)] = bytes(len(packet))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("places", "words"),
    [([], ""), ([7], "1 frame was damaged"), ([7, 8, 15], "3 frames were damaged")],
)
def test_how_many_stood_in_is_said(film, tmp_path, tiny_model, capsys, places, words):
    intra = {"preset": "ultrafast", "g": "1"}
    source = damaged(film("in.mkv", options=intra), places)
    output = tmp_path / "out.mkv"
    command = ["colorize", str(source), str(output), "--model", str(tiny_model), "--json"]
    for _ in range(2):
        assert run([*command, "--keep-job"]) == 0
        made = json.loads(capsys.readouterr().out)
        assert made["frames"] == 24
        notes = [note for note in made["notes"] if "damaged" in note]
        assert [note[: len(words)] for note in notes] == [words] * bool(words)
        output.unlink()
    assert made["resumed"] == 24
