"""What becomes of each property of a film in each container, measured: the table in docs/media.md.

python -m tests.media.promises           # measures, and writes it

A cell says "kept" where PyAV reads from the output what it read from the source. Where it does not,
what the program said beforehand counts: "converted", "said" (left out or changed, in a sentence) or
"refused" (before the work, with a remedy). Nothing else may be: that is the promise.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.media.captions import captioned, captions
from tests.media.conftest import Recipe, decoded_lumas, make_film, seconds
from vidcolor.errors import OutputError
from vidcolor.media.decode import read_frames
from vidcolor.media.encode import SegmentWriter
from vidcolor.media.mux import join
from vidcolor.media.probe import probe
from vidcolor.run.one import Task, film_plan
from vidcolor.run.plan import Plan
from vidcolor.run.settings import ColorizeSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "media.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
CONTAINERS = ("mp4", "mov", "mkv", "webm", "avi", "nut")
KEPT, CONVERTED, SAID, REFUSED = "kept", "converted", "said", "refused"
LOST, FAILED = "LOST", "FAILED"
"""What must not be."""
VARYING = (0, 1000, 2000, 3500, 5000, 5500, 9000, 10000)
MILLISECOND = Fraction(1, 1000)

FITTING = {"webm": "libvpx", "wmv": "wmv2"}

Make = Callable[[Path], Path]
Look = Callable[[Path], Any]


@dataclass(frozen=True)
class Property:
    """One row.

    Attributes:
        name: in a reader's words.
        make: writes a film that has it, and gives its path.
        look: what of it PyAV finds in a film.
        near: how far numbers may lie from the source's.
        settings: of the colouring, where they matter.
    """

    name: str
    make: Make
    look: Look
    near: Fraction = Fraction(0)
    settings: Mapping[str, Any] = field(default_factory=dict)


def plain(suffix: str = "mp4", **changes: Any) -> Make:
    """Makes a film of 10 frames by `Recipe`."""

    def make(folder: Path) -> Path:
        return make_film(folder / f"in.{suffix}", Recipe(**{"frames": 10, **changes}))

    return make


def shown(path: Path) -> list[Fraction]:
    """When frames are shown, from the first sound or picture on."""
    times = seconds(path)
    return [time - times[0] for time in times]


def starts(path: Path) -> list[Fraction]:
    """When the film and the sound begin."""
    with av.open(str(path)) as container:
        return [Fraction(s.start_time or 0) * Fraction(s.time_base) for s in container.streams]


def length(path: Path) -> list[Fraction]:
    """Until when the last picture is shown."""
    with av.open(str(path)) as container:
        film = container.streams.video[0]
        packets = [p for p in container.demux(film) if p.size]
        last = max(packets, key=lambda p: p.pts)
        base = Fraction(film.time_base)
        ends = [(last.pts + (last.duration or 0)) * base]
        if not last.duration and container.duration:
            ends.append(Fraction(container.duration, av.time_base))
        return [max(ends) - min(p.pts for p in packets) * base]


def rate(path: Path) -> Fraction:
    """What the container says."""
    with av.open(str(path)) as container:
        return Fraction(container.streams.video[0].average_rate)


def of_frame(*names: str) -> Look:
    """Attributes of the first decoded frame."""

    def look(path: Path) -> list[Any]:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            return [int(getattr(frame, name)) for name in names]

    return look


def geometry(path: Path) -> Any:
    """Rotation and mirror."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        found = [bytes(d) for d in frame.side_data if d.type.name == "DISPLAYMATRIX"]
        return found[0] if found else None


def aspect(path: Path) -> Fraction:
    """Of a pixel."""
    with av.open(str(path)) as container:
        return Fraction(container.streams.video[0].sample_aspect_ratio or 1)


def pixel_format(path: Path) -> str:
    """Depth and subsampling."""
    with av.open(str(path)) as container:
        return container.streams.video[0].format.name.replace("yuvj", "yuv")


def of_frame_data(*names: str) -> Look:
    """How many of some kinds the first frame has, by FFmpeg's names of them."""

    def look(path: Path) -> int:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            return sum(d.type.name in names for d in frame.side_data)

    return look


