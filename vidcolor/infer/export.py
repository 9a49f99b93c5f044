"""A model for other programs (ONNX, checked against torch), or its graph for OpenVINO alone."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vidcolor.errors import ModelError
from vidcolor.files import finished_file
from vidcolor.needs import need
from vidcolor.network.checkpoint import Model, load_model
from vidcolor.network.generator import Decoder
from vidcolor.network.translate import graph_of

INPUTS, OUTPUT = ["batch", "sharpness"], "planes"
TOLERANCE = 0.5
"""Largest difference to torch, in units of 255."""
TRIED = ((1, 64, 96), (3, 160, 128))
"""Pictures, height and width with which a file is checked; none is that of the tracing."""
DESCRIPTION = (
    "batch: float32 (pictures, 4, height, width), sides multiples of 32: luma (Y - 127) / 128, hint"
    " Cb and Cr as (C - 128) / 64, hint confidence 0..1, hints zero where there are none."
    " sharpness: float32 (1,), 1 is natural, more is more vivid."
    " planes: float32 (pictures, 3, height / 4, width / 4): Cb and Cr of full-range BT.601 on"
    " 0..255 (neutral 128), and the standard deviation of the distribution they are the mean of."
)


def export_onnx(checkpoint: Path, output: Path, opset: int) -> float:
    """Write a checkpoint's network and its decoding as one ONNX graph.

    Any number of pictures of any size goes in, sides being multiples of 32. The file describes its
    inputs and output, and holds the calibration, in its metadata.

    Args:
        checkpoint: path of a .safetensors file.
        output: where the ONNX file is to be; it appears there only when it is checked.
        opset: version of the operators.

    Returns:
        the largest difference between ONNX Runtime and torch on noise, in units of 255.

    Raises:
        MachineError: onnx or onnxruntime is not installed.
        ModelError: the checkpoint is missing, damaged or foreign, or what was written differs.
        OutputError: the file cannot be written.
    """
    onnx, runtime = need("Writing ONNX", "export", "onnx", "onnxruntime")
    model = load_model(checkpoint)
    decoder = model.decoder()
    with finished_file(output) as temporary:
        _trace(decoder, temporary, opset)
        _describe(onnx, temporary, model)
        difference = _difference(runtime, temporary, decoder)
        if not difference <= TOLERANCE:
            raise ModelError(
                f"ONNX Runtime's colours differ from torch's by {difference:.2f} of 255.",
                "Try another --opset.",
            )
    return difference


def export_graph(checkpoint: Path, output: Path) -> None:
    """Write the graph of a checkpoint that carries none, to lie beside it.

    Args:
        checkpoint: path of a .safetensors file.
        output: where the graph is to be; to be found it is named as the checkpoint, with .graph.

    Raises:
        ModelError: the checkpoint is missing, damaged or foreign, or OpenVINO cannot hold it.
        OutputError: the file cannot be written.
    """
    model = load_model(checkpoint)
    graph = graph_of(model.info.generator, model.bins)
    if graph is None:
        raise ModelError(
            f"OpenVINO cannot hold the network of {checkpoint.name}.",
            "Use it with `backend=torch`.",
        )
    with finished_file(output) as temporary:
        temporary.write_bytes(graph.packed())


def _trace(decoder: Decoder, path: Path, opset: int) -> None:
    free = {0: "pictures", 2: "height", 3: "width"}
    quarter = {0: "pictures", 2: "height / 4", 3: "width / 4"}
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            decoder,
            (torch.zeros(2, 4, 96, 64), torch.ones(1)),
            str(path),
            dynamo=False,
            opset_version=opset,
            input_names=INPUTS,
            output_names=[OUTPUT],
            dynamic_axes={INPUTS[0]: free, OUTPUT: quarter},
        )


def _describe(onnx: Any, path: Path, model: Model) -> None:
    graph = onnx.load(path)
    graph.producer_name = "vidcolor"
    graph.doc_string = DESCRIPTION
    info = asdict(model.info)
    facts = {
        "model": model.name,
        "working_size": str(model.info.working_size),
        "saturation": str(model.info.saturation),
        "calibration": json.dumps(info["calibration"]),
        "data": model.info.data,
        "licence": model.info.licence,
    }
    onnx.helper.set_model_props(graph, facts)
    onnx.save(graph, path)


def _difference(runtime: Any, path: Path, decoder: Decoder) -> float:
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    sharpness = torch.ones(1)
    rng = torch.Generator().manual_seed(0)
    largest = 0.0
    for pictures, height, width in TRIED:
        batch = torch.randn(pictures, 4, height, width, generator=rng)
        given = {INPUTS[0]: batch.numpy(), INPUTS[1]: sharpness.numpy()}
        (found,) = session.run([OUTPUT], given)
        with torch.inference_mode():
            expected = decoder(batch, sharpness).numpy()
        largest = max(largest, float(np.abs(found - expected).max()))
    return largest
