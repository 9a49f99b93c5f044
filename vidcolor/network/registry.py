"""Where models lie, and what a file says it is, found out without torch."""

from __future__ import annotations

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from vidcolor.errors import ModelError, UsageError
from vidcolor.folders import home
from vidcolor.network.config import Calibration, GeneratorConfig, ModelInfo

FORMAT = "vidcolor-1"
SUFFIX = ".safetensors"
OF_RUN = f"model{SUFFIX}"
"""What a run's folder calls its weights."""
DEFAULT_MODEL = "vidcolor-base"
PACKAGE = Path(__file__).resolve().parent.parent


def load_info(path: Path) -> ModelInfo:
    """Read a checkpoint's header alone, without building the network.

    Raises:
        ModelError: the file is missing, is no checkpoint of this program, or is damaged.
    """
    return _info(path, _header(path))


def find_model(name: str) -> Path:
    """The file of a model given by name or path.

    A path is anything with a folder or the suffix .safetensors; a name is looked for among the
    shipped models, then in the user's model folder ($VIDCOLOR_MODELS or ~/.local/share/vidcolor),
    then it is a folder here. Of a folder, such as that of a run, its model.safetensors is meant.

    Raises:
        ModelError: there is no such file; the names at hand are listed.
    """
    given = Path(name)
    if given.suffix == SUFFIX or given.parent != Path():
        return _in_folder(given) if _is_folder(given) else _there(given)
    for folder in model_folders():
        path = folder / f"{name}{SUFFIX}"
        if _is_file(path):
            return path
    if _is_folder(given):
        return _in_folder(given)
    known = sorted({path.stem for folder in model_folders() for path in folder.glob(f"*{SUFFIX}")})
    raise ModelError(
        f"There is no model called '{name}'.",
        f"Choose one of: {', '.join(known) or 'none is installed'}; or give a path.",
    )


def _there(path: Path) -> Path:
    if not _is_file(path):
        raise ModelError(f"There is no model file {path}.", "Check the path.")
    return path


def _in_folder(folder: Path) -> Path:
    path = folder / OF_RUN
    if not _is_file(path):
        raise ModelError(
            f"The folder {folder} holds no {OF_RUN}.", "Give a run's folder, or the file itself."
        )
    return path


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - Path's own raises where the name is too long


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - likewise


def model_folders() -> list[Path]:
    """Where models lie: in the wheel, in a checkout, in the user's folder if there is one."""
    shipped = [PACKAGE / "_models", PACKAGE.parent / "models"]
    if own := os.environ.get("VIDCOLOR_MODELS"):
        return [*shipped, Path(own)]
    user = home()
    return [*shipped, user / ".local" / "share" / "vidcolor" / "models"] if user else shipped


def verified_hash(path: Path) -> str:
    """sha256 of a model file, compared with the list of shipped ones (`SHA256SUMS`) beside it.

    Raises:
        ModelError: the file is listed there and differs from what was shipped.
    """
    status = path.stat()
    return _verified_hash(path, status.st_size, status.st_mtime_ns)


@lru_cache
def _verified_hash(path: Path, size: int, mtime_ns: int) -> str:
    """Read once for all files of a batch, as long as it stays the same file."""
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    sums = path.with_name("SHA256SUMS")
    if sums.is_file():
        rows = (line.split() for line in sums.read_text().splitlines() if line.strip())
        expected = {name: digest for digest, name in rows}.get(path.name, found)
        if expected != found:
            raise ModelError(
                f"The model file {path} is not the one that was shipped (its sha256 differs).",
                "Install vidcolor again.",
            )
    return found


def _header(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as stream:
            start = stream.read(512)
    except OSError as problem:
        raise ModelError(
            f"The model file {path} cannot be read: {problem.strerror}.", "Check the path."
        ) from problem
    _refuse_foreign(path, start)
    try:
        with safe_open(path, "np") as stored:
            return stored.metadata() or {}
    except (SafetensorError, OSError) as problem:
        raise ModelError(
            f"The model file {path} is damaged or cut short.", "Get it again."
        ) from problem


def _refuse_foreign(path: Path, start: bytes) -> None:
    lowered = start.lstrip().lower()
    if start.startswith(b"version https://git-lfs"):
        found = "a Git-LFS pointer, not the weights themselves"
        remedy = "Run git lfs pull, or download the file itself."
    elif lowered.startswith((b"<!doctype html", b"<html")):
        found = "an HTML page, not weights (a download that went wrong)"
        remedy = "Download the file itself."
    elif start.startswith((b"PK\x03\x04", b"\x80\x02")):
        found = "a PyTorch pickle, which this program does not open"
        remedy = "Give a .safetensors file made by vidcolor train."
    elif not start:
        found = "empty"
        remedy = "Get it again."
    else:
        return
    raise ModelError(f"The model file {path} is {found}.", remedy)


def _info(path: Path, header: dict[str, str]) -> ModelInfo:
    if header.get("format") != FORMAT:
        raise ModelError(
            f"The file {path} holds weights of another program or version"
            f" (format {header.get('format', 'unknown')!r}, wanted {FORMAT!r}).",
            "Give a model made by this version's vidcolor train.",
        )
    try:
        stored = json.loads(header["info"])
        stored["generator"] = _generator(stored["generator"])
        table = stored["calibration"]
        stored["calibration"] = Calibration(tuple(table["spread"]), tuple(table["confidence"]))
        return ModelInfo(**stored)
    except (KeyError, TypeError, ValueError, UsageError) as problem:
        raise ModelError(
            f"The header of {path} cannot be understood ({problem}).",
            "Give a model made by this version's vidcolor train.",
        ) from problem


def _generator(stored: dict[str, Any]) -> GeneratorConfig:
    channels = stored["decoder_channels"]
    return GeneratorConfig(**stored | {"decoder_channels": channels and tuple(channels)})