def first_field(path: Path) -> str:
    """Which field is shown first."""
    return probe(path).field_order


def with_captions(folder: Path) -> Path:
    """Each frame with some of its own."""
    return captioned(make_film(folder / "in.h264", Recipe(frames=10)))


def with_hdr10(folder: Path) -> Path:
    """What a mastering display shows, in H.265."""
    display = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    parts = f"log-level=none:hdr10=1:master-display={display}:max-cll=1000,400"
    options = {"preset": "ultrafast", "x265-params": parts}
    recipe = Recipe(
        10, 96, 80, codec="libx265", pix_fmt="yuv420p10le", matrix=9, options=options, transfer=16
    )
    return make_film(folder / "in.mkv", recipe)


def metadata(*keys: str) -> Look:
    """Of the container."""

    def look(path: Path) -> list[str | None]:
        with av.open(str(path)) as container:
            there = {key.lower(): value for key, value in container.metadata.items()}
            return [there.get(key) for key in keys]

    return look


def language(path: Path) -> str | None:
    """Of the sound."""
    with av.open(str(path)) as container:
        return container.streams.audio[0].metadata.get("language")


def chapters(path: Path) -> list[tuple[str, Fraction]]:
    """Titles and starts."""
    with av.open(str(path)) as container:
        return [
            (c["metadata"].get("title", ""), round(c["start"] * Fraction(c["time_base"]), 2))
            for c in container.chapters()
        ]


def payload(kind: str) -> Look:
    """The packets of a kind byte by byte: all, and those from the film's start on."""

    def look(path: Path) -> Payload:
        with av.open(str(path)) as container:
            found = [s for s in container.streams if s.type == kind]
            packets = [p for s in found for p in container.demux(s) if p.size]
            heard = [p for p in packets if (p.pts or 0) >= 0]
            return Payload(b"".join(map(bytes, packets)), b"".join(map(bytes, heard)))

    return look


@dataclass(frozen=True, eq=False)
class Payload:
    """Packets; two are the same where only what is before the start is left out."""

    whole: bytes
    heard: bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Payload) and other.whole in (self.whole, self.heard)


def second_film(path: Path) -> int:
    """Packets of a second film."""
    with av.open(str(path)) as container:
        films = container.streams.video
        return sum(1 for p in container.demux(films[1]) if p.size) if len(films) > 1 else 0


def codec_of(kind: str) -> Look:
    """Which codec a stream of a kind has."""

    def look(path: Path) -> str | None:
        with av.open(str(path)) as container:
            found = [s for s in container.streams if s.type == kind]
            return found[0].codec_context.name if found else None

    return look


def timecode(path: Path) -> str | None:
    """Of the first frame."""
    with av.open(str(path)) as container:
        held = [container.metadata, *(s.metadata for s in container.streams)]
        return next((m["timecode"] for m in held if "timecode" in m), None)


def cover(path: Path) -> bytes | None:
    """The attached picture."""
    with av.open(str(path)) as container:
        for stream in container.streams:
            if stream.type == "attachment":
                return bytes(stream.data)
            if stream.type == "video" and stream.disposition & 0x400:
                return next(bytes(p) for p in container.demux(stream) if p.size)
    return None


def with_sound(codec: str, suffix: str, layout: str = "mono", **context: Any) -> Make:
    """Makes a film whose sound has a codec."""

    def make(folder: Path) -> Path:
        film_codec = FITTING.get(suffix, "mpeg4")
        plain_recipe = Recipe(frames=24, codec=film_codec, options={}, time_base=Fraction(1, 24))
        bare = make_film(folder / "bare.nut", plain_recipe)
        path = folder / f"in.{suffix}"
        with av.open(str(bare)) as source, av.open(str(path), "w") as target:
            film = target.add_stream_from_template(source.streams.video[0])
            sound: Any = target.add_stream(codec, rate=48000, layout=layout)
            for name, value in context.items():
                setattr(sound.codec_context, name, value)
            _fill(target, sound, layout)
            _copy(source, target, film)
        return path

    return make


def _copy(source: Any, target: Any, carrier: Any) -> None:
    """All packets of a film."""
    for packet in source.demux(video=0):
        if packet.size:
            packet.stream = carrier
            target.mux(packet)


