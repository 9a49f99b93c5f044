import numpy as np
import pytest

from tests.steady.conftest import GREEN, RED, Noisy, crossing, static, texture, true_color
from vidcolor.errors import UsageError
from vidcolor.steady.settings import SteadySettings
from vidcolor.steady.settle import colorize_shots, settle, settle_windows

GREEN_CB_CR = np.array(GREEN, np.float32)[:, None, None]


def flicker(chroma):
    return np.linalg.norm(np.diff(chroma, axis=0), axis=1).mean()


def distance(chroma, color):
    return np.linalg.norm(chroma - np.array(color, np.float32)[:, None], axis=0)


@pytest.mark.parametrize("every", [None, 1, 4])
def test_strength_0_equals_per_frame_colour_exactly(every):
    luma = crossing(9, lambda i: 8 * i)
    settings = SteadySettings(strength=0.0, every=every, batch=1)
    alone = Noisy()
    expected = np.concatenate([alone.predict(luma[i : i + 1]).chroma for i in range(9)])
    assert np.array_equal(settle(luma, Noisy(), settings), expected)


def test_strength_between_lies_between():
    luma = static(8)
    loose, half, firm = (
        flicker(settle(luma, Noisy(), SteadySettings(strength=s))) for s in (0.0, 0.5, 1.0)
    )
    assert firm < 0.1 * loose < 0.4 * half < 0.3 * loose


@pytest.mark.parametrize("every", [None, 1, 2, 4])
def test_an_object_crossing_keeps_its_colour_and_leaves_the_background_its_own(every):
    luma = crossing(21, lambda i: 4 * i)
    chroma = settle(luma, Noisy(), SteadySettings(every=every))
    truth = true_color(luma)
    red = np.abs(truth[:, 1] - RED[1]) < 1
    for index in range(21):
        assert np.median(distance(chroma[index][:, red[index]], RED)) < 8
        assert np.median(distance(chroma[index][:, ~red[index]], GREEN)) < 8
    behind = chroma[20][:, 10:14, 2:6].reshape(2, -1)
    assert distance(behind, GREEN).max() < 12


def test_the_vote_finds_the_truth_behind_the_noise():
    luma = crossing(33, lambda i: 2 * i)
    steady = settle(luma, Noisy(), SteadySettings())
    alone = Noisy().predict(luma).chroma
    truth = true_color(luma)
    assert np.abs(steady - truth).mean() < 0.5 * np.abs(alone - truth).mean()


def test_no_colour_crosses_a_cut():
    first, second = static(10, seed=1), static(10, seed=9)
    luma = np.concatenate([first, second])
    both = colorize_shots(luma, _Painter(), SteadySettings(), cuts=[10])
    without_history = colorize_shots(second, _Painter(), SteadySettings())
    assert np.array_equal(both[10:], without_history)


class _Painter(Noisy):
    """Colour that depends on nothing but the frame: its mean luma, and its place."""

    def predict(self, luma, hints=None):
        said = super().predict(luma, hints)
        said.chroma[:] = 90 + 0.5 * luma[:, None, ::4, ::4]
        return said


def test_what_leaves_and_returns_has_the_colour_it_had():
    luma = crossing(60, lambda i: 16 if i < 10 or i >= 40 else None)
    luma[:10], luma[40:] = luma[0], luma[0]

    def fickle(frames):
        color = true_color(frames)
        fickle.seen += len(frames)
        if fickle.seen > 22:
            color[:, :, 8:16, 4:12] += 24.0 * (np.abs(color[:, 1:, 8:16, 4:12] - RED[1]) < 1)
        return color

    fickle.seen = 0
    network = Noisy(0.0, 0.0, fickle)
    chroma = settle(luma, network, SteadySettings(every=1))
    there, again = chroma[5, :, 9:15, 5:11], chroma[50, :, 9:15, 5:11]
    alone = np.abs(24.0)
    assert np.abs(there - again).mean() < 0.35 * alone


def test_a_static_shot_of_300_frames_stays_within_2_units():
    chroma = settle(static(300), Noisy(), SteadySettings(every=4))
    assert np.ptp(chroma, axis=0).max() <= 2.0


def test_a_split_shot_shows_no_seam():
    luma = crossing(120, lambda i: (i * 2) % 96)
    settings = SteadySettings(every=4, window=64, overlap=16)
    chroma = settle_windows(luma, Noisy(), settings)
    background = chroma[:, :, 18:, :]
    steps = np.linalg.norm(np.diff(background, axis=0), axis=1).mean(axis=(1, 2))
    blended = steps[47:68]
    inside = np.delete(steps, slice(47, 68))
    assert np.median(blended) <= np.percentile(inside, 95)
    assert blended.max() < 1.0


def test_a_flash_does_not_change_the_colour():
    luma = static(16)
    luma[8] = np.clip(luma[8].astype(int) + 90, 0, 255)
    chroma = colorize_shots(luma, Noisy(color_of=_by_brightness), SteadySettings(every=1))
    assert np.abs(chroma[9] - chroma[7]).mean() < 0.5
    assert np.abs(chroma[8] - chroma[7]).mean() < 3


def _by_brightness(luma):
    color = true_color(np.zeros_like(luma))
    return color + (20.0 * (luma.mean(axis=(1, 2)) > 130))[:, None, None, None].astype(np.float32)


def test_one_frame_is_a_shot():
    chroma = settle(static(1), Noisy(0, 0), SteadySettings())
    assert np.array_equal(chroma, true_color(static(1)))


def test_the_network_runs_on_keyframes_only():
    network = Noisy()
    settle(static(33), network, SteadySettings(every=8))
    assert network.frames == 5


def test_a_second_look_is_at_the_mirror_image_of_keyframes_alone():
    def leaning(luma):
        """Ever redder to the right, whatever is shown."""
        color = true_color(luma)
        color[:, 1] += np.linspace(-20, 20, color.shape[3], dtype=np.float32)
        return color

    once, twice = (Noisy(0, 0, leaning) for _ in range(2))
    luma = static(33)
    assert np.abs(settle(luma, once, SteadySettings(every=8)) - true_color(luma)).max() > 10
    evened = settle(luma, twice, SteadySettings(every=8, looks=2))
    assert np.abs(evened - true_color(luma)).max() < 1
    assert (once.frames, twice.frames) == (5, 10)


def test_a_network_that_fails_ends_the_shot():
    class Failing(Noisy):
        def predict(self, luma, hints=None):
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        settle(static(200), Failing(), SteadySettings(every=1))


def test_auto_takes_fewer_keyframes_where_nothing_moves():
    still, wild = Noisy(), Noisy()
    settle(static(33), still, SteadySettings())
    settle(np.stack([texture(seed) for seed in range(33)]), wild, SteadySettings())
    assert still.frames < 8 < 16 <= wild.frames


def test_settings_are_checked():
    for wrong in (
        {"strength": 1.5},
        {"every": 0},
        {"looks": 3},
        {"batch": 0},
        {"window": 10, "overlap": 8},
    ):
        with pytest.raises((ValueError, UsageError)):
            SteadySettings(**wrong)
