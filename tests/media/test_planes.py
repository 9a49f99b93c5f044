import av
import numpy as np
import pytest

from tests.scenes import UNREADABLE
from vidcolor.media.planes import (
    format_traits,
    is_readable,
    neutral_chroma,
    pack,
    plane_shapes,
    plane_view,
    turn_back,
    turn_upright,
    unpack,
    unpack_luma,
)


@pytest.mark.parametrize(
    ("name", "working", "depth"),
    [
        ("yuv420p", "yuv420p", 8),
        ("yuvj422p", "yuv422p", 8),
        ("nv12", "yuv420p", 8),
        ("p010le", "yuv420p10le", 10),
        ("gray", "yuv420p", 8),
        ("gray10le", "yuv420p10le", 10),
        ("gray16le", "yuv420p16le", 16),
        ("yuv411p", "yuv422p", 8),
        ("yuv444p12le", "yuv444p12le", 12),
        ("yuva420p", "yuv420p", 8),
        ("rgb24", "yuv444p", 8),
        ("pal8", "yuv444p", 8),
        ("yuyv422", "yuv422p", 8),
    ],
)
def test_working_format(name, working, depth):
    traits = format_traits(name)
    assert (traits.working, traits.depth) == (working, depth)


@pytest.mark.parametrize(
    "name", ["yuv420p", "yuv422p10le", "yuv444p", "yuv420p12le", "yuv420p16le"]
)
@pytest.mark.parametrize("size", [(64, 48), (33, 17)])
def test_what_is_packed_is_unpacked(name, size):
    chance = np.random.default_rng(1)
    depth = format_traits(name).depth
    kind = np.uint8 if depth == 8 else np.uint16
    planes = [chance.integers(0, 1 << depth, s).astype(kind) for s in plane_shapes(name, *size)]
    back = unpack(pack(planes, name), full_range=False)
    assert all(np.array_equal(a, b) for a, b in zip(planes, back, strict=True))


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize(
    "name", ["gray", "gray10le", "gray12le", "nv12", "nv21", "yuv411p", "yuv410p", "yuv440p"]
)
def test_luma_of_other_formats_is_never_changed(name, full_range):
    depth = format_traits(name).depth
    frame = av.VideoFrame(64, 48, name)
    for plane in range(1, len(frame.planes)):
        plane_view(frame, plane, depth, 2 if name.startswith("nv") else 1)[...] = 100
    luma = np.random.default_rng(2).integers(0, 1 << depth, (48, 64))
    plane_view(frame, 0, depth)[...] = luma
    planes = unpack(frame, full_range)
    assert np.array_equal(planes[0], luma)
    assert np.array_equal(unpack_luma(frame, full_range), luma)
    working = format_traits(name).working
    assert tuple(p.shape for p in planes) == plane_shapes(working, 64, 48)


def test_p010_comes_down_from_its_high_bits():
    frame = av.VideoFrame(32, 16, "p010le")
    plane_view(frame, 0, 10)[...] = 700 << 6
    plane_view(frame, 1, 10, 2)[:, 0::2] = 300 << 6
    plane_view(frame, 1, 10, 2)[:, 1::2] = 600 << 6
    assert [int(p.max()) for p in unpack(frame, False)] == [700, 300, 600]
    assert int(unpack_luma(frame, False).max()) == 700


def test_a_grey_rgb_pixel_keeps_its_value_as_luma():
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(grey), "rgb24")
    luma, cb, cr = unpack(frame, full_range=True)
    assert np.abs(luma.astype(int) - grey[:, :, 0]).max() <= 1
    assert np.abs(cb.astype(int) - 128).max() <= 1
    assert np.abs(cr.astype(int) - 128).max() <= 1


def test_delivered_planes_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        unpack(av.VideoFrame(16, 16, "yuv420p"), False)[0][0, 0] = 1


