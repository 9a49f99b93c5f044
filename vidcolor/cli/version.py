"""What `vidcolor --version` prints: all that a figure or a fault may depend on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from vidcolor import __version__
from vidcolor.network import registry

PACKAGES = {
    "PyAV": "av",
    "OpenCV": "opencv-python-headless",
    "OpenVINO": "openvino",
    "torch": "torch",
}
DIGITS = 12


def lines() -> list[str]:
    """The program, what it stands on, and the model with the first digits of its sha256."""
    found = ", ".join(f"{name} {_version(package)}" for name, package in PACKAGES.items())
    digest = registry.verified_hash(registry.find_model(registry.DEFAULT_MODEL))[:DIGITS]
    return [
        f"vidcolor {__version__}",
        f"Python {platform.python_version()}, {found}",
        f"model {registry.DEFAULT_MODEL} {digest}",
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
