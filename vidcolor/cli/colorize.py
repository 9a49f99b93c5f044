"""`vidcolor colorize IN OUT`: options to settings, progress and results to words."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidcolor import __version__
from vidcolor.cli.interrupt import may_be_interrupted
from vidcolor.cli.options import ANY_PATH, Dot, Rate, Time, grouped
from vidcolor.cli.talk import Bar, Talk
from vidcolor.errors import as_flags

if TYPE_CHECKING:
    from vidcolor.run.executor import Executor
    from vidcolor.run.one import Outcome
    from vidcolor.run.pipe import Ends
    from vidcolor.run.plan import Plan
    from vidcolor.run.settings import ColorizeSettings

DIRECTIONS = ("references", "hints", "reach", "strokes", "per_shot")
"""Options that direct the colour."""


@click.command(cls=grouped)
@click.argument("files", nargs=-1, required=True, metavar="SOURCE OUTPUT")
@click.option(
    "--start",
    "start_s",
    type=Time(),
    default=0.0,
    show_default="0:00",
    help="[What] Begin here, 90 or 1:30: a preview before hours of work.",
)
@click.option(
    "--duration",
    "duration_s",
    type=Time(),
    show_default="to the end",
    help="[What] Colour so much, 10 or 0:10.",
)
@click.option(
    "--shot",
    type=click.IntRange(1),
    metavar="N",
    show_default="all of them",
    help="[What] Colour this shot alone, by its number on the sheet of `vidcolor stills`.",
)
@click.option(
    "--stream",
    type=click.IntRange(0),
    metavar="N",
    show_default="the default one, then the largest",
    help="[What] Which video stream is the film, by its number in ffprobe.",
)
@click.option(
    "--page",
    type=click.IntRange(1),
    show_default="all of them to .tif, else the first",
    help="[What] Colour only this page of a TIFF.",
)
@click.option(
    "--frame-rate",
    type=Rate(),
    metavar="R",
    show_default="that of DPX files, else 24",
    help="[What] Frames a second of numbered pictures: 25, 23.976, 24000/1001.",
)
@click.option(
    "--resize",
    type=click.Choice(["first"]),
    show_default="such a film is refused",
    help="[What] Where the picture's size changes midway, bring every frame to the first size, "
    "with black bars where its shape is another.",
)
@click.option(
    "--reference",
    "references",
    multiple=True,
    type=ANY_PATH,
    metavar="FILE|DIR",
    help="[Direct] Stills in colour, law for their shots: ref_000040.png is of frame 40, "
    "00-01-23.png of that time, others are looked for. Transparent means: not meant.",
)
@click.option(
    "--hints",
    multiple=True,
    type=ANY_PATH,
    metavar="FILE|DIR",
    help="[Direct] Dots and strokes: JSON, CSV, or transparent pictures hint_000040.png.",
)
@click.option(
    "--hint",
    "strokes",
    multiple=True,
    type=Dot(),
    metavar="[PLACE:]X,Y[,RADIUS]=COLOUR",
    help="[Direct] One dot without a file, as often as wanted: 194:470,260=navy on frame 194,"
    " 0:07.7:470,260=#203050 at that time; of a photograph 470,260=navy.",
)
@click.option(
    "--reach",
    type=click.Choice(["shot", "scene", "film"]),
    default="shot",
    show_default=True,
    help="[Direct] How far stills give their colour.",
)
@click.option(
    "--per-shot",
    type=ANY_PATH,
    metavar="FILE",
    help="[Direct] How single shots are to look: the JSON of `vidcolor shots --json`, with "
    "saturation, vividness, steady or leave written into shots.",
)
@click.option(
    "--model",
    default="vidcolor-base",
    show_default=True,
    help="[Colour] Name of a shipped model, a .safetensors file, or a run's folder.",
)
@click.option(
    "--saturation",
    type=float,
    show_default="1.3; of other models, their own",
    help="[Colour] Factor on colour: 0 is grey.",
)
@click.option(
    "--vividness",
    type=float,
    default=1.0,
    show_default=True,
    help="[Colour] Above 1 the likeliest colour counts more, below 1 the mean.",
)
@click.option(
    "--render-size",
    type=int,
    show_default="192, for photographs 256; of other models, their own",
    help="[Colour] Short side in pixels that the network sees; a multiple of 32.",
)
@click.option(
    "--input-chroma",
    type=click.Choice(["discard", "keep-if-colored"]),
    default="discard",
    show_default=True,
    help="[Colour] What becomes of shots and photographs that are in colour already: coloured anew,"
    " or kept bit by bit. What is tinted, toned or tainted is not in colour.",
)
@click.option(
    "--steady",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="[Steadiness] How far colour is held still: 0 colours each frame alone.",
)
@click.option(
    "--every",
    default="auto",
    show_default=True,
    metavar="N|auto",
    help="[Steadiness] The network runs on every Nth frame.",
)
@click.option(
    "--looks",
    type=click.IntRange(1, 2),
    default=1,
    show_default=True,
    help="[Steadiness] 2: of each frame that it is asked for the network sees the mirror image too,"
    " as of photographs, and the mean counts; its part of the work doubles.",
)
@click.option(
    "--flow",
    type=click.Choice(["dis", "raft"]),
    default="dis",
    show_default=True,
    help="[Steadiness] What follows motion; raft is slow and needs its weights in TORCH_HOME.",
)
@click.option(
    "--codec",
    show_default="libx264; for HDR libx265, in .webm libvpx-vp9",
    help="[Output] FFmpeg encoder, such as libx264, libx265, libsvtav1, ffv1, h264_nvenc.",
)
@click.option(
    "--pix-fmt",
    metavar="NAME",
    show_default="the source's, or the nearest that the encoder takes",
    help="[Output] Pixel format of the film, of no fewer bits and no less chroma than the source"
    " has, such as yuv422p10le; luma stays the same.",
)
@click.option(
    "--crf",
    type=int,
    show_default="libx264 17, libx265 18, libsvtav1 24, libvpx-vp9 24, h264_nvenc 19",
    help="[Output] Constant quality; lower is better and larger.",
)
@click.option(
    "--preset",
    show_default="libx264 veryfast, libx265 medium, libsvtav1 7",
    help="[Output] The encoder's speed, by its own names.",
)
@click.option(
    "--sound",
    type=click.Choice(["auto", "copy", "convert", "none"]),
    default="auto",
    show_default=True,
    help="[Output] What becomes of sound: auto copies it where the container can hold it and"
    " converts it where not, and says so; copy refuses instead.",
)
@click.option("--lossless", is_flag=True, help="[Output] Luma comes back bit by bit.")
@click.option(
    "--container",
    metavar="NAME",
    show_default="mkv, of a photograph png",
    help="[Output] Of what goes to standard output: mkv, nut, y4m, mp4, png, tif ...",
)
@click.option("--overwrite", is_flag=True, help="[Output] Replace an existing output.")
@click.option(
    "--restart",
    is_flag=True,
    help="[Output] Begin anew where an unfinished job has other settings.",
)
@click.option(
    "--keep-job",
    is_flag=True,
    help="[Output] Leave the folder of segments when all is done, one of each shot: what is said of"
    " a shot later costs that shot alone.",
)
@click.option(
    "--no-tag",
    is_flag=True,
    help="[Output] Leave the note on program and settings out of the metadata.",
)
@click.option(
    "--device",
    default="auto",
    show_default=True,
    metavar="auto|cpu|cuda[:N]|mps",
    help="[Machine] Where the network runs.",
)
@click.option(
    "--backend",
    type=click.Choice(["auto", "torch", "openvino"]),
    default="auto",
    show_default=True,
    help="[Machine] What runs it.",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bf16"]),
    default="auto",
    show_default="bf16 where the processor has it, float16 on CUDA",
    help="[Machine] Of the network.",
)
@click.option(
    "--threads",
    type=click.IntRange(0),
    default=0,
    show_default="one a core",
    help="[Machine] CPU threads.",
)
@click.option(
    "--cluster",
    metavar="auto|ADDRESS",
    show_default="this machine alone",
    help="[Machine] A Ray cluster that colours and encodes; see docs/cluster.md.",
)
@click.option("--quiet", is_flag=True, help="[Words] Say nothing but errors.")
@click.option("--verbose", is_flag=True, help="[Words] Say more.")
@click.option("--json", "as_json", is_flag=True, help="[Words] Print one JSON object at the end.")
def colorize(files: Sequence[str], **options: Any) -> None:
    """Colour SOURCE, a film or a photograph, into OUTPUT, a file or a folder that exists.

    Either may be - for standard input and output. All that is not the picture's colour is kept:
    luma, time stamps, sound, subtitles, metadata.
    """
    from vidcolor.media.sequence import check_rate

    ends = _ends(files, options["container"])
    _check_json(ends, options["as_json"])
    check_rate(Path(ends.source), options["frame_rate"])
    talk = Talk(options["quiet"], options["verbose"], options["as_json"])
    level = logging.ERROR if talk.quiet else logging.WARNING
    logging.basicConfig(format="%(message)s", level=level)
    settings = settings_of(options)
    began = time.perf_counter()
    talk.machine(options)
    with _executor(settings, options["cluster"], talk) as load:
        done = _colored(ends, settings, load, talk, options)
    seconds = round(time.perf_counter() - began, 3)
    _close({"output": ends.output, **dataclasses.asdict(done), "seconds": seconds}, talk)


@contextmanager
def _executor(
    settings: ColorizeSettings, cluster: str | None, talk: Talk
) -> Iterator[Callable[[], Executor]]:
    """What gives what colours, once it is asked for."""
    if cluster:
        from vidcolor.run.cluster import Cluster
        from vidcolor.run.painters import Where

        yield lambda: Cluster(Where(cluster), settings)
        return
    with talk.loading(settings) as load:
        from vidcolor.run.here import Here

        yield lambda: Here(load())


def _colored(
    ends: Ends,
    settings: ColorizeSettings,
    load: Callable[[], Executor],
    talk: Talk,
    options: Mapping[str, Any],
) -> Outcome:
    from vidcolor.direct.prepare import Request
    from vidcolor.run.one import Task, colorize_file
    from vidcolor.run.pipe import default_codec, piped

    overwrite, restart, keep_job = (
        bool(options[name]) for name in ("overwrite", "restart", "keep_job")
    )
    request = Request(**{name: options[name] for name in DIRECTIONS})
    voice = _Voice(talk, ends)
    with (
        may_be_interrupted(voice.left),
        voice,
        piped(ends, talk.counting) as (source, output),
    ):
        codec = settings.codec or default_codec(ends, output)
        settings = dataclasses.replace(settings, codec=codec)
        task = Task(
            source, output, settings, overwrite, restart, keep_job, request, options["page"]
        )
        return colorize_file(task, load, voice)


def _check_json(ends: Ends, as_json: bool) -> None:
    from vidcolor.errors import UsageError

    if ends.writes and as_json:
        raise UsageError(
            "--json and the film cannot both go to standard output.", "Leave one of them out."
        )


def _ends(files: Sequence[str], container: str | None) -> Ends:
    """Source and output; raises UsageError or InputError where it is not one of each."""
    from vidcolor.errors import InputError, UsageError
    from vidcolor.run.inputs import is_film_in_pictures, output_in
    from vidcolor.run.pipe import Ends

    if len(files) < 2:
        remedy = f"Give it behind the source: vidcolor colorize {shlex.quote(files[0])} out.mp4"
        raise UsageError("The output is missing.", remedy)
    source, output = files[0], files[-1]
    many = f"For many files there is: {shlex.join(['vidcolor', 'batch', *files])}"
    if len(files) > 2:
        quoted = "; a pattern for one film of numbered pictures needs quotes: 'scan/*.png'"
        raise UsageError(
            f"Given are {len(files)} names, not one source and one output.", many + quoted
        )
    # Path's own raises where the name is too long.
    if os.path.isdir(source) and not is_film_in_pictures(Path(source), Path(output)):  # noqa: PTH112
        raise InputError(f"The source {source} is a folder.", many)
    if os.path.isdir(output):  # noqa: PTH112
        output = str(output_in(Path(output), Path(source)))
    return Ends(source, output, container)


def settings_of(options: dict[str, Any]) -> ColorizeSettings:
    """Settings from the options' values by name; raises UsageError where one cannot be used."""
    from vidcolor.run.settings import ColorizeSettings
    from vidcolor.steady.settings import SteadySettings

    steady = SteadySettings(
        strength=options["steady"],
        every=every_of(options["every"]),
        looks=options["looks"],
        flow=options["flow"],
    )
    names = {field.name for field in dataclasses.fields(ColorizeSettings)}
    given = {key: value for key, value in options.items() if key in names}
    given |= {"steady": steady, "tag": not options["no_tag"]}
    return ColorizeSettings(**given)


