"""`vidcolor colorize IN OUT`: options to settings, progress and results to words."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidcolor import __version__
from vidcolor.cli.interrupt import may_be_interrupted
from vidcolor.cli.options import grouped

if TYPE_CHECKING:
    from vidcolor.infer.predictor import Predictor
    from vidcolor.run.plan import ColorizeSettings, Plan

PLAIN_EVERY_S = 30.0


@dataclasses.dataclass(frozen=True)
class Talk:
    """How much is said."""

    quiet: bool
    verbose: bool
    as_json: bool

    def say(self, line: str) -> None:
        """A line for people, on stderr."""
        if not self.quiet:
            click.echo(line, err=True)

    def detail(self, line: str) -> None:
        """A line for those who asked for more."""
        if self.verbose and not self.quiet:
            click.echo(line, err=True)


@click.command(cls=grouped)
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option(
    "--start",
    "start_s",
    type=float,
    default=0.0,
    show_default=True,
    help="[What] Begin here, in seconds: a preview before hours of work.",
)
@click.option(
    "--duration",
    "duration_s",
    type=float,
    show_default="to the end",
    help="[What] Colour this many seconds.",
)
@click.option(
    "--reference",
    "references",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="[Direct] Stills in colour, law for their shots: ref_000040.png is of frame 40, "
    "00-01-23.png of that time, others are looked for. Transparent means: not meant.",
)
@click.option(
    "--hints",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="[Direct] Dots and strokes: JSON, CSV, or transparent pictures hint_000040.png.",
)
@click.option(
    "--reach",
    type=click.Choice(["shot", "scene", "film"]),
    default="shot",
    show_default=True,
    help="[Direct] How far stills give their colour.",
)
@click.option(
    "--model",
    default="vidcolor-base",
    show_default=True,
    help="[Colour] Name of a shipped model, or path of a .safetensors file.",
)
@click.option(
    "--saturation",
    type=float,
    show_default="the model's",
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
    show_default="the model's",
    help="[Colour] Short side in pixels that the network sees; a multiple of 32.",
)
@click.option(
    "--input-chroma",
    type=click.Choice(["discard", "keep-if-colored"]),
    default="discard",
    show_default=True,
    help="[Colour] What becomes of a film's shots that are in colour already: coloured anew, or"
    " kept bit by bit. Tinted, toned and tainted shots are not in colour.",
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
    "--flow",
    type=click.Choice(["dis", "raft"]),
    default="dis",
    show_default=True,
    help="[Steadiness] What follows motion; raft is slow and needs its weights in TORCH_HOME.",
)
@click.option(
    "--codec",
    show_default="by container",
    help="[Output] FFmpeg encoder, such as libx264, libx265, libsvtav1, ffv1.",
)
@click.option(
    "--crf",
    type=int,
    show_default="the encoder's",
    help="[Output] Constant quality; lower is better and larger.",
)
@click.option("--preset", show_default="the encoder's", help="[Output] The encoder's speed.")
@click.option("--lossless", is_flag=True, help="[Output] Luma comes back bit by bit.")
@click.option("--overwrite", is_flag=True, help="[Output] Replace an existing output.")
@click.option(
    "--restart",
    is_flag=True,
    help="[Output] Begin anew where an unfinished job has other settings.",
)
@click.option(
    "--keep-job", is_flag=True, help="[Output] Leave the folder of segments when all is done."
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
def colorize(source: Path, output: Path, **options: Any) -> None:
    """Colour SOURCE, a film or a photograph, into OUTPUT.

    All that is not the picture's colour is kept: luma, time stamps, sound, subtitles, metadata.
    """
    from vidcolor.direct.prepare import Request
    from vidcolor.infer.choose import load_predictor
    from vidcolor.run.cluster import Cluster, Where
    from vidcolor.run.one import Task, colorize_file

    talk = Talk(options["quiet"], options["verbose"], options["as_json"])
    level = logging.ERROR if talk.quiet else logging.WARNING
    logging.basicConfig(format="%(message)s", level=level)
    settings = settings_of(options)
    overwrite, restart, keep_job = (
        bool(options[name]) for name in ("overwrite", "restart", "keep_job")
    )
    request = Request(options["references"], options["hints"], options["reach"])
    began = time.perf_counter()

    def load() -> Predictor:
        if options["cluster"]:
            return Cluster(Where(options["cluster"]), settings)
        return load_predictor(
            settings.model, settings.device, settings.backend, settings.vividness, settings.threads
        )

    with may_be_interrupted(), _Voice(talk) as voice:
        task = Task(source, output, settings, overwrite, restart, keep_job, request)
        outcome = colorize_file(task, load, voice)
    seconds = round(time.perf_counter() - began, 3)
    _close({"output": str(output), **dataclasses.asdict(outcome), "seconds": seconds}, talk)


def settings_of(options: dict[str, Any]) -> ColorizeSettings:
    """Settings from the options' values by name; raises UsageError where one cannot be used."""
    from vidcolor.errors import UsageError
    from vidcolor.run.plan import ColorizeSettings
    from vidcolor.steady.settle import SteadySettings

    every = options["every"]
    if every != "auto" and not (every.isdigit() and int(every) > 0):
        raise UsageError(f"--every {every} cannot be used.", "Give 1, 2, 3 ... or auto.")
    steady = SteadySettings(
        strength=options["steady"],
        every=None if every == "auto" else int(every),
        flow=options["flow"],
    )
    names = {field.name for field in dataclasses.fields(ColorizeSettings)}
    given = {key: value for key, value in options.items() if key in names}
    given |= {"steady": steady, "tag": not options["no_tag"]}
    return ColorizeSettings(**given)