def _fill(target: Any, sound: Any, layout: str) -> None:
    format_ = sound.codec_context.format.name
    wanted = av.AudioResampler(format_, layout, 48000)
    size = sound.codec_context.frame_size or 1024
    fifo = av.AudioFifo()
    for block in range(48):
        tone = np.sin(np.arange(1000 * block, 1000 * (block + 1)) * 0.05).astype(np.float32) * 0.2
        frame = av.AudioFrame.from_ndarray(tone[None], "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, 1000 * block, Fraction(1, 48000)
        for made in wanted.resample(frame):
            fifo.write(made)
    while block_ := fifo.read(size, partial=True):
        target.mux(sound.encode(block_))
    target.mux(sound.encode(None))


def with_second_film(folder: Path) -> Path:
    """Two films in one file."""
    bare = make_film(folder / "bare.mkv", Recipe(frames=10))
    path = folder / "in.mkv"
    with (
        av.open(str(bare)) as one,
        av.open(str(bare)) as two,
        av.open(str(path), "w") as target,
    ):
        carriers = [target.add_stream_from_template(c.streams.video[0]) for c in (one, two)]
        for container, carrier in zip((one, two), carriers, strict=True):
            _copy(container, target, carrier)
    return path


def with_chapters(folder: Path) -> Path:
    """Two chapters."""
    bare = make_film(folder / "bare.mkv", Recipe(frames=24))
    path = folder / "in.mkv"
    with av.open(str(bare)) as source, av.open(str(path), "w") as target:
        carrier = target.add_stream_from_template(source.streams.video[0])
        half = {"id": 1, "start": 0, "end": 500, "time_base": MILLISECOND}
        rest = {"id": 2, "start": 500, "end": 1000, "time_base": MILLISECOND}
        target.set_chapters(
            [half | {"metadata": {"title": "One"}}, rest | {"metadata": {"title": "Two"}}]
        )
        _copy(source, target, carrier)
    return path


def with_cover(folder: Path) -> Path:
    """A picture that is attached."""
    bare = make_film(folder / "bare.mkv", Recipe(frames=10))
    path = folder / "in.mkv"
    with av.open(str(folder / "c.jpg"), "w", format="image2") as picture:
        stream: Any = picture.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
        picture.mux(stream.encode(av.VideoFrame(32, 32, "yuvj420p")))
        picture.mux(stream.encode(None))
    with av.open(str(bare)) as source, av.open(str(path), "w") as target:
        carrier = target.add_stream_from_template(source.streams.video[0])
        target.add_attachment("cover.jpg", "image/jpeg", (folder / "c.jpg").read_bytes())
        _copy(source, target, carrier)
    return path


PROPERTIES = (
    Property("constant rate, 23.976", plain(pts=range(0, 10010, 1001)), rate, Fraction(1, 100)),
    Property("times of frames, varying rate", plain(frames=8, pts=VARYING), shown, MILLISECOND),
    Property(
        "film and sound that begin late",
        plain(frames=24, pts=range(12000, 36000, 1000), sound=True),
        starts,
        MILLISECOND,
    ),
    Property("how long the last picture stays", plain(), length, 2 * MILLISECOND),
    Property(
        "luma", plain("mkv", codec="ffv1", options={}), decoded_lumas, settings={"lossless": True}
    ),
    Property("10 bits, 4:2:2", plain("mkv", pix_fmt="yuv422p10le"), pixel_format),
    Property(
        "odd width and height",
        plain("mkv", width=63, height=49, pix_fmt="yuv444p"),
        of_frame("width", "height"),
    ),
    Property("pixel aspect", plain("mkv", aspect=Fraction(16, 11)), aspect),
    Property("rotation", plain(turn=(90, False)), geometry),
    Property("mirror", plain(turn=(0, True)), geometry),
    Property("full range", plain("mkv", full_range=True), of_frame("color_range")),
    Property("matrix", plain("mkv", matrix=9), of_frame("colorspace")),
    Property(
        "fields",
        plain(options={"preset": "ultrafast", "x264-params": "tff=1"}),
        of_frame("interlaced_frame"),
    ),
    Property(
        "fields, the bottom one first",
        plain(options={"preset": "ultrafast", "x264-params": "bff=1"}),
        first_field,
    ),
    Property("closed captions", with_captions, captions),
    Property(
        "HDR10's mastering display and light level",
        with_hdr10,
        of_frame_data("CONTENT_LIGHT_LEVEL", "MASTERING_DISPLAY_METADATA"),
    ),
    Property(
        "title and artist",
        plain("mkv", metadata={"title": "Réel", "artist": "Ä"}),
        metadata("title", "artist"),
    ),
    Property("language of the sound", plain(sound=True, sound_codec="libmp3lame"), language),
    Property("chapters", with_chapters, chapters),
    Property("timecode", plain("mov", metadata={"timecode": "10:00:00:00"}), timecode),
    Property("cover", with_cover, cover),
    Property("a second film", with_second_film, second_film),
    Property("subtitles, text", plain("mkv", frames=24, subtitles="subrip"), codec_of("subtitle")),
    Property("sound, AAC", plain(frames=24, sound=True), payload("audio")),
    Property("sound, PCM stereo", with_sound("pcm_s16le", "avi", "stereo"), payload("audio")),
    Property("sound, FLAC", with_sound("flac", "mkv", "stereo"), payload("audio")),
    Property("sound, Opus", with_sound("libopus", "webm", "stereo"), payload("audio")),
    Property("sound, AC-3 5.1", with_sound("ac3", "mkv", "5.1"), payload("audio")),
    Property("sound, MP3", with_sound("libmp3lame", "mp4", "stereo"), payload("audio")),
    Property(
        "sound, WMA", with_sound("wmav2", "wmv", "stereo", bit_rate=128_000), payload("audio")
    ),
    Property("sound, ADPCM", with_sound("adpcm_ms", "avi", "mono"), payload("audio")),
)


def color(plan: Plan) -> None:
    """Encode a plan's frames as they are, and join them: what a job does but for the network."""
    clip, output = plan.clip, plan.output
    with tempfile.TemporaryDirectory() as folder:
        from vidcolor.media.codecs import segment_suffix

        segment = Path(folder) / f"all{segment_suffix(plan.encoder.codec)}"
        with SegmentWriter(segment, clip, plan.encoder) as writer:
            for frame in read_frames(clip):
                writer.write(frame)
        join([segment], [int(clip.pts[0])], clip, output, plan.streams)


def outcome(asked: Property, container: str, folder: Path, model: Path) -> str:
    """What becomes of a property in a container."""
    source = asked.make(folder)
    output = folder / f"out.{container}"
    try:
        settings = ColorizeSettings(model=str(model), threads=2, **asked.settings)
        plan = film_plan(Task(source, output, settings))
    except OutputError:
        return REFUSED
    try:
        color(plan)
    except OutputError:
        return FAILED
    with contextlib.suppress(Exception):
        if same(asked.look(source), asked.look(output), asked.near):
            return KEPT
    sentences = [s for s in plan.notes if s not in plan.clip.repairs]
    if any(re.search("convert|becomes", s) for s in sentences):
        return CONVERTED
    return SAID if sentences else LOST


def same(before: Any, after: Any, near: Fraction) -> bool:
    """Whether two findings agree."""
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(
            same(*pair, near) for pair in zip(before, after, strict=True)
        )
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after)
    if isinstance(before, Fraction) and near:
        return abs(before - after) <= near
    return bool(before == after)


def table(model: Path) -> str:
    """All outcomes, as Markdown."""
    lines = [
        f"| | {' | '.join(f'.{c}' for c in CONTAINERS)} |",
        "|---" * (len(CONTAINERS) + 1) + "|",
    ]
    for asked in PROPERTIES:
        cells = []
        for container in CONTAINERS:
            with tempfile.TemporaryDirectory() as folder:
                cells.append(outcome(asked, container, Path(folder), model))
        lines.append(f"| {asked.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table into the page."""
    from vidcolor.network.registry import find_model

    made = table(find_model("vidcolor-base"))
    text = PAGE.read_text(encoding="utf-8")
    if BEGIN in text:
        head, rest = text.split(BEGIN)
        PAGE.write_text(head + BEGIN + made + END + rest.split(END)[1], encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
