"""The processes that train together: how many, which one this is, and their common mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from vidcolor.errors import MachineError
from vidcolor.train.samples import Share


@dataclass(frozen=True)
class Group:
    """The processes of a run, as `torchrun` started them; one alone without it."""

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return self.rank == 0

    @property
    def share(self) -> Share:
        """Which part of the samples is this process's."""
        return Share(self.rank, self.world)

    def mean(self, values: Sequence[float], device: torch.device) -> list[float]:
        """The mean of each number over all processes."""
        if self.world == 1:
            return list(values)
        # Float32 would round the seconds of a long run, but Apple's devices know no more.
        kind = torch.float32 if device.type == "mps" else torch.float64
        summed = torch.tensor(values, dtype=kind, device=device)
        distributed.all_reduce(summed)
        return [float(value) for value in (summed / self.world).tolist()]

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over all processes, in one exchange."""
        if self.world == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients:
            return
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.world
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            distributed.barrier()


ALONE = Group()


@contextmanager
def joined(device: str) -> Iterator[tuple[Group, torch.device]]:
    """Join the processes that `torchrun` started, NCCL on CUDA and gloo elsewhere.

    Yields:
        the group and this process's own device.

    Raises:
        MachineError: the device is not there.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    place = _device(device)
    if world == 1:
        yield ALONE, place
        return
    if place.type == "cuda" and place.index is None:
        place = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(place)
    distributed.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield Group(distributed.get_rank(), world), place
    finally:
        distributed.destroy_process_group()


def _device(name: str) -> torch.device:
    try:
        place = torch.device(name)
        torch.empty(1, device=place)
    except (RuntimeError, AssertionError) as problem:
        raise MachineError(
            f"The device '{name}' is not there ({str(problem).splitlines()[0]}).",
            "Choose cpu, cuda or mps.",
        ) from problem
    return place


def share_norms(generator: nn.Module, group: Group, device: torch.device) -> nn.Module:
    """Let batch norm see the batches of all processes, where that is possible: on CUDA."""
    if group.world == 1 or device.type != "cuda":
        return generator
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(generator)  # type: ignore[no-untyped-call]
    return converted


def same_everywhere(tensors: Iterable[Tensor], group: Group) -> None:
    """Give all processes the leading one's values."""
    if group.world > 1:
        for tensor in tensors:
            distributed.broadcast(tensor, 0)