def every_of(text: str) -> int | None:
    """What --every says; None is auto. Raises UsageError where it cannot be used."""
    from vidcolor.errors import UsageError

    if text != "auto" and not (text.isdigit() and int(text) > 0):
        raise UsageError(f"--every {text} cannot be used.", "Give 1, 2, 3 ... or auto.")
    return None if text == "auto" else int(text)


class _Voice:
    """Says what `colorize_file` tells."""

    def __init__(self, talk: Talk, ends: Ends) -> None:
        self._talk, self._ends = talk, ends
        self._bar: Bar | None = None
        self._frames = self._kept = 0

    def __enter__(self) -> _Voice:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.close()

    def opened(self, device: str, model: str, size: str) -> None:
        """The first line."""
        self._talk.say(f"vidcolor {__version__}: {device}; model {model}; working size {size}")

    def planned(self, plan: Plan) -> None:
        """What was chosen."""
        self._frames = plan.count
        if self._ends.container == "y4m" and plan.clip.other_streams:
            self.note("y4m holds the picture alone; sound and all other streams are left out")
        _describe(plan, self._talk)

    def note(self, sentence: str) -> None:
        """A line of its own."""
        line = f"note: {sentence}"
        if self._bar:
            self._bar.say(line)
        else:
            self._talk.say(line)

    def begun(self, frames: int, standing: int) -> None:
        """The bar appears."""
        self._bar = Bar(frames, standing, self._talk)

    def progress(self, frames: float, limit: str) -> None:
        """The bar moves."""
        if self._bar:
            self._bar.update(frames, limit)

    def kept(self, frames: int) -> None:
        """Remembered for `left`."""
        self._kept = frames

    def left(self) -> str:
        """What an interruption leaves, and what the same command is good for then."""
        if not self._frames:
            return "nothing was written. Again"
        if self._ends.writes:
            return "nothing is kept of what goes to standard output. Again"
        if not self._kept:
            return "nothing is kept yet. Again"
        return f"{self._kept} of {self._frames} frames are kept. To go on"


