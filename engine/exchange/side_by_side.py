"""The same work on several connections, which share out what there is to do: each waits for the server mostly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from engine.errors import Cancelled
from engine.exchange.servers import ServerError
from engine.progress import CancelToken

T = TypeVar("T")


class LeftToDo(Generic[T]):
    """What is left to do. began: whether this connection has taken any of it."""

    def __init__(self, left: list[T], lock: threading.Lock) -> None:
        self._left, self._lock = left, lock
        self.began = False

    def take(self) -> T | None:
        """The next one; None where none is left."""
        with self._lock:
            self.began = self.began or bool(self._left)
            return self._left.pop(0) if self._left else None


class _OneOfSeveral(CancelToken):
    """Cancelled with the user's own token, or because another connection has failed."""

    def __init__(self, whole: CancelToken) -> None:
        super().__init__()
        self._whole = whole

    @property
    def cancelled(self) -> bool:
        return super().cancelled or self._whole.cancelled

    def check(self) -> None:
        if self.cancelled:
            raise Cancelled


def side_by_side(
    work: Callable[[LeftToDo[T], CancelToken], None], items: Sequence[T], *, most: int, cancel: CancelToken
) -> None:
    """Call work on so many threads at most, until all items are taken.

    Raises the first error, after all have ended. A server that refuses a second connection is asked on the first alone.
    """
    left, lock = list(items), threading.Lock()
    count = min(most, len(left))
    if count <= 1:
        if left:
            work(LeftToDo(left, lock), cancel)
        return
    together = _OneOfSeveral(cancel)
    errors: list[BaseException] = []
    refused: list[ServerError] = []

    def run() -> None:
        share = LeftToDo(left, lock)
        try:
            work(share, together)
        except BaseException as error:  # raised by whoever has called side_by_side
            if isinstance(error, ServerError) and not share.began:
                refused.append(error)
                return
            errors.append(error)
            together.cancel()

    threads = [threading.Thread(target=run, name="cinequant-connection", daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:  # Ctrl+C
        together.cancel()
        for thread in threads:
            thread.join()
        raise
    cancel.check()
    told = [error for error in errors if not isinstance(error, Cancelled)] or errors
    if told:
        raise told[0]
    if left:
        raise refused[0]
