"""Checkpoints: safetensors whose header says what network it is, and what was found out about it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vidcolor.color.chroma import Bins
from vidcolor.errors import ModelError
from vidcolor.network.generator import Decoder, Generator, GeneratorConfig

FORMAT = "vidcolor-1"
SUFFIX = ".safetensors"
DEFAULT_MODEL = "vidcolor-base"
PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Calibration:
    """Monotone table from the distribution's spread to the probability of a small error.

    Attributes:
        spread: rising standard deviations, in units of 255.
        confidence: probability that the chroma error is under 8/255, falling.
    """

    spread: tuple[float, ...] = (0.0, 8.0, 16.0, 32.0, 64.0)
    confidence: tuple[float, ...] = (1.0, 0.6, 0.3, 0.1, 0.0)


@dataclass(frozen=True)
class ModelInfo:
    """What a checkpoint says of itself beside its weights.

    Attributes:
        generator: what to build.
        calibration: how far to trust it.
        working_size: short side in pixels the network should see.
        saturation: factor on chroma that people like best with it.
        recipe: how it was trained, as stored by the training.
        data: fingerprint of the training pictures (count and hash).
        licence: SPDX identifier or a sentence.
    """

    generator: GeneratorConfig
    calibration: Calibration = Calibration()
    working_size: int = 192
    saturation: float = 1.3
    recipe: dict[str, Any] = field(default_factory=dict)
    data: str = ""
    licence: str = ""


@dataclass(frozen=True)
class Model:
    """A loaded checkpoint."""

    name: str
    info: ModelInfo
    bins: Bins
    generator: Generator

    def decoder(self) -> Decoder:
        """Generator and decoding as one module in evaluation mode."""
        decoder = Decoder(
            self.generator,
            torch.from_numpy(self.bins.centers),
            torch.from_numpy(self.bins.weights),
        )
        return decoder.eval()


def save_model(path: Path, generator: Generator, bins: Bins, info: ModelInfo) -> None:
    """Write a checkpoint in fp16, under a temporary name first, so that it is whole or not there."""
    tensors = {
        f"generator.{key}": _half(value).contiguous()
        for key, value in generator.state_dict().items()
    }
    tensors["bins.centers"] = torch.from_numpy(bins.centers)
    tensors["bins.prior"] = torch.from_numpy(bins.prior)
    header = {"format": FORMAT, "info": json.dumps(asdict(info))}
    temporary = path.with_name(path.name + ".part")
    try:
        save_file(tensors, temporary, metadata=header)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _half(value: torch.Tensor) -> torch.Tensor:
    return value.detach().cpu().half() if value.is_floating_point() else value.detach().cpu()


def load_info(path: Path) -> ModelInfo:
    """Read a checkpoint's header alone, without building the network.

    Raises:
        ModelError: the file is missing, is no checkpoint of this program, or is damaged.
    """
    return _info(path, _header(path))


def load_model(path: Path) -> Model:
    """Build the network of a checkpoint and fill it, strictly.

    Raises:
        ModelError: as `load_info`, or the weights do not fit the network that the header names.
    """
    info = load_info(path)
    generator = Generator(info.generator)
    try:
        with safe_open(path, "pt") as stored:
            tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
        centers, prior = tensors.pop("bins.centers"), tensors.pop("bins.prior")
        weights = {key.removeprefix("generator."): value for key, value in tensors.items()}
        generator.load_state_dict(weights)
    except (SafetensorError, KeyError, RuntimeError) as problem:
        raise ModelError(
            f"The weights in {path} do not fit the network its header names.",
            "Get the file again, or give another --model.",
        ) from problem
    bins = Bins(centers.numpy().astype(np.float32), prior.numpy().astype(np.float32))
    return Model(path.stem, info, bins, generator.eval())


def find_model(name: str) -> Path:
    """The file of a model given by name or path.

    A path is anything with a folder or the suffix .safetensors; a name is looked for among the
    shipped models, then in the user's model folder ($VIDCOLOR_MODELS or ~/.local/share/vidcolor).

    Raises:
        ModelError: there is no such file; the names at hand are listed.
    """
    given = Path(name)
    if given.suffix == SUFFIX or given.parent != Path():
        if not given.is_file():
            raise ModelError(f"There is no model file {name}.", "Check the path.")
        return given
    for folder in model_folders():
        path = folder / f"{name}{SUFFIX}"
        if path.is_file():
            return path
    known = sorted({path.stem for folder in model_folders() for path in folder.glob(f"*{SUFFIX}")})
    raise ModelError(
        f"There is no model called '{name}'.",
        f"Choose one of: {', '.join(known) or 'none is installed'}; or give a path.",
    )


def model_folders() -> list[Path]:
    """Where models lie: in the wheel, in a checkout, in the user's folder."""
    own = os.environ.get("VIDCOLOR_MODELS")
    user = Path(own) if own else Path.home() / ".local" / "share" / "vidcolor" / "models"
    return [PACKAGE / "_models", PACKAGE.parent / "models", user]


def file_hash(path: Path) -> str:
    """sha256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_shipped(path: Path) -> None:
    """Compare a model with the sums beside it (`SHA256SUMS`), where it is listed there.

    Raises:
        ModelError: the file differs from what was shipped.
    """
    sums = path.with_name("SHA256SUMS")
    if not sums.is_file():
        return
    listed = dict(reversed(line.split(maxsplit=1)) for line in sums.read_text().splitlines() if line)
    expected = listed.get(path.name)
    if expected is not None and expected != file_hash(path):
        raise ModelError(
            f"The model file {path} is not the one that was shipped (its sha256 differs).",
            "Install vidcolor again.",
        )


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
        stored["generator"]["decoder_channels"] = tuple(stored["generator"]["decoder_channels"])
        stored["generator"] = GeneratorConfig(**stored["generator"])
        table = stored["calibration"]
        stored["calibration"] = Calibration(tuple(table["spread"]), tuple(table["confidence"]))
        return ModelInfo(**stored)
    except (KeyError, TypeError, ValueError) as problem:
        raise ModelError(
            f"The header of {path} cannot be understood ({problem}).",
            "Give a model made by this version's vidcolor train.",
        ) from problem
