"""Networks of torch in OpenVINO's form."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from vidcolor.color.chroma import Bins
from vidcolor.network.build import build_generator
from vidcolor.network.config import GeneratorConfig
from vidcolor.network.generator import Decoder
from vidcolor.network.graph import Graph

SMALL = 64
"""Bytes of a constant that may be the graph's own: a shape, a scale."""


def translate(network: Any, example: tuple[Any, ...], shapes: Sequence[Sequence[int]]) -> Any:
    """Trace a network of torch and translate it by the frontend itself.

    Not by `openvino.convert_model`, which reports each use to its makers' statistics.

    Args:
        network: takes and gives float32 tensors.
        example: inputs to trace it with.
        shapes: of the inputs, -1 where they vary.
    """
    from openvino import PartialShape, Type
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, example, check_trace=False)  # type: ignore[no-untyped-call]
        graph = TorchScriptPythonDecoder(traced)
        frontend = FrontEndManager().load_by_framework("pytorch")
        loaded = frontend.load(graph)
        for place, shape in zip(loaded.get_inputs(), shapes, strict=True):
            loaded.set_element_type(place, Type.f32)
            loaded.set_partial_shape(place, PartialShape(list(shape)))
        return frontend.convert(loaded)


def translated(decoder: Decoder) -> Any:
    """A checkpoint's network and decoding in OpenVINO's form, for pictures of any number and size.

    Args:
        decoder: on the CPU, in evaluation mode.
    """
    example = (torch.zeros(2, 4, 64, 96), torch.ones(1))
    return translate(decoder, example, ([-1, 4, -1, -1], [1]))


def graph_of(config: GeneratorConfig, bins: Bins) -> Graph | None:
    """The graph that all checkpoints of a network carry.

    Returns:
        None where OpenVINO cannot hold the network, or only with constants derived from weights.
    """
    return _graph(config, bins.centers.tobytes(), bins.prior.tobytes())


@lru_cache(maxsize=4)
def _graph(config: GeneratorConfig, centers: bytes, prior: bytes) -> Graph | None:
    # Tracing takes seconds, and a training writes checkpoint after checkpoint.
    import openvino
    from openvino.frontend import OpConversionFailure

    points = np.frombuffer(centers, np.float32).reshape(-1, 2)
    decoder, tensors = _marked(config, Bins(points.copy(), np.frombuffer(prior, np.float32).copy()))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.xml"
        try:
            openvino.save_model(translated(decoder), path, compress_to_fp16=False)
        except (RuntimeError, OpConversionFailure):
            return None
        weights = path.with_suffix(".bin").read_bytes()
        graph = Graph.taken_apart(path.read_bytes(), weights, tensors)
    known = [buffer.numpy().tobytes() for buffer in decoder.decoding.buffers()]
    foreign = (p for p in graph.pieces if isinstance(p, bytes) and len(p) > SMALL)
    return graph if all(piece in known for piece in foreign) else None


def _marked(config: GeneratorConfig, bins: Bins) -> tuple[Decoder, dict[str, NDArray[Any]]]:
    """A network of which each tensor can be told from all others, and its checkpoint's tensors."""
    with torch.random.fork_rng(devices=[]):
        generator = build_generator(config)
    chance = np.random.default_rng(0)
    halves = np.arange(1, 0x7C00, dtype=np.uint16).view(np.float16)
    state = generator.state_dict()
    tensors = {"bins.centers": bins.centers, "bins.prior": bins.prior}
    for half, (name, value) in zip(halves, state.items(), strict=False):
        tensor = value.numpy()
        if value.is_floating_point():
            tensor = np.asarray(chance.standard_normal(value.shape), np.float16)
            tensor.flat[0] = half
        state[name] = torch.from_numpy(tensor)
        tensors[f"generator.{name}"] = tensor
    generator.load_state_dict(state)
    return Decoder(generator, bins).eval(), tensors
