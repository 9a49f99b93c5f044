"""Many small arrays that live as long as a shot, kept where they leave no holes."""

from __future__ import annotations

import mmap
import threading
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)

BLOCK_BYTES = 4 << 20


class Shelf:
    """Copies of arrays in blocks of memory that go back to the system with the last of them.

    Thousands of small arrays that several threads make leave an allocator with heaps of which it
    can give back and use again only parts: a film of long shots took three times what it held.
    """

    def __init__(self) -> None:
        self._free: memoryview[int] = memoryview(b"")
        self._lock = threading.Lock()

    def keep(self, array: NDArray[Kind]) -> NDArray[Kind]:
        """The same array, on the shelf."""
        kept: NDArray[Any] = np.frombuffer(self._room(array.nbytes), array.dtype)
        kept = kept.reshape(array.shape)
        kept[:] = array
        return kept

    def _room(self, size: int) -> memoryview[int]:
        aligned = -(-size // 64) * 64
        with self._lock:
            if len(self._free) < aligned:
                self._free = memoryview(mmap.mmap(-1, max(BLOCK_BYTES, aligned)))
            room, self._free = self._free[:size], self._free[aligned:]
        return room