def test_wrong_planes_are_refused():
    cb, cr = neutral_chroma("yuv420p", 64, 48)
    with pytest.raises(ValueError, match="cannot be"):
        pack([np.zeros((48, 66), np.uint8), cb, cr], "yuv420p")
    with pytest.raises(ValueError, match="cannot be"):
        pack([np.zeros((48, 64), np.uint16), cb, cr], "yuv420p")


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flipped", [False, True])
def test_turning_back_undoes_turning(rotation, flipped):
    plane = np.arange(12).reshape(3, 4)
    assert np.array_equal(
        turn_back(turn_upright(plane, rotation, flipped), rotation, flipped), plane
    )


def test_ninety_degrees_are_clockwise():
    assert turn_upright(np.array([[1, 2], [3, 4]]), 90, False).tolist() == [[3, 1], [4, 2]]


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_what_ffmpeg_cannot_convert_is_known_beforehand(name):
    assert not is_readable(av.VideoFrame(32, 16, name))


@pytest.mark.parametrize("name", ["gray16be", "yuv422p10be", "p010be", "yuv444p12msble"])
@pytest.mark.parametrize("full_range", [False, True])
def test_luma_of_swapped_and_shifted_samples_is_never_changed(name, full_range):
    traits = format_traits(name)
    luma = np.random.default_rng(2).integers(0, 1 << traits.depth, (48, 64)).astype(np.uint16)
    stored = luma << (16 - traits.depth if name[0] == "p" or "msb" in name else 0)
    frame = av.VideoFrame(64, 48, name)
    for index, plane in enumerate(frame.planes):
        view = np.frombuffer(plane, ">u2" if name.endswith("be") else "<u2")
        view[:] = 1 << 15
        if index == 0:
            view.reshape(plane.height, -1)[:, :64] = stored
    assert np.array_equal(unpack_luma(frame, full_range), luma)
    planes = unpack(frame, full_range)
    assert np.array_equal(planes[0], luma)
    assert planes[0].dtype == np.dtype("=u2")
    assert tuple(p.shape for p in planes) == plane_shapes(traits.working, 64, 48)


@pytest.mark.parametrize(
    ("name", "working", "depth"),
    [
        ("gray16be", "yuv420p16le", 16),
        ("gray10be", "yuv420p10le", 10),
        ("grayf32le", "yuv420p16le", 16),
        ("yaf16be", "yuv420p16le", 16),
        ("yuv422p10be", "yuv422p10le", 10),
        ("yuv444p10msble", "yuv444p10le", 10),
        ("bayer_rggb16le", "yuv444p16le", 16),
        ("bayer_rggb8", "yuv444p", 8),
    ],
)
def test_depth_of_rarer_formats(name, working, depth):
    traits = format_traits(name)
    assert (traits.working, traits.depth) == (working, depth)


def test_floats_beyond_black_and_white_are_black_and_white():
    frame = av.VideoFrame(8, 1, "grayf32le")
    np.frombuffer(frame.planes[0], "<f4")[:5] = [-1, 0.5, 1, 7, np.nan]
    assert unpack_luma(frame, True)[0, :5].tolist() == [0, 32768, 65535, 65535, 0]


@pytest.mark.parametrize("depth", [10, 12, 16])
def test_luma_of_deep_rgb_is_what_the_weights_say(depth):
    rgb = np.random.default_rng(5).integers(0, 1 << depth, (48, 64, 3)).astype(np.uint16)
    frame = av.VideoFrame(64, 48, f"gbrp{depth}le")
    for index, color in enumerate((1, 2, 0)):
        plane_view(frame, index, depth)[...] = rgb[:, :, color]
    luma, cb, cr = unpack(frame, True)
    exact = rgb @ [0.299, 0.587, 0.114]
    assert np.abs(luma - exact).max() < 0.51
    assert np.array_equal(unpack_luma(frame, True), luma)
    neutral, peak = 1 << depth - 1, (1 << depth) - 1
    blue = np.clip((rgb[:, :, 2] - exact) / 1.772 + neutral, 0, peak)
    red = np.clip((rgb[:, :, 0] - exact) / 1.402 + neutral, 0, peak)
    assert np.abs(cb - blue).max() < 1
    assert np.abs(cr - red).max() < 1
