"""Which device and backend run a model: what was asked for, or the best that is there."""

from __future__ import annotations

import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from vidcolor.errors import MachineError, UsageError
from vidcolor.folders import need_temporary_folder
from vidcolor.infer.predictor import Predictor, Statistics
from vidcolor.infer.tiled import Tiled
from vidcolor.needs import TORCH, need
from vidcolor.network import registry
from vidcolor.remedies import install_hint

BACKENDS = ("auto", "torch", "openvino")
PRECISIONS = ("auto", "float32", "bf16")
MIN_VIVIDNESS, MAX_VIVIDNESS = 0.1, 10.0


def load_predictor(
    model: str = registry.DEFAULT_MODEL,
    device: str = "auto",
    backend: str = "auto",
    vividness: float = 1.0,
    threads: int = 0,
    precision: str = "auto",
) -> Predictor:
    """A model ready to colour.

    Args:
        model: name or path.
        device: auto, cpu, cuda, cuda:N or mps.
        backend: auto, torch or openvino.
        vividness: 1 decodes the distribution as it is; above, its likeliest colours count more
            (temperature 1 / vividness).
        threads: CPU threads, 0 for all.
        precision: auto (bf16 where the processor has it, float16 on CUDA, else float32), float32
            or bf16.

    Raises:
        UsageError: the options do not go together.
        MachineError: the device is not there, or what runs it is not installed.
        ModelError: the model is missing, damaged or foreign.
    """
    if not MIN_VIVIDNESS <= vividness <= MAX_VIVIDNESS:
        raise UsageError(
            f"`vividness={vividness:g}` is out of range.",
            f"Give {MIN_VIVIDNESS:g} to {MAX_VIVIDNESS:g}; 1 is natural.",
        )
    if precision not in PRECISIONS:
        raise UsageError(
            f"There is no precision '{precision}'.", f"Choose {', '.join(PRECISIONS)}."
        )
    path = registry.find_model(model)
    digest = registry.verified_hash(path)
    info = registry.load_info(path)
    statistics = Statistics(
        sharpness=vividness,
        spread=info.calibration.spread,
        confidence=info.calibration.confidence,
    )
    if _wants_openvino(device, backend):
        from vidcolor.infer.openvino_backend import OpenVinoPredictor

        return Tiled(OpenVinoPredictor(path, digest, statistics, threads, precision))
    return Tiled(_torch_predictor(path, statistics, device, threads, precision))


def needs_preparing(
    model: str, device: str, backend: str, threads: int, precision: str = "auto"
) -> bool:
    """Whether `load_predictor` will first turn the network into what suits this processor.

    Arguments and errors as there.
    """
    if not _wants_openvino(device, backend):
        return False
    from vidcolor.infer.openvino_backend import is_prepared

    return not is_prepared(registry.verified_hash(registry.find_model(model)), threads, precision)


def cache_problem(device: str, backend: str) -> str | None:
    """What to say where prepared networks cannot be kept, None where they can."""
    if not _wants_openvino(device, backend):
        return None
    from vidcolor.infer.openvino_backend import CacheFolder

    return CacheFolder.problem()


def _wants_openvino(device: str, backend: str) -> bool:
    if backend not in BACKENDS:
        raise UsageError(f"There is no backend '{backend}'.", f"Choose {', '.join(BACKENDS)}.")
    if backend == "openvino":
        if device not in ("auto", "cpu"):
            raise UsageError(
                f"`backend=openvino` does not run on `device={device}`.", "Use `backend=torch`."
            )
        return True
    return backend == "auto" and (device == "cpu" or (device == "auto" and not _has_gpu()))


def _has_gpu() -> bool:
    # Asking torch costs two seconds; without a sign of a GPU there is nothing to ask for.
    return _sign_of_gpu() is not None and _has_torch() and _best_torch_device() != "cpu"


def unused_gpu(device: str, backend: str) -> str | None:
    """What to say where a GPU that "auto" would take is left alone for want of torch."""
    kind = _sign_of_gpu() if (device, backend) == ("auto", "auto") else None
    if kind is None or _has_torch():
        return None
    return (
        f"this machine has an {kind} GPU, but torch, which uses it, is not installed; colouring on"
        f" the CPU. To use it: {install_hint('gpu')}"
    )


def _sign_of_gpu() -> str | None:
    """Whose GPU this machine seems to have, by what costs nothing to see."""
    if platform.system() == "Linux":
        return "NVIDIA" if Path("/dev/nvidiactl").exists() else None
    if platform.system() == "Darwin":
        return "Apple" if platform.machine() == "arm64" else None
    return "NVIDIA" if shutil.which("nvidia-smi") else None


def _has_torch() -> bool:
    try:
        return all(find_spec(name) for name in TORCH)
    except ImportError:
        return False


def _best_torch_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def torch_device(device: str) -> str:
    """The device of torch that "auto", "cpu", "cuda", "cuda:N" or "mps" means here.

    Raises:
        UsageError: there is no such kind of device.
        MachineError: torch is not installed, or this machine has none of the kind.
    """
    kind, colon, number = device.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (colon and not number.isdigit()):
        raise UsageError(
            f"There is no device '{device}'.", "Choose auto, cpu, cuda, cuda:N or mps."
        )
    on_gpu = kind in ("cuda", "mps")
    need(f"`device={kind}`" if on_gpu else "`backend=torch`", "gpu", *TORCH)
    import torch

    if device == "auto":
        return _best_torch_device()
    if kind == "cuda" and not torch.cuda.is_available():
        raise MachineError(
            "This machine has no CUDA device that torch can use.",
            "Leave `device` out, or install a driver and a CUDA build of torch.",
        )
    if kind == "cuda" and number and int(number) >= torch.cuda.device_count():
        raise MachineError(
            f"There is no {device}; this machine has {torch.cuda.device_count()} CUDA device(s).",
            "Count from cuda:0.",
        )
    if kind == "mps" and not torch.backends.mps.is_available():
        raise MachineError("This machine has no MPS device.", "Leave `device` out.")
    return device


def _torch_predictor(
    path: Path, statistics: Statistics, device: str, threads: int, precision: str
) -> Predictor:
    place = torch_device(device)
    need_temporary_folder()
    import torch

    from vidcolor.infer.torch_backend import TorchPredictor
    from vidcolor.network.checkpoint import load_model

    if threads:
        torch.set_num_threads(threads)
    return TorchPredictor(load_model(path), statistics, place, precision)
