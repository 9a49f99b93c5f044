"""`vidcolor colorize IN OUT`: options to settings, progress and results to words."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidcolor import __version__
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
@click.option("--quiet", is_flag=True, help="[Words] Say nothing but errors.")
@click.option("--verbose", is_flag=True, help="[Words] Say more.")
@click.option("--json", "as_json", is_flag=True, help="[Words] Print one JSON object at the end.")
def colorize(source: Path, output: Path, **options: Any) -> None:
    """Colour SOURCE, a film or a photograph, into OUTPUT.

    All that is not the picture's colour is kept: luma, time stamps, sound, subtitles, metadata.
    """
    from vidcolor.infer.choose import load_predictor
    from vidcolor.media.probe import kind_of
    from vidcolor.run.plan import check_output

    talk = Talk(options["quiet"], options["verbose"], options["as_json"])
    level = logging.ERROR if talk.quiet else logging.WARNING
    logging.basicConfig(format="%(message)s", level=level)
    settings = _settings(options)
    kind = kind_of(source)
    check_output(source, output, options["overwrite"])
    began = time.perf_counter()

    def predictor() -> Predictor:
        return load_predictor(
            settings.model, settings.device, settings.backend, settings.vividness, settings.threads
        )

    if kind == "picture":
        result = _color_picture(source, output, settings, predictor(), talk)
    else:
        result = _color_clip(source, output, settings, predictor, options["restart"], talk)
    result = {"output": str(output), **result, "seconds": round(time.perf_counter() - began, 3)}
    _close(result, talk)


def _settings(options: dict[str, Any]) -> ColorizeSettings:
    from vidcolor.errors import UsageError
    from vidcolor.run.plan import ColorizeSettings
    from vidcolor.steady.settle import SteadySettings

    every = options["every"]
    if every != "auto" and not (every.isdigit() and int(every) > 0):
        raise UsageError(f"--every {every} cannot be used.", "Give 1, 2, 3 ... or auto.")
    steady = SteadySettings(
        strength=options["steady"], every=None if every == "auto" else int(every)
    )
    names = {field.name for field in dataclasses.fields(ColorizeSettings)}
    given = {key: value for key, value in options.items() if key in names}
    given |= {"steady": steady, "tag": not options["no_tag"]}
    return ColorizeSettings(**given)


def _color_picture(
    source: Path, output: Path, settings: ColorizeSettings, predictor: Predictor, talk: Talk
) -> dict[str, Any]:
    from vidcolor.media.picture import check_picture_output
    from vidcolor.network import shelf
    from vidcolor.run.still import colorize_picture

    check_picture_output(output)
    info = shelf.load_info(shelf.find_model(settings.model))
    size = settings.render_size or info.still_size
    saturation = info.saturation if settings.saturation is None else settings.saturation
    talk.say(_opening(predictor.description, settings.model, f"short side {size}"))
    colorize_picture(source, output, predictor, size, saturation)
    return {"frames": 1, "device": predictor.description, "model": settings.model}


def _color_clip(
    source: Path,
    output: Path,
    settings: ColorizeSettings,
    load: Any,
    restart: bool,
    talk: Talk,
) -> dict[str, Any]:
    from vidcolor.media.probe import probe
    from vidcolor.run.job import JobFolder, run_job
    from vidcolor.run.plan import make_plan

    clip = probe(source)
    plan = make_plan(clip, output, settings, settings.threads or os.cpu_count() or 1)
    predictor = load()
    height, width = plan.working_shape
    talk.say(_opening(predictor.description, plan.settings.model, f"{width}x{height}"))
    for sentence in (*clip.repairs, *(s.sentence for s in plan.streams if s.sentence)):
        talk.say(f"note: {sentence}")
    _describe(plan, talk)
    folder = JobFolder(plan, predictor.description, restart)
    with _Bar(plan.count, talk) as bar:
        done = run_job(plan, predictor, folder, bar.update)
    stages = {name: round(spent, 3) for name, spent in sorted(done.timings.seconds.items())}
    return {
        "frames": done.frames,
        "resumed": done.resumed,
        "device": predictor.description,
        "model": plan.settings.model,
        "encoder": plan.encoder.codec,
        "stages": stages,
    }


def _opening(device: str, model: str, size: str) -> str:
    return f"vidcolor {__version__}: {device}; model {model}; working size {size}"


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


class _Bar:
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

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

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
