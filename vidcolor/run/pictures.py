"""Frames that become pictures and not a film: what of them is decided before the plan."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from vidcolor import files
from vidcolor.errors import UsageError
from vidcolor.media.clip import ClipInfo, EncoderSettings
from vidcolor.media.codecs import avi_slots
from vidcolor.media.frame_file import KINDS, is_of_pictures
from vidcolor.run.settings import ColorizeSettings

SEGMENT_SUFFIX = ".frames"
_HDR_TRANSFERS = (16, 18)


def check_output(source: Path, output: Path, overwrite: bool) -> None:
    """Refuse an output, a film or pictures, that would destroy something or cannot be made.

    Of pictures only the folder is looked at, whose own may be missing; the rest takes their
    numbers (`picture_files.check`).

    Raises:
        OutputError: as `files.check_output`.
    """
    if not is_of_pictures(output):
        files.check_output(source, output, overwrite)
        return
    folder = output.parent.absolute()
    files.check_folder(folder if folder.exists() else folder.parent)


def choose(clip: ClipInfo, output: Path, settings: ColorizeSettings) -> EncoderSettings:
    """How a clip's frames become pictures.

    Raises:
        UsageError: settings ask for what only films have.
    """
    given = {
        "`codec`": settings.codec,
        "`pix_fmt`": settings.pix_fmt,
        "`crf`": settings.crf,
        "`preset`": settings.preset,
        "`lossless`": settings.lossless or None,
    }
    odd = [name for name, value in given.items() if value is not None]
    if odd:
        raise UsageError(
            f"{' and '.join(odd)} mean{'s' * (len(odd) == 1)} nothing for pictures.",
            "Leave it out; PNG, TIFF and DPX lose nothing.",
        )
    working = "yuv444p" if clip.depth == 8 else f"yuv444p{clip.depth}le"
    return EncoderSettings(KINDS[output.suffix.lower()], working, pictures=True)


def losses(clip: ClipInfo) -> tuple[str, ...]:
    """What pictures cannot carry, as sentences."""
    said = []
    if clip.other_streams:
        kinds = Counter(stream.kind for stream in clip.other_streams)
        words = ", ".join(f"{count} of {kind}" for kind, count in kinds.items())
        said.append(f"The other streams ({words}) are left out: pictures hold none.")
    slots = avi_slots(clip)
    if slots is None or slots[-1] - slots[0] != clip.frame_count - 1:
        said.append("The film's frame rate varies, and pictures hold no times.")
    if clip.sample_aspect_ratio != 1:
        said.append(
            f"Pictures are as the film stores them: the pixel aspect {clip.sample_aspect_ratio} is"
            " not kept."
        )
    if clip.captions:
        said.append("Closed captions are left out: pictures hold none.")
    if clip.transfer in _HDR_TRANSFERS:
        said.append("Pictures do not say that the film is HDR; their values are the film's.")
    return tuple(said)
