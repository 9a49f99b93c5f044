"""What becomes of the source's other streams: decided before the work, by trying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vidcolor.errors import OutputError
from vidcolor.media.clip import ClipInfo, OtherStream
from vidcolor.media.sound import Sound, sound_targets
from vidcolor.media.streams import COVER_NAMES, StreamPlan
from vidcolor.media.suffixes import CONTAINERS
from vidcolor.media.trial import Trial, small_trial

_MP4 = (".mp4", ".mov", ".m4v")
_TEXT = {"subrip", "srt", "ass", "ssa", "mov_text", "webvtt", "text"}
_TEXT_CODEC = {
    ".mp4": "mov_text",
    ".mov": "mov_text",
    ".m4v": "mov_text",
    ".mkv": "srt",
    ".webm": "webvtt",
}


def plan_streams(clip: ClipInfo, output: Path, sound: Sound = "auto") -> tuple[StreamPlan, ...]:
    """Decide for every stream but the film, by trying whether the container takes it.

    Args:
        clip: the source.
        output: its suffix says the container.
        sound: 'copy' or nothing, 'convert' whatever it is, 'none', or 'auto': copied where the
            container holds it, else converted.

    Raises:
        OutputError: the container cannot hold a sound track; others that can are named.
    """
    if not clip.other_streams:
        return ()
    with small_trial(clip, output, output.suffix.lower()) as trial:
        planner = _Planner(clip, output, sound, trial)
        return tuple(planner.plan(other) for other in clip.other_streams)


@dataclass(frozen=True)
class _Planner:
    clip: ClipInfo
    output: Path
    sound: Sound
    trial: Trial

    @property
    def suffix(self) -> str:
        return self.output.suffix.lower()

    def plan(self, other: OtherStream) -> StreamPlan:
        """What becomes of one stream."""
        if other.kind == "cover" and self.suffix == ".mkv":
            if other.codec in COVER_NAMES:
                return StreamPlan(other.index, other.kind, "attach")
            return _left(other, "is left out, since it is no JPEG or PNG")
        if other.kind == "data":
            return _left(other, "is left out; chapters and timecode are written anew")
        if other.kind == "audio" and self.sound == "none":
            return _left(other, "is left out, as asked")
        if other.kind != "attachment" and self._stream(other).codec_context is None:
            return _left(other, "is left out, since its codec is unknown")
        if other.kind == "subtitle":
            return self._subtitle(other)
        if other.kind == "audio":
            return self._without_language(other, self._sound(other))
        copied = StreamPlan(other.index, other.kind, "copy", "", _stays_grey(other))
        if _may_hold(other, self.suffix) and self.trial.fault([copied]) is None:
            return copied
        return _left(other, f"is left out, since {self.suffix} cannot hold it")

    def _stream(self, other: OtherStream) -> Any:
        return self.trial.source.streams[other.index]

    def _subtitle(self, other: OtherStream) -> StreamPlan:
        copied = StreamPlan(other.index, other.kind, "copy")
        if self.trial.fault([copied]) is None:
            return copied
        target = _TEXT_CODEC.get(self.suffix)
        if target and other.codec in _TEXT:
            sentence = f"{_name(other)} is converted from {other.codec} to {target}."
            made = StreamPlan(other.index, other.kind, "convert", target, sentence)
            if self.trial.fault([made]) is None:
                return made
        return _left(other, f"({other.codec}) is left out, since {self.suffix} cannot hold it")

    def _sound(self, other: OtherStream) -> StreamPlan:
        copied = StreamPlan(other.index, other.kind, "copy")
        fault = None if self.sound == "convert" else self.trial.fault([copied])
        if self.sound != "convert" and fault is None:
            return copied
        if self.sound == "copy":
            raise self._uncopied(other, copied)
        if not self._stream(other).codec_context.layout.nb_channels:
            return _left(other, "is left out, since nothing of it can be decoded")
        why = "as asked" if self.sound == "convert" else self._why(fault)
        for made in self._converted(other, why):
            if self.trial.fault([made]) is None:
                return made
        raise OutputError(
            f"{_name(other)} ({other.codec}) can neither be copied into {self.suffix} nor decoded.",
            self._advice(copied, "leave it out with `sound=none`"),
        )

    def _without_language(self, other: OtherStream, plan: StreamPlan) -> StreamPlan:
        """The same, saying so where the container forgets in which language it is."""
        if self.suffix != ".avi" or plan.action == "leave" or other.language in ("", "und"):
            return plan
        words = f"{_name(other)} is not marked as {other.language}: avi holds no languages."
        return replace(plan, sentence=f"{plan.sentence} {words}".strip())

    def _why(self, fault: str | None) -> str:
        if fault and fault.startswith("its sound"):
            return f"since in {self.suffix} {fault}"
        return f"since {self.suffix} cannot hold it"

    def _converted(self, other: OtherStream, why: str) -> Iterator[StreamPlan]:
        for target in sound_targets(self._stream(other), self.suffix):
            sentence = f"{_name(other)} is converted from {other.codec} to {target.words}, {why}."
            yield StreamPlan(other.index, other.kind, "convert", target.codec, sentence, target)

    def _uncopied(self, other: OtherStream, copied: StreamPlan) -> OutputError:
        return OutputError(
            f"{self.suffix} cannot hold {_name(other)} ({other.codec}).",
            self._advice(copied, "have it converted with `sound=auto`"),
        )

    def _advice(self, copied: StreamPlan, otherwise: str) -> str:
        """What to do: containers that take the stream as it is, if there are any, or else."""
        fitting = []
        for suffix in CONTAINERS:
            with small_trial(self.clip, self.output, suffix) as trial:
                if trial.fault([copied]) is None:
                    fitting.append(suffix)
        if not fitting:
            return f"{otherwise[0].upper()}{otherwise[1:]}."
        return f"Use {' or '.join(fitting[:3])}, or {otherwise}."


def _may_hold(other: OtherStream, suffix: str) -> bool:
    """Whether a container is meant for such a stream; some take more than players understand."""
    if other.kind == "attachment":
        return suffix == ".mkv"
    if other.kind == "video" and suffix == ".avi" and other.codec in ("h264", "hevc"):
        return False  # its packets would need start codes
    # FFmpeg's mov muxer takes a cover, and leaves it out.
    return other.kind != "cover" or (suffix in _MP4 and suffix != ".mov")


def _left(other: OtherStream, why: str) -> StreamPlan:
    return StreamPlan(other.index, other.kind, "leave", "", f"{_name(other)} {why}.")


def _stays_grey(other: OtherStream) -> str:
    """What is said of a second film, which is copied."""
    if other.kind != "video":
        return ""
    return f"{_name(other)} is copied as it is; `stream={other.index}` colours it."


def _name(other: OtherStream) -> str:
    language = f" in {other.language}" if other.language not in ("", "und") else ""
    if other.kind == "video":
        return f"Stream {other.index} (video{language}, {other.size[0]}x{other.size[1]})"
    kinds = {"audio": "sound", "subtitle": "subtitles", "cover": "cover"}
    return f"Stream {other.index} ({kinds.get(other.kind, other.kind)}{language})"
