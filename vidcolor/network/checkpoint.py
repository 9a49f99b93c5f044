"""Checkpoints: safetensors whose header says what network it is and how far to trust it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from vidcolor.color.chroma import Bins
from vidcolor.errors import ModelError
from vidcolor.files import finished_file
from vidcolor.network.build import build_generator
from vidcolor.network.config import ModelInfo
from vidcolor.network.generator import Decoder, Generator
from vidcolor.network.graph import HEADER
from vidcolor.network.registry import FORMAT, load_info
from vidcolor.network.translate import graph_of


@dataclass(frozen=True)
class Model:
    """A loaded checkpoint."""

    name: str
    info: ModelInfo
    bins: Bins
    generator: Generator

    def decoder(self) -> Decoder:
        """Generator and decoding as one module in evaluation mode."""
        return Decoder(self.generator, self.bins).eval()


def save_model(path: Path, generator: Generator, bins: Bins, info: ModelInfo) -> None:
    """Write a checkpoint in fp16, under a temporary name first: it is whole or not there.

    Its header carries the network's graph, so that it colours where torch is not.
    """
    tensors = {
        f"generator.{key}": _half(value).contiguous()
        for key, value in generator.state_dict().items()
    }
    tensors["bins.centers"] = torch.from_numpy(bins.centers)
    tensors["bins.prior"] = torch.from_numpy(bins.prior)
    header = {"format": FORMAT, "info": json.dumps(asdict(info))}
    graph = graph_of(info.generator, bins)
    if graph is not None:
        header[HEADER] = graph.as_text()
    with finished_file(path) as temporary:
        # safetensors' own save_file makes files for their owner alone, whatever the umask says.
        temporary.write_bytes(save(tensors, metadata=header))


def _half(value: torch.Tensor) -> torch.Tensor:
    return value.detach().cpu().half() if value.is_floating_point() else value.detach().cpu()


def load_model(path: Path) -> Model:
    """Build the network of a checkpoint and fill it, strictly.

    Raises:
        ModelError: as `load_info`, or the weights do not fit the network that the header names.
    """
    info = load_info(path)
    generator = build_generator(info.generator)
    try:
        with safe_open(path, "pt") as stored:
            tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
        centers, prior = tensors.pop("bins.centers"), tensors.pop("bins.prior")
        weights = {key.removeprefix("generator."): value for key, value in tensors.items()}
        generator.load_state_dict(weights)
    except (SafetensorError, KeyError, RuntimeError) as problem:
        raise ModelError(
            f"The weights in {path} do not fit the network its header names.",
            "Get the file again, or give another `model`.",
        ) from problem
    bins = Bins(centers.numpy().astype(np.float32), prior.numpy().astype(np.float32))
    return Model(path.stem, info, bins, generator.eval())
