"""What is to be done with one clip: found out and checked before any work, then frozen."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from vidcolor import __version__
from vidcolor.color.convert import SampleSpec
from vidcolor.direct.direction import Direction
from vidcolor.direct.looks import ShotLook
from vidcolor.errors import UsageError
from vidcolor.media.clip import ClipInfo, EncoderSettings
from vidcolor.media.codecs import losses, segment_suffix
from vidcolor.media.encode import choose_encoder
from vidcolor.media.formats import as_encoded, raising_note
from vidcolor.media.frame_file import is_of_pictures
from vidcolor.media.stream_plans import plan_streams
from vidcolor.media.streams import StreamPlan
from vidcolor.media.trial import try_join
from vidcolor.network import registry
from vidcolor.run import pictures
from vidcolor.run.changes import change_notes, check_changes
from vidcolor.run.film import Film
from vidcolor.run.identity import Identity, identify
from vidcolor.run.settings import CHOOSES_MACHINE, ColorizeSettings, ResolvedSettings
from vidcolor.steady.raft import find_weights


@dataclass(frozen=True, eq=False)
class Plan:
    """One clip's work.

    Attributes:
        clip: the source.
        output: the film to be made, or the pattern of its pictures.
        settings: as the model completes them.
        encoder: how every segment is encoded.
        streams: what becomes of all else in the file.
        first: index of the first frame to colour.
        count: how many frames.
        model_hash: sha256 of the weights.
        source: which file the clip was.
        losses: sentences on what the output cannot carry.
        direction: what people say about its colour; no part of the fingerprint, because each
            segment knows what of it reached it.
    """

    clip: ClipInfo
    output: Path
    settings: ResolvedSettings
    encoder: EncoderSettings
    streams: tuple[StreamPlan, ...]
    first: int
    count: int
    model_hash: str
    source: Identity
    losses: tuple[str, ...] = ()
    direction: Direction = field(default_factory=Direction)

    def looking(self, look: ShotLook | None) -> ResolvedSettings:
        """The settings of a shot."""
        settings = self.settings
        if look is None:
            return settings
        saturation = settings.saturation if look.saturation is None else look.saturation
        strength = settings.steady.strength if look.steady is None else look.steady
        steady = replace(settings.steady, strength=strength)
        return replace(settings, saturation=saturation, steady=steady)

    @property
    def film(self) -> Film:
        """The film as the network sees it."""
        threads = self.settings.threads
        return Film(self.clip, self.settings.render_size, self.first, self.count, threads)

    @property
    def encoded_spec(self) -> SampleSpec:
        """What the numbers of the planes mean that are encoded."""
        made = as_encoded(self.clip, self.encoder.codec, self.encoder.pixel_format)
        return replace(self.film.spec, depth=made.depth, full_range=made.full_range)

    @property
    def segment_suffix(self) -> str:
        """Of a segment's file, or folder where it is pictures."""
        if self.encoder.pictures:
            return pictures.SEGMENT_SUFFIX
        return segment_suffix(self.encoder.codec)

    @property
    def is_part(self) -> bool:
        """Whether only a part of the film is coloured."""
        return self.count < self.clip.frame_count

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what is mended, converted or left out."""
        changes = change_notes(self.clip, self.first, self.count)
        others = tuple(stream.sentence for stream in self.streams if stream.sentence)
        raised = raising_note(self.clip, self.encoder)
        return self.clip.repairs + raised + changes + others + self.losses

    @property
    def tag(self) -> str | None:
        """A line about this program for the film's metadata, or None."""
        settings = self.settings
        if not settings.tag:
            return None
        return f"{tag_of(settings, self.model_hash)}, steady {settings.steady.strength:g}"

    def fingerprint(self, machine: str) -> dict[str, object]:
        """All that the packets of a segment depend on, for a job to be gone on with.

        Args:
            machine: device, backend and precision.
        """
        settings = asdict(self.settings)
        return {
            "version": __version__,
            "source": asdict(self.source),
            "settings": {name: settings[name] for name in settings if name not in CHOOSES_MACHINE},
            "encoder": json.loads(json.dumps(asdict(self.encoder))),
            "frames": [self.first, self.count],
            "model": self.model_hash,
            "machine": machine,
        }


def tag_of(settings: ResolvedSettings, model_hash: str) -> str:
    """A line about this program and how it colours, for the metadata of films and photographs.

    Args:
        settings: of the run.
        model_hash: sha256 of the weights.
    """
    s = settings
    model = os.fsencode(s.model).decode(errors="replace")
    return (
        f"Coloured by vidcolor {__version__}, model {model} ({model_hash[:12]}), "
        f"size {s.render_size}, saturation {s.saturation:g}, vividness {s.vividness:g}"
    )


def make_plan(
    clip: ClipInfo,
    output: Path,
    settings: ColorizeSettings,
    threads: int,
    source: Identity | None = None,
    frames: range | None = None,
) -> Plan:
    """Check everything that can be checked before the work.

    Args:
        clip: from `probe`.
        output: its suffix says the container; a pattern such as out/%05d.png, the pictures.
        settings: what the user asked for.
        threads: for the encoder.
        source: which file the clip was when it was probed; None looks now.
        frames: which are to be coloured; None leaves it to the settings.

    Raises:
        UsageError, OutputError, ModelError, InputError: as the parts of the plan say.
    """
    path = registry.find_model(settings.model)
    info = registry.load_info(path)
    if settings.steady.flow == "raft":
        find_weights()
    first, count = (frames.start, len(frames)) if frames else _range(clip, settings)
    check_changes(clip, first, count)
    encoder, streams, lost = _made_of(clip, output, settings, threads)
    return Plan(
        clip=clip,
        output=output,
        settings=settings.for_model(info),
        encoder=encoder,
        streams=streams,
        first=first,
        count=count,
        model_hash=registry.verified_hash(path),
        source=source or identify(clip.path),
        losses=lost,
    )


def _made_of(
    clip: ClipInfo, output: Path, settings: ColorizeSettings, threads: int
) -> tuple[EncoderSettings, tuple[StreamPlan, ...], tuple[str, ...]]:
    """How frames are encoded, what becomes of the other streams, and what is lost, in sentences."""
    if is_of_pictures(output):
        return pictures.choose(clip, output, settings), (), pictures.losses(clip)
    encoder = choose_encoder(
        clip,
        output,
        settings.codec,
        settings.crf,
        settings.preset,
        settings.lossless,
        threads,
        settings.pix_fmt,
    )
    streams = plan_streams(clip, output, settings.sound)
    if not clip.files:  # beside which there is nothing to join
        try_join(clip, output, encoder, streams)
    return encoder, streams, losses(clip, encoder.codec, output.suffix.lower())


def _range(clip: ClipInfo, settings: ColorizeSettings) -> tuple[int, int]:
    first = clip.frame_at(settings.start_s)
    if first < 0:
        raise UsageError(
            f"`start_s={settings.start_s:g}` lies behind the end of {clip.path.name}"
            f" ({clip.duration_s:.2f} s).",
            "Give a smaller one.",
        )
    if settings.duration_s is None:
        return first, clip.frame_count - first
    start = int(clip.pts[0]) + settings.start_s / float(clip.time_base)
    end = start + settings.duration_s / float(clip.time_base)
    return first, max(1, int(np.searchsorted(clip.pts, end - 0.5, "left")) - first)
