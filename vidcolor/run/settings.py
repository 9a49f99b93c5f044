"""What a user may say of colouring, checked where it is said."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from vidcolor.errors import UsageError
from vidcolor.infer.predictor import STRIDE
from vidcolor.media.frames import Reading
from vidcolor.media.rates import read_rate
from vidcolor.media.sound import SOUND_CHOICES, Sound
from vidcolor.network import registry
from vidcolor.network.config import ModelInfo
from vidcolor.steady.settings import SteadySettings

RESIZE_FIRST = "first"
DISCARD, KEEP_IF_COLORED = "discard", "keep-if-colored"
LEAST_SIZE, LARGEST_SIZE = 64, 1024
CHOOSES_MACHINE = ("device", "backend", "precision")
"""What came of these settings matters, not how it was asked for."""


@dataclass(frozen=True)
class ColorizeSettings:
    """What a user may say of colouring; None leaves the choice to the model or the machine.

    Attributes:
        model: name or path.
        device: auto, cpu, cuda, cuda:N, mps.
        backend: auto, torch, openvino.
        precision: of the network: auto, float32, bf16.
        render_size: short side in pixels the network sees.
        saturation: factor on chroma.
        vividness: inverse temperature of the colour distribution.
        steady: how colour is held still.
        start_s: where to begin, seconds from the first frame.
        duration_s: how much to colour.
        shot: number of the shot to colour alone, from 1 on, as `stills` counts them.
        stream: index of the film's stream in its file, None for the likeliest.
        frame_rate: frames a second of a sequence of pictures, such as "25" or "24000/1001".
        resize: "first" brings pictures of another size or format to those of the first; None
            refuses them.
        codec: FFmpeg encoder.
        pix_fmt: FFmpeg's name of the encoded film's pixel format, None for the source's or the
            nearest that the encoder takes.
        crf: constant quality of the encoder.
        preset: the encoder's own name of a speed.
        lossless: luma bit by bit as in the source.
        tag: whether the metadata of film or photograph name this program.
        threads: CPU threads for network and encoder, 0 for one a core.
        input_chroma: "discard", or "keep-if-colored": shots and photographs that are in colour
            keep theirs.
        sound: "auto": copied where the container holds it, else converted; "copy" or nothing,
            "convert" in any case, "none".
    """

    model: str = registry.DEFAULT_MODEL
    device: str = "auto"
    backend: str = "auto"
    precision: str = "auto"
    render_size: int | None = None
    saturation: float | None = None
    vividness: float = 1.0
    steady: SteadySettings = field(default_factory=SteadySettings)
    start_s: float = 0.0
    duration_s: float | None = None
    shot: int | None = None
    stream: int | None = None
    frame_rate: str | None = None
    resize: str | None = None
    codec: str | None = None
    pix_fmt: str | None = None
    crf: int | None = None
    preset: str | None = None
    lossless: bool = False
    tag: bool = True
    threads: int = 0
    input_chroma: str = DISCARD
    sound: Sound = "auto"

    def __post_init__(self) -> None:
        if self.saturation is not None and not 0 <= self.saturation <= 10:
            raise UsageError(
                f"`saturation={self.saturation:g}` is out of range.", "Give 0 (grey) to 10."
            )
        if self.input_chroma not in (DISCARD, KEEP_IF_COLORED):
            raise UsageError(
                f"`input_chroma={self.input_chroma}` is unknown.",
                f"Give {DISCARD} or {KEEP_IF_COLORED}.",
            )
        if self.sound not in SOUND_CHOICES:
            raise UsageError(
                f"`sound={self.sound}` is unknown.", f"Give one of {', '.join(SOUND_CHOICES)}."
            )
        if self.resize not in (None, RESIZE_FIRST):
            raise UsageError(f"`resize={self.resize}` is unknown.", f"Give {RESIZE_FIRST}.")
        size = self.render_size
        if size is not None and (not LEAST_SIZE <= size <= LARGEST_SIZE or size % STRIDE):
            raise UsageError(
                f"`render_size={size}` cannot be used.",
                f"Give a multiple of {STRIDE} from {LEAST_SIZE} to {LARGEST_SIZE}.",
            )
        if self.frame_rate is not None and read_rate(self.frame_rate) is None:
            raise UsageError(
                f"`frame_rate={self.frame_rate}` is no rate.",
                "Give frames a second, such as 24, 23.976 or 24000/1001.",
            )
        if self.start_s < 0 or (self.duration_s is not None and self.duration_s <= 0):
            raise UsageError(
                "`start_s` must not be negative and `duration_s` must be positive.",
                "Give seconds, such as `start_s=60` and `duration_s=10`.",
            )
        if self.shot is not None and (self.start_s or self.duration_s is not None):
            raise UsageError(
                f"`shot={self.shot}` is a part of the film, and so are `start_s` and `duration_s`.",
                "Give either the shot or the time.",
            )
        if self.shot is not None and self.shot < 1:
            raise UsageError(f"`shot={self.shot}` is no shot.", "Give 1, 2, 3 ...")

    @property
    def reading(self) -> Reading:
        """How the source is to be taken."""
        rate = None if self.frame_rate is None else read_rate(self.frame_rate)
        return Reading(rate, self.stream, self.resize == RESIZE_FIRST)

    @property
    def keeps_own(self) -> bool:
        """Whether shots that are in colour already stay as they are."""
        return self.input_chroma == KEEP_IF_COLORED

    @property
    def fits(self) -> bool:
        """Whether pictures of another size or format are brought to the first's."""
        return self.resize == RESIZE_FIRST

    def of_films_alone(self) -> tuple[str, ...]:
        """A sentence on what is set and means nothing for a photograph."""
        films = (
            "start_s",
            "duration_s",
            "shot",
            "codec",
            "pix_fmt",
            "crf",
            "preset",
            "lossless",
            "sound",
            "resize",
        )
        plain = {entry.name: entry.default for entry in fields(self)}
        given = [name for name in films if getattr(self, name) != plain[name]]
        words = [f"`{name}`" for name in given]
        if not words:
            return ()
        return (f"{', '.join(words)} mean{'s' * (len(words) == 1)} nothing for a photograph",)

    def for_model(self, info: ModelInfo, size: int | None = None) -> ResolvedSettings:
        """With the model's own choices where the user made none.

        Args:
            info: of the model.
            size: its choice of `render_size`; None for that of films.
        """
        given = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        given["render_size"] = self.render_size or size or info.working_size
        given["saturation"] = info.saturation if self.saturation is None else self.saturation
        return ResolvedSettings(**given)


@dataclass(frozen=True)
class ResolvedSettings(ColorizeSettings):
    """Settings in which nothing is left open to the model."""

    render_size: int = 0
    saturation: float = 0.0
