"""OpenVINO on CPUs: the network in its form, kept in the user's cache, run without torch."""

from __future__ import annotations

import sys
import tempfile
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from vidcolor.errors import MachineError, ModelError
from vidcolor.files import publish
from vidcolor.folders import cache_folder, need_temporary_folder
from vidcolor.infer.predictor import FloatArray, LumaBatch, Prediction, Statistics, network_input
from vidcolor.machine import cores, limit
from vidcolor.network.graph import stored_network
from vidcolor.remedies import install_hint

STREAMS = "NUM_STREAMS"
MOST_STREAMS = 2
"""Frames that are calculated at once; each takes some 30 MB."""


@dataclass(frozen=True)
class CacheFolder:
    """Where converted networks are kept.

    Attributes:
        path: the folder, or None where none can be written: then each run converts anew.
    """

    path: Path | None

    @classmethod
    def of_user(cls) -> CacheFolder:
        """The user's, if it can be written.

        Never one for all users, where another one could leave a network of his own making.
        """
        folder = cache_folder()
        if folder is None:
            return cls(None)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return cls(folder)
        except OSError:
            return cls(None)

    @staticmethod
    def problem() -> str | None:
        """What to say where there is none, None where there is one."""
        if CacheFolder.of_user().path:
            return None
        folder = cache_folder()
        what = f"cache folder {folder} cannot be written" if folder else "home folder is not known"
        return f"the {what}, so each run prepares the network; VIDCOLOR_CACHE names another folder"


class OpenVinoPredictor:
    """A network on the CPU by OpenVINO.

    Args:
        checkpoint: path of the .safetensors file.
        digest: its sha256, which names it in the cache.
        statistics: calibration and temperature.
        threads: CPU threads, 0 for all.
        precision: "float32", "bf16" or "auto": bf16 where the processor has it.

    Raises:
        MachineError: bf16 is asked of a processor that has none.
    """

    def __init__(
        self,
        checkpoint: Path,
        digest: str,
        statistics: Statistics,
        threads: int = 0,
        precision: str = "auto",
    ) -> None:
        self._statistics = statistics
        if precision == "bf16" and "BF16" not in core().get_property(
            "CPU", "OPTIMIZATION_CAPABILITIES"
        ):
            raise MachineError(
                "This processor does not calculate in bf16.", "Give `precision=float32`."
            )
        options = _options(threads, precision)
        self._compiled = compiled(digest, lambda: network_of(checkpoint), options)
        self._requests = [self._compiled.create_infer_request() for _ in range(options[STREAMS])]
        chosen = self._compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        self.precision = "float32" if chosen == "f32" else chosen

    @property
    def description(self) -> str:
        """ "CPU, OpenVINO, float32"."""
        return f"CPU, OpenVINO, {self.precision}"

    def predict(self, luma: LumaBatch, hints: FloatArray | None = None) -> Prediction:
        """See `Predictor.predict`.

        Frame by frame, so that what is in work fits a CPU's caches; as many frames at once as there
        are streams.
        """
        sharpness = np.array([self._statistics.sharpness], np.float32)
        frames: list[FloatArray] = []
        asked: deque[Any] = deque()
        for number, request in zip(range(len(luma)), cycle(self._requests), strict=False):
            one = slice(number, number + 1)
            frame = network_input(luma[one], None if hints is None else hints[one])
            if len(asked) == len(self._requests):
                frames.append(_answer(asked.popleft()))
            request.start_async([frame, sharpness])
            asked.append(request)
        frames += map(_answer, asked)
        return self._statistics.prediction(np.concatenate(frames), luma.shape[1:])

    def vivid(self, vividness: float) -> OpenVinoPredictor:
        """See `Predictor.vivid`."""
        other = copy(self)
        other._statistics = replace(self._statistics, sharpness=vividness)
        return other


def _answer(request: Any) -> FloatArray:
    """What a request was asked for; a copy, as its next one overwrites it."""
    request.wait()
    return np.array(request.get_output_tensor(0).data, np.float32)


def _options(threads: int, precision: str) -> dict[str, Any]:
    """Of `openvino.Core.compile_model`; arguments as of `OpenVinoPredictor`.

    Threads share frames rather than layers: that takes 15 (float32) to 30 % (bf16) less of two
    cores (benchmarks/speed.md).
    """
    options: dict[str, Any] = {
        STREAMS: min(MOST_STREAMS, threads or cores()),
        # Motion, enlarging and encoding are at work on the same cores.
        "ENABLE_CPU_PINNING": False,
    }
    if count := threads or limit():
        options["INFERENCE_NUM_THREADS"] = count
    if precision != "auto":
        options["INFERENCE_PRECISION_HINT"] = "f32" if precision == "float32" else precision
    return options


