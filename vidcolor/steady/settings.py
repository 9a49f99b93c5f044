"""How colour is held still: what a caller may choose."""

from __future__ import annotations

from dataclasses import dataclass

from vidcolor.errors import UsageError

FLOWS = ("dis", "raft")
LOOKS = (1, 2)


@dataclass(frozen=True)
class SteadySettings:
    """Choices for settling a shot.

    Attributes:
        strength: 0..1; 0 colours every frame alone, 1 lets the shot decide, between them the two
            are mixed (the network then runs on every frame, whatever `every` says).
        every: the network runs on every so many-th frame; None chooses for each shot by how far
            its motion can be followed.
        looks: 2 asks the network of each frame's mirror image as well and takes the mean, as of
            photographs.
        batch: frames that the network is asked about at once; how many it calculates at once is its
            own business.
        window: a shot longer than so many frames is settled in windows.
        overlap: frames that two windows share, settled in both and blended.
        flow: what estimates motion: "dis" (OpenCV) or "raft" (torchvision, where its weights are).
    """

    strength: float = 1.0
    every: int | None = None
    looks: int = 1
    batch: int = 16
    window: int = 800
    overlap: int = 48
    flow: str = "dis"

    def __post_init__(self) -> None:
        if not 0.0 <= self.strength <= 1.0:
            raise UsageError(f"`steady={self.strength}` is out of range.", "Give 0 to 1.")
        if self.every is not None and self.every < 1:
            raise UsageError(f"`every={self.every}` cannot be used.", "Give 1, 2, 3 ...")
        if self.looks not in LOOKS:
            raise UsageError(f"`looks={self.looks}` cannot be used.", "Give 1 or 2.")
        if self.flow not in FLOWS:
            raise UsageError(f"`flow={self.flow}` is unknown.", f"Give {' or '.join(FLOWS)}.")
        if self.batch < 1:
            raise ValueError(f"batch {self.batch} is below 1")
        if not 0 < self.overlap <= self.window // 2:
            raise ValueError(f"overlap {self.overlap} does not fit a window of {self.window}")
