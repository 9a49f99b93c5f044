import dataclasses
import hashlib
from fractions import Fraction

import av
import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.media.conftest import Recipe, decoded_lumas, make_film, seconds
from tests.media.sounds import apart, heard
from vidcolor.errors import OutputError
from vidcolor.media.codecs import segment_suffix
from vidcolor.media.decode import read_frames
from vidcolor.media.encode import SegmentWriter, choose_encoder
from vidcolor.media.mux import join
from vidcolor.media.probe import probe
from vidcolor.media.stream_plans import plan_streams

VFR = (8008, 9009, 9509, 12012, 13013, 20020, 20120, 24024, 25025, 25526)


def segments_of(clip, folder, chosen, cuts, stop=None):
    """Encode the clip's own frames in segments that begin at `cuts`."""
    folder.mkdir(exist_ok=True)
    paths = []
    for first, end in zip(cuts, [*cuts[1:], stop or clip.frame_count], strict=True):
        path = folder / f"{first}{segment_suffix(chosen.codec)}"
        with SegmentWriter(path, clip, chosen) as writer:
            for frame in read_frames(clip, first, end - first):
                writer.write(frame)
        paths.append(path)
    return paths, [int(clip.pts[first]) for first in cuts]


def rejoin(source, output, cuts=(0, 3, 4), codec=None, lossless=True, tag=None):
    clip = probe(source)
    chosen = choose_encoder(clip, output, codec, lossless=lossless)
    parts = segments_of(clip, output.parent / f"parts{output.suffix}", chosen, list(cuts))
    join(*parts, clip, output, plan_streams(clip, output), tag=tag)
    return clip, parts[0]


def packets(path, kind):
    """(hash of the payload, seconds) of every packet of a kind."""
    with av.open(str(path)) as container:
        return [
            (hashlib.md5(bytes(p)).hexdigest(), p.pts * Fraction(p.time_base))
            for p in container.demux()
            if p.size and p.stream.type == kind
        ]


@pytest.mark.parametrize("name", ["o.mp4", "o.mov", "o.mkv"])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "ffv1"])
def test_joined_film_is_the_source_frame_by_frame(film, tmp_path, name, codec):
    if codec == "ffv1" and not name.endswith("mkv"):
        pytest.skip("mp4 and mov don't hold ffv1")
    source = film(frames=10, pts=VFR, time_base=Fraction(1, 30000))
    rejoin(source, tmp_path / name, codec=codec)
    before, after = decoded_lumas(source), decoded_lumas(tmp_path / name)
    assert len(after) == 10
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("name", ["o.mp4", "o.mov"])
def test_varying_times_and_start_offset_are_equal_to_the_tick(film, tmp_path, name):
    source = film(frames=10, pts=VFR, time_base=Fraction(1, 30000))
    rejoin(source, tmp_path / name)
    assert seconds(tmp_path / name) == seconds(source) == [Fraction(p, 30000) for p in VFR]
    assert probe(tmp_path / name).duration_s == pytest.approx(probe(source).duration_s, abs=0.001)


def test_millisecond_times_are_equal_from_mkv_to_mkv_and_to_mp4(film, tmp_path):
    source = film("film.mkv", frames=10, pts=VFR, time_base=Fraction(1, 30000))
    for name in ("o.mkv", "o.mp4"):
        rejoin(source, tmp_path / name)
        assert seconds(tmp_path / name) == seconds(source)


def test_mkv_rounds_finer_times_to_its_millisecond(film, tmp_path):
    source = film(frames=10, pts=VFR, time_base=Fraction(1, 30000))
    rejoin(source, tmp_path / "o.mkv")
    pairs = zip(seconds(tmp_path / "o.mkv"), seconds(source), strict=True)
    assert max(abs(a - b) for a, b in pairs) <= Fraction(1, 2000)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1", "libvpx-vp9"])
