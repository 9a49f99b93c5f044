"""The note on program and settings in a photograph, put where it hides nothing.

Fields: Exif 2.32, 4.6.5, table 9; PNG specification, third edition, 11.3.3.
"""

from __future__ import annotations

from collections.abc import Mapping

import PIL.Image

SOFTWARE, DESCRIPTION = 0x0131, 0x010E
PNG_KEYWORD = "Software"
_PLACES = {
    "Description": DESCRIPTION,
    "Title": DESCRIPTION,
    "Comment": DESCRIPTION,
    "Software": SOFTWARE,
    "Author": 0x013B,
    "Copyright": 0x8298,
}


def noted(exif: bytes | None, note: str) -> bytes:
    """EXIF with a note on the software: where nobody has written, else below what is written.

    Args:
        exif: of the picture, or None.
        note: a line, kept as UTF-8.
    """
    fields = raw_fields(exif or b"")
    line = note.encode()
    free = [tag for tag in (SOFTWARE, DESCRIPTION) if not _bytes(fields.get(tag, "")).strip(b" \0")]
    if free:
        fields[free[0]] = line
    else:
        fields[SOFTWARE] = _bytes(fields[SOFTWARE]) + b"\n" + line
    return fields.tobytes()


def raw_fields(exif: bytes) -> PIL.Image.Exif:
    """EXIF to be written as it was: Pillow would make "?" of every letter that is not ASCII."""
    fields = PIL.Image.Exif()
    if exif:
        fields.load(exif)
    return with_raw_text(fields)


def with_raw_text(fields: PIL.Image.Exif) -> PIL.Image.Exif:
    """The same EXIF with text that is not ASCII as the bytes that Pillow read it from."""
    for tag, value in list(fields.items()):
        if isinstance(value, str) and not value.isascii():
            fields[tag] = _bytes(value)
    return fields


def with_words(
    exif: bytes | None, words: Mapping[str, str]
) -> tuple[bytes | None, tuple[str, ...]]:
    """EXIF with what PNG's text fields say, where it has a place and nobody has written there.

    Args:
        exif: of the picture, or None.
        words: by keyword.

    Returns:
        the EXIF, and the keywords that found no place.
    """
    fields, lost = raw_fields(exif or b""), []
    for keyword, text in words.items():
        tag = _PLACES.get(keyword)
        if tag is None or _bytes(fields.get(tag, "")).strip(b" \0"):
            lost.append(keyword)
        else:
            fields[tag] = text.encode()
    return (fields.tobytes() if len(fields) else None), tuple(lost)


def _bytes(value: str | bytes) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else value