class _Voice:
    """Says what `colorize_file` tells."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._bar: Bar | None = None

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
        _describe(plan, self._talk)

    def note(self, sentence: str) -> None:
        """A line of its own."""
        line = f"note: {sentence}"
        if self._bar:
            self._bar.say(line)
        else:
            self._talk.say(line)

    def begun(self, frames: int) -> None:
        """The bar appears."""
        self._bar = Bar(frames, self._talk)

    def progress(self, frames: float, limit: str) -> None:
        """The bar moves."""
        if self._bar:
            self._bar.update(frames, limit)


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
    rate = frames / seconds if seconds else 0.0
    result["fps"] = round(rate, 2)
    stages = result.get("stages", {})
    where = ", ".join(f"{name} {spent:.1f} s" for name, spent in stages.items())
    resumed = f" ({result['resumed']} from an earlier run)" if result.get("resumed") else ""
    talk.say(
        f"{result['output']}: {frames} frame{'s' * (frames != 1)}{resumed} in {seconds:.1f} s, "
        f"{rate:.1f} fps" + (f" (stages overlap: {where})" if where else "")
    )
    if talk.as_json:
        click.echo(json.dumps(result))


class Bar:
    """Progress on stderr: a bar on a terminal, a line every half minute elsewhere."""

    def __init__(self, frames: int, talk: Talk) -> None:
        from tqdm import tqdm

        self._terminal = sys.stderr.isatty()
        self._talk = talk
        self._last = time.monotonic()
        self._bar = tqdm(
            total=frames,
            unit=" frames",
            disable=talk.quiet or not self._terminal,
            bar_format="{percentage:3.0f}%|{bar}| {n:.0f}/{total} frames, "
            "{rate_noinv_fmt}, {remaining} left{postfix}",
        )
        self._frames, self._done = frames, 0.0

    def close(self) -> None:
        """Leave the line as it is."""
        self._bar.close()

    def say(self, line: str) -> None:
        """A line above the bar."""
        if self._terminal and not self._talk.quiet:
            self._bar.write(line, file=sys.stderr)
        else:
            self._talk.say(line)

    def update(self, frames: float, limit: str) -> None:
        """Count frames; name the stage that is the limit so far."""
        self._done += frames
        if limit:
            self._bar.set_postfix_str(f"limit: {limit}", refresh=False)
        self._bar.update(frames)
        now = time.monotonic()
        if not self._terminal and now - self._last >= PLAIN_EVERY_S:
            self._last = now
            self._talk.say(f"{self._done:.0f} of {self._frames} frames, limit: {limit}")