def _describe(plan: Plan, talk: Talk) -> None:
    clip = plan.clip
    talk.detail(
        f"source: {clip.codec} {clip.width}x{clip.height} {clip.pixel_format}, "
        f"{clip.frame_count} frames, {clip.duration_s:.2f} s, matrix {clip.resolved_matrix()}, "
        f"{'full' if clip.full_range else 'limited'} range"
    )
    talk.detail(f"encoder: {plan.encoder}")
    talk.detail(f"settings: {plan.settings}")


def _close(result: dict[str, Any], talk: Talk) -> None:
    frames, seconds = result["frames"], result["seconds"]
    rate = (frames - result["resumed"]) / seconds if seconds else 0.0
    result["fps"] = round(rate, 2)
    stages = result.get("stages", {})
    where = ", ".join(f"{name} {spent:.1f} s" for name, spent in stages.items())
    for said in result["said"]:
        talk.detail(said["words"])
    resumed = f" ({result['resumed']} from an earlier run)" if result["resumed"] else ""
    talk.say(
        f"{result['output']}: {frames} frame{'s' * (frames != 1)}{resumed} in {seconds:.1f} s, "
        f"{rate:.1f} fps" + (f" (stages overlap: {where})" if where else "")
    )
    if talk.as_json:
        result["notes"] = [as_flags(note) for note in result["notes"]]
        click.echo(json.dumps(result))