def test_joined_film_decodes_as_its_segments_do(film, tmp_path, codec):
    source = film(frames=20, width=96, height=96)
    output = tmp_path / "o.mp4"
    _, parts = rejoin(source, output, (0, 7, 8, 15), codec, lossless=False)
    alone = [luma for part in parts for luma in decoded_lumas(part)]
    joined = decoded_lumas(output)
    assert len(joined) == 20
    assert all(np.array_equal(a, b) for a, b in zip(alone, joined, strict=True))


@pytest.mark.parametrize("pair", [("f.mp4", "o.mp4"), ("f.mkv", "o.mkv"), ("f.mov", "o.mov")])
def test_sound_is_copied_packet_by_packet_and_stays_in_time(film, tmp_path, pair):
    source = film(pair[0], sound=True, pts=range(12000, 36000, 1000))
    output = tmp_path / pair[1]
    rejoin(source, output)
    before, after = packets(source, "audio"), packets(output, "audio")
    assert len(before) > 30
    assert before == after
    assert seconds(source)[0] == seconds(output)[0]
    other = probe(output).other_streams[0]
    assert (other.codec, other.language) == ("aac", "eng")


@pytest.mark.parametrize("pair", [("f.mp4", "o.mkv"), ("f.mkv", "o.mp4")])
def test_sound_keeps_its_distance_from_the_picture_across_containers(film, tmp_path, pair):
    source = film(pair[0], sound=True, pts=range(12000, 36000, 1000))
    output = tmp_path / pair[1]
    rejoin(source, output)
    before, after = packets(source, "audio"), packets(output, "audio")
    assert [p[0] for p in before] == [p[0] for p in after]
    apart = [packets(f, "audio")[5][1] - seconds(f)[0] for f in (source, output)]
    assert abs(apart[0] - apart[1]) <= Fraction(1, 1000)


def test_rotation_aspect_tags_and_metadata_are_kept(film, tmp_path):
    source = film(
        frames=6,
        turn=(-90, False),
        aspect=Fraction(4, 3),
        matrix=1,
        full_range=True,
        metadata={"title": "A Trip", "comment": "restored"},
    )
    for name in ("o.mp4", "o.mkv", "o.mov"):
        rejoin(source, tmp_path / name, tag="coloured")
        clip = probe(tmp_path / name)
        assert (clip.rotation, clip.sample_aspect_ratio) == (90, Fraction(4, 3))
        assert (clip.matrix, clip.full_range) == (1, True)
        said = {k.lower(): v for k, v in clip.metadata.items()}
        assert said["title"] == "A Trip"
        assert said["comment"].startswith("restored")
        assert "coloured" in (said["comment"] + said.get("description", ""))


def test_the_tag_is_a_comment_where_there_is_none(film, tmp_path):
    rejoin(film(frames=6), tmp_path / "o.mp4", tag="coloured")
    assert probe(tmp_path / "o.mp4").metadata["comment"] == "coloured"


def with_extras(source, path, tmp_path):
    """The film with chapters, a cover and a font."""
    picture = tmp_path / "c.jpg"
    PIL.Image.new("RGB", (20, 20)).save(picture)
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        carriers = {}
        for stream in old.streams:
            carriers[stream.index] = new.add_stream_from_template(stream, opaque=True)
        new.add_attachment("cover.jpg", "image/jpeg", picture.read_bytes())
        new.add_attachment("font.ttf", "application/x-truetype-font", b"glyphs" * 20)
        new.set_chapters(
            [
                {
                    "id": 1,
                    "start": 0,
                    "end": 500,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": "One"},
                },
                {
                    "id": 2,
                    "start": 500,
                    "end": 1000,
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": "Two"},
                },
            ]
        )
        new.start_encoding()
        for packet in old.demux():
            if packet.size:
                packet.stream = carriers[packet.stream.index]
                new.mux(packet)
    return path


