"""Pixels of compressed images, read ahead of who needs them: the decoder works while the last ones are put in place."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from numpy.typing import NDArray

from engine.formats.dicom_files import read_pixels
from engine.formats.dicom_image import Image

# One is decoded while another one is read from disk; more would only wait.
_THREADS = 2
_MOST_AHEAD = 4


class Ahead:
    """Images in the order in which they are taken. Those that are not compressed are read when they are taken."""

    def __init__(self, images: Iterable[Image]) -> None:
        self._coming: Iterator[Image] = iter(images)
        self._begun: deque[tuple[Image, Future[NDArray[Any]]]] = deque()
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self, image: Image) -> NDArray[Any]:
        """As read_pixels. Images may be left out, but not taken in another order."""
        if image.offset is not None:
            return read_pixels(image)
        self._begin()
        while self._begun:
            begun, future = self._begun.popleft()
            if begun is image:
                self._begin()
                return future.result()
            future.cancel()
            self._begin()
        return read_pixels(image)

    def _begin(self) -> None:
        """Have the next compressed images read."""
        while len(self._begun) < _MOST_AHEAD:
            image = next((image for image in self._coming if image.offset is None), None)
            if image is None:
                return
            self._pool = self._pool or ThreadPoolExecutor(_THREADS, thread_name_prefix="pixels")
            self._begun.append((image, self._pool.submit(read_pixels, image)))
