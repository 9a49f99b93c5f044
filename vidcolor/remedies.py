"""The command that installs what is missing, as this copy of the program itself was installed."""

from __future__ import annotations

import json
import shlex
import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

PROGRAM = "vidcolor"
PACKAGE = Path(__file__).resolve().parent


def install_hint(extra: str) -> str:
    """How to install an extra: "pip install 'vidcolor[train]'", or what works here in its place.

    A source tree (run from, or installed with -e) is installed by its folder; what pipx or
    `uv tool` installed lives in an environment that plain pip does not reach.

    Args:
        extra: of pyproject.toml; several as "train,evaluate".
    """
    wanted = shlex.quote(f"{PROGRAM}[{extra}]")
    if (PACKAGE.parent / "pyproject.toml").is_file():
        return f"{_pip()} install -e '.[{extra}]' in {PACKAGE.parent}"
    parts = Path(sys.prefix).parts
    if "pipx" in parts:
        return f"pipx inject {PROGRAM} {wanted}"
    if parts[-3:-1] == ("uv", "tools"):
        return f"uv tool install {shlex.quote(_from_its_source(extra))}"
    return f"{_pip()} install {wanted}"


def _pip() -> str:
    """What fills this environment: those that uv made have no pip of their own."""
    return "pip" if find_spec("pip") else "uv pip"


def _from_its_source(extra: str) -> str:
    """The requirement with the address that the program was installed from, if it names one."""
    try:
        origin = distribution(PROGRAM).read_text("direct_url.json")
    except PackageNotFoundError:
        origin = None
    if origin is None:
        return f"{PROGRAM}[{extra}]"
    record = json.loads(origin)
    scheme = f"{kind}+" if (kind := record.get("vcs_info", {}).get("vcs")) else ""
    return f"{PROGRAM}[{extra}] @ {scheme}{record['url']}"