def test_chapters_cover_font_and_subtitles_are_carried(film, tmp_path):
    source = with_extras(film("f.mkv", subtitles="srt", sound=True), tmp_path / "g.mkv", tmp_path)
    for name in ("o.mkv", "o.mp4"):
        output = tmp_path / name
        clip, _ = rejoin(source, output)
        with av.open(str(output)) as container:
            titles = [c["metadata"]["title"] for c in container.chapters()]
        assert titles == ["One", "Two"]
        kinds = [o.kind for o in probe(output).other_streams]
        assert kinds.count("audio") == 1 and kinds.count("subtitle") == 1
        if name == "o.mkv":
            assert kinds.count("cover") == 1 and kinds.count("attachment") == 1
        said = [p.sentence for p in plan_streams(clip, output) if p.sentence]
        assert bool(said) == (name == "o.mp4")


@pytest.mark.parametrize(
    ("source", "codec", "target", "converted"),
    [("f.mkv", "srt", "o.mp4", "mov_text"), ("f.mp4", "mov_text", "o.mkv", "subrip")],
)
def test_text_is_converted_with_its_times(film, tmp_path, source, codec, target, converted):
    path = film(source, subtitles="srt" if codec == "srt" else None)
    if codec == "mov_text":
        path = film("t.mkv", subtitles="srt")
        rejoin(path, tmp_path / "f.mp4")
        path = tmp_path / "f.mp4"
    rejoin(path, tmp_path / target)
    other = probe(tmp_path / target).other_streams
    assert [o.codec for o in other] == [converted]
    with av.open(str(tmp_path / target)) as container:
        cues = [p for p in container.demux(subtitles=0) if b"line" in bytes(p)]
    assert [p.pts * p.time_base for p in cues] == [Fraction(1, 10), Fraction(1, 2)]
    assert [p.duration * p.time_base for p in cues] == [Fraction(3, 10)] * 2


def test_sound_that_the_container_cannot_hold_is_refused_before_the_work(film, tmp_path):
    clip = probe(film(sound=True))
    with pytest.raises(OutputError, match=r"aac.*Use \.mp4"):
        plan_streams(clip, tmp_path / "o.webm", "copy")


@pytest.mark.parametrize("name", ["o.mp4", "o.mkv"])
def test_a_part_begins_at_zero_with_its_own_sound(film, tmp_path, name):
    source = film("f.mp4", sound=True, pts=range(12000, 36000, 1000))
    clip = probe(source)
    output = tmp_path / name
    chosen = choose_encoder(clip, output, lossless=True)
    parts = segments_of(clip, tmp_path / "parts", chosen, [8, 11], stop=16)
    start, end = int(clip.pts[8]), int(clip.pts[16])
    join(*parts, clip, output, plan_streams(clip, output), start_pts=start, end_pts=end)
    shown = seconds(output)
    assert [round(s * 24) for s in shown] == list(range(8))
    assert shown[0] == 0
    was = {h: t - start * clip.time_base for h, t in packets(source, "audio")}
    sound = packets(output, "audio")
    assert 12 <= len(sound) <= 17
    assert all(abs(was[h] - t) < Fraction(1, 1000) for h, t in sound)
    assert all(0 <= t < Fraction(8, 24) for _, t in sound)


def test_films_that_begin_before_zero_lose_no_frame(film, tmp_path):
    clip = probe(film("f.mkv", frames=6))
    early = dataclasses.replace(clip, pts=clip.pts - 100, end_pts=clip.end_pts - 100)
    output = tmp_path / "o.mp4"
    chosen = choose_encoder(early, output, lossless=True)
    paths, offsets = segments_of(clip, tmp_path / "parts", chosen, [0, 2])
    join(paths, [o - 100 for o in offsets], early, output, plan_streams(early, output))
    assert [round(s * 24) for s in seconds(output)] == list(range(6))


def test_h264_goes_into_avi_and_back(film, tmp_path):
    source = film("f.avi", time_base=Fraction(1, 24))
    rejoin(source, tmp_path / "o.avi")
    before, after = decoded_lumas(source), decoded_lumas(tmp_path / "o.avi")
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert probe(tmp_path / "o.avi").frame_count == 24


