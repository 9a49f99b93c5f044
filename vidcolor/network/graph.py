"""A network's graph as OpenVINO runs it, inside its checkpoint or beside it. Imports no torch.

The weights of such a graph are the checkpoint's own tensors, at twice their width. What is kept of
it is therefore the graph itself, the order of the tensors, and the few constants that are none: the
same for all checkpoints of one network with the same bins.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

BINS = "bins."
"""Begins the names of the tensors that the decoding is made of."""
HEADER = "graph"
"""Its entry in a checkpoint's header."""
SUFFIX = ".graph"
"""Of a file beside a checkpoint that holds none."""

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Graph:
    """A graph without its weights.

    Attributes:
        xml: OpenVINO's intermediate representation, float32.
        pieces: what its file of weights holds, one after the other: the name of a float16 tensor,
            or bytes.
        belongs: `fingerprint` of the checkpoints it fits.
    """

    xml: bytes
    pieces: tuple[str | bytes, ...]
    belongs: str

    @classmethod
    def taken_apart(cls, xml: bytes, weights: bytes, tensors: Tensors) -> Graph:
        """Find a checkpoint's tensors in the weights of a graph that was made of them.

        No two of the tensors may be equal.
        """
        halves = (item for item in tensors.items() if item[1].dtype == np.float16)
        names = {_widened(tensor): name for name, tensor in halves}
        pieces: list[str | bytes] = []
        end = 0
        for start, size in _constants(xml):
            piece = weights[start : start + size]
            pieces += [weights[end:start], names.get(piece, piece)]
            end = start + size
        return cls(xml, tuple(pieces), fingerprint(tensors))

    @classmethod
    def unpacked(cls, packed: bytes) -> Graph:
        """Read what `packed` gave; ValueError, KeyError or zlib.error where it is damaged."""
        stored = json.loads(zlib.decompress(packed))
        pieces = (p if isinstance(p, str) else base64.b64decode(p[0]) for p in stored["pieces"])
        return cls(stored["xml"].encode(), tuple(pieces), stored["belongs"])

    def packed(self) -> bytes:
        """As little as goes."""
        pieces = [p if isinstance(p, str) else [base64.b64encode(p).decode()] for p in self.pieces]
        stored = {"belongs": self.belongs, "pieces": pieces, "xml": self.xml.decode()}
        return zlib.compress(json.dumps(stored).encode(), 9)

    def as_text(self) -> str:
        """For a checkpoint's header."""
        return base64.b64encode(self.packed()).decode()

    def weights(self, tensors: Tensors) -> bytes:
        """The file of weights that goes with `xml`."""
        return b"".join(p if isinstance(p, bytes) else _widened(tensors[p]) for p in self.pieces)


def stored_network(checkpoint: Path) -> tuple[bytes, bytes] | None:
    """What a checkpoint's header, or the file beside it, holds of its network in OpenVINO's form.

    Args:
        checkpoint: path of a .safetensors file whose header was read before.

    Returns:
        the graph and its weights, or None where there is no graph that fits.
    """
    with safe_open(checkpoint, "np") as stored:
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        text = (stored.metadata() or {}).get(HEADER)
    beside = checkpoint.with_suffix(SUFFIX)
    try:
        packed = base64.b64decode(text) if text else beside.read_bytes()
        graph = Graph.unpacked(packed)
    except (OSError, ValueError, KeyError, zlib.error):
        return None
    if graph.belongs != fingerprint(tensors):
        return None
    return graph.xml, graph.weights(tensors)


def fingerprint(tensors: Tensors) -> str:
    """sha256 of the tensors' names and shapes, and of the bins, whose constants a graph holds."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
        if name.startswith(BINS):
            digest.update(tensor.tobytes())
    return digest.hexdigest()


def _widened(tensor: NDArray[Any]) -> bytes:
    return tensor.astype(np.float32).tobytes()


def _constants(xml: bytes) -> list[tuple[int, int]]:
    """Where constants lie in the file of weights: first byte and number, in rising order."""
    layers = ElementTree.fromstring(xml).iterfind("layers/layer[@type='Const']/data")
    places = {(int(data.attrib["offset"]), int(data.attrib["size"])) for data in layers}
    return sorted(places)