@cache
def core() -> Any:
    """OpenVINO itself, once a process.

    Each core's CPU plugin gives the thread a stack for signals and puts the one before it back at
    its end: of two cores that end in the order they began in, the second puts back a stack that is
    gone, and the next Ctrl-C ends the process with a segmentation fault (seen in 2026.4).
    """
    import openvino

    return openvino.Core()


def compiled(digest: str, convert: Callable[[], Any], options: dict[str, Any]) -> Any:
    """A network ready to run on the CPU, from the user's cache where an earlier run left it there.

    Processes take turns at the cache: OpenVINO maps what it keeps into memory while another may
    still be writing it, which ends the reader by SIGBUS (seen in 2026.4).

    Args:
        digest: sha256 of the weights, which names it in the cache.
        convert: makes the network in OpenVINO's form.
        options: of `openvino.Core.compile_model`.
    """
    folder = CacheFolder.of_user().path
    # A folder that cannot be locked is no cache, and no error either.
    if folder and _knows_locks(folder):
        with suppress(OSError, NotImplementedError), FileLock(folder / "lock"):
            # Compiling takes seconds; OpenVINO itself sees whether what it kept still fits, but not
            # for which precision it was: in 2026.4 a float32 network read as bf16 gives noise.
            mark = _mark(folder, digest, options)
            cached = {**options, "CACHE_DIR": str(mark.parent)}
            made = core().compile_model(_converted(folder, digest, convert), "CPU", cached)
            mark.touch()
            return made
    return core().compile_model(convert(), "CPU", options)


def is_prepared(digest: str, threads: int = 0, precision: str = "auto") -> bool:
    """Whether an earlier run left a network in the cache, compiled for this processor.

    Arguments as of `OpenVinoPredictor`.
    """
    folder = CacheFolder.of_user().path
    return folder is not None and _mark(folder, digest, _options(threads, precision)).exists()


def _mark(folder: Path, digest: str, options: dict[str, Any]) -> Path:
    """An empty file beside what OpenVINO keeps of a network: its own names say nothing."""
    threads, streams = options.get("INFERENCE_NUM_THREADS", 0), options.get(STREAMS, 1)
    kind = f"compiled-{_precision(options)}-{streams}"
    return folder / kind / f"{_name(digest)}-{threads}.ready"


def _name(digest: str) -> str:
    import openvino

    return f"{digest[:24]}-openvino-{openvino.get_version().split('-')[0]}"


def _knows_locks(folder: Path) -> bool:
    """Whether files there can be locked; where not, FileLock asks a network drive forever."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _precision(options: dict[str, Any]) -> str:
    """ "f32" or "bf16": what was asked for, else what this processor does by itself."""
    name = "INFERENCE_PRECISION_HINT"
    asked = options.get(name) or core().get_property("CPU", name).to_string()
    return str(asked)


def _converted(folder: Path, digest: str, convert: Callable[[], Any]) -> Any:
    """A network in OpenVINO's form: as an earlier run kept it, or converted now and kept."""
    kept = folder / f"{_name(digest)}.xml"
    if kept.is_file() and kept.with_suffix(".bin").is_file():
        try:
            return core().read_model(kept)
        except RuntimeError:
            kept.unlink(missing_ok=True)
    network = convert()
    _keep(network, kept)
    # Read anew, so that the next run knows its compiled form again.
    return core().read_model(kept) if kept.is_file() else network


def _keep(network: Any, kept: Path) -> None:
    import openvino

    try:
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            made = Path(folder) / kept.name
            openvino.save_model(network, made, compress_to_fp16=False)
            # The weights first: a reader takes the pair only when the .xml is there.
            publish(made.with_suffix(".bin"), kept.with_suffix(".bin"))
            publish(made, kept)
    except OSError:
        # A cache that cannot be written costs the next run a few seconds, and is no error.
        kept.unlink(missing_ok=True)


def network_of(checkpoint: Path) -> Any:
    """A checkpoint's network by the graph it carries; by torch where that cannot be read."""
    import openvino

    stored = stored_network(checkpoint)
    if stored is not None:
        xml, weights = stored
        # A graph written by a later OpenVINO may hold what this one does not know.
        with suppress(RuntimeError):
            return core().read_model(xml, openvino.Tensor(np.frombuffer(weights, np.uint8)))
    return _made_by_torch(checkpoint)


def _made_by_torch(checkpoint: Path) -> Any:
    need_temporary_folder()
    try:
        from vidcolor.network.checkpoint import load_model
        from vidcolor.network.translate import translated
    except ImportError as problem:
        raise ModelError(
            f"The model {checkpoint.name} carries no graph that OpenVINO can read, and torch, which"
            " makes one, is not installed.",
            f"Run {install_hint('gpu')}; or lay beside it the .graph file that vidcolor export"
            " writes where torch is.",
        ) from problem
    return translated(load_model(checkpoint).decoder())