def test_sound_before_the_first_frame_is_left_out_of_avi(film, tmp_path):
    source = film("f.mkv", sound=True)
    clip = probe(source)
    late = dataclasses.replace(clip, pts=clip.pts + 200, end_pts=clip.end_pts + 200)
    output = tmp_path / "o.avi"
    chosen = choose_encoder(late, output)
    paths, offsets = segments_of(clip, tmp_path / "parts", chosen, [0])
    join(paths, [o + 200 for o in offsets], late, output, plan_streams(late, output))
    was, sound = heard(source), heard(output)
    off, alike = apart(was, sound)
    assert sound.start_s == 0
    # Each decoding of AAC puts noise of its own where the source was noise.
    assert abs(off + 0.2) < 0.001 and alike > 0.7


def test_segments_that_do_not_belong_are_told(film, tmp_path):
    clip = probe(film())
    output = tmp_path / "o.mp4"
    first = choose_encoder(clip, output, crf=20)
    other = choose_encoder(clip, output, crf=40)
    a, _ = segments_of(clip, tmp_path / "a", first, [0, 12])
    b, offsets = segments_of(clip, tmp_path / "b", other, [0, 12])
    plans = plan_streams(clip, output)
    with pytest.raises(OutputError, match="other settings"):
        join([a[0], b[1]], offsets, clip, output, plans)
    with pytest.raises(OutputError, match="other frames"):
        join(a, [0, 11999], clip, output, plans)
    with pytest.raises(OutputError, match="overlaps"):
        join([a[0], a[0]], [0, 0], clip, output, plans)
    a[1].write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be read"):
        join(a, offsets, clip, output, plans)
    assert not output.exists()
    assert not list(tmp_path.glob(".*"))


def test_a_film_of_which_a_segment_is_missing_does_not_appear(film, tmp_path):
    clip = probe(film())
    output = tmp_path / "o.mp4"
    chosen = choose_encoder(clip, output)
    paths, offsets = segments_of(clip, tmp_path / "parts", chosen, [0, 8, 16])
    for held, said in ([0, 1], "none follows"), ([0, 2], "follow on"), ([1, 2], "follow on"):
        given = [paths[n] for n in held], [offsets[n] for n in held]
        with pytest.raises(OutputError, match=said):
            join(*given, clip, output, plan_streams(clip, output))
    assert not output.exists()
    assert not list(tmp_path.glob(".*"))


def test_a_join_that_fails_midway_leaves_what_was_there(film, tmp_path, monkeypatch):
    source = film(frames=6)
    output = tmp_path / "o.mp4"
    output.write_bytes(b"older")
    clip = probe(source)
    chosen = choose_encoder(clip, output)
    parts = segments_of(clip, tmp_path / "parts", chosen, [0])
    from vidcolor.media import mux

    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(mux.Passengers, "packets", broken)
    with pytest.raises(KeyboardInterrupt):
        join(*parts, clip, output, ())
    assert output.read_bytes() == b"older"
    assert not list(tmp_path.glob(".*"))


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(st.integers(1, 9000), min_size=1, max_size=11),
    start=st.integers(0, 100_000),
    cuts=st.sets(st.integers(1, 11), max_size=4),
)
def test_any_times_cut_anywhere_come_back_equal(tmp_path, steps, start, cuts):
    pts = (start + np.cumsum([0, *steps])).tolist()
    recipe = Recipe(frames=len(pts), pts=pts, time_base=Fraction(1, 30000))
    source = make_film(tmp_path / "f.mp4", recipe)
    cuts = [0, *sorted(c for c in cuts if c < len(pts))]
    rejoin(source, tmp_path / "o.mp4", cuts, lossless=False)
    assert seconds(tmp_path / "o.mp4") == [Fraction(p, 30000) for p in pts]
